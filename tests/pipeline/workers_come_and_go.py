"""Workers join, leave and freeze in the middle of a run; the images do not notice."""

import signal
import unittest

from tests.support import images
from tests.support.harness import FAKE, Gate, MillTest


class Fleet(MillTest):
    """A run whose images the test hands in one by one, by their names."""

    def setUp(self):
        super().setUp()
        self.paths = images.many(self.images(), 400)
        self.head_process = self.fed_ventilator()
        self.sink_process = self.sink()

    def feed(self, count):
        """Hands in the next images."""
        self.head_process.write(*self.paths[:count])
        del self.paths[:count]

    def until_made(self, count):
        return self.until(f"{count} are made", lambda status: status["made"] >= count)

    def finish(self, made, everyone_ended=True):
        """No more images: the summary, when everybody has agreed on it."""
        self.head_process.close_input()
        self.assertEqual(self.head_process.wait(), 0)
        self.assertEqual(self.sink_process.wait(), 0)
        summary = self.check_summary(self.sink_process.json())
        self.assertEqual(summary["made"], made)
        self.assertEqual(len(self.tree()), made)
        if everyone_ended:
            self.assert_nothing_left_over()
        return summary, {worker["name"]: worker["images"] for worker in summary["workers"]}

    def test_a_worker_that_joins_in_mid_run_gets_work(self):
        first = self.worker("first")
        self.feed(20)
        self.until_made(20)
        second = self.worker("second")
        self.until("the second is known", lambda status: len(status["workers"]) == 2)
        self.feed(200)
        _, shares = self.finish(220)
        self.assertGreater(shares["second"], 0)
        self.assertEqual(sum(shares.values()), 220)
        self.assertEqual([first.wait(), second.wait()], [0, 0])

    def test_a_worker_told_to_go_hands_back_what_it_has_and_nothing_is_repeated(self):
        leaver, stayer = self.worker("leaver"), self.worker("stayer")
        self.until("both are known", lambda status: len(status["workers"]) == 2)
        self.feed(200)
        self.until_made(20)
        leaver.signal(signal.SIGTERM)
        self.assertEqual(leaver.wait(), 0)
        self.feed(100)
        summary, shares = self.finish(300)
        self.assertEqual(summary["duplicates"], 0)
        self.assertEqual(sum(shares.values()), 300)
        self.assertEqual(stayer.wait(), 0)

    def test_a_run_whose_last_worker_left_waits_for_the_next(self):
        only = self.worker("only")
        self.feed(50)
        self.until_made(5)
        only.signal(signal.SIGTERM)
        self.assertEqual(only.wait(), 0)
        self.feed(50)
        heir = self.worker("heir")
        _, shares = self.finish(100)
        self.assertEqual(sum(shares.values()), 100)
        self.assertEqual(heir.wait(), 0)

    def test_a_worker_that_is_stopped_delays_no_image_of_another(self):
        frozen, lively = self.worker("frozen"), self.worker("lively")
        self.until("both are known", lambda status: len(status["workers"]) == 2)
        self.feed(40)
        self.until_made(40)
        frozen.signal(signal.SIGSTOP)
        self.feed(200)
        # It stays stopped until all is over: what it had in its pipe was done by the other.
        summary, shares = self.finish(240, everyone_ended=False)
        self.assertEqual(summary["quarantined"], 0)
        self.assertGreaterEqual(shares["lively"], 200)
        self.assertEqual(lively.wait(), 0)
        frozen.signal(signal.SIGCONT)

    def test_a_worker_that_is_killed_costs_no_image(self):
        victim, heir = self.worker("victim", slots=2), self.worker("heir")
        self.until("both are known", lambda status: len(status["workers"]) == 2)
        self.feed(100)
        self.until_made(10)
        victim.signal(signal.SIGKILL)
        self.assertEqual(victim.wait(), 137)
        self.feed(100)
        summary, _ = self.finish(200, everyone_ended=False)
        self.assertEqual(summary["quarantined"], 0)
        self.assertEqual(heir.wait(), 0)

    def test_a_worker_that_stays_does_the_next_run_too(self):
        stayer = self.worker("stayer", "--stay")
        self.feed(10)
        self.finish(10)
        images.many(self.path("more"), 5, first=1000)
        ventilator = self.ventilator(self.path("more"), self.path("more thumbnails"))
        sink = self.sink()
        self.assertEqual([ventilator.wait(), sink.wait()], [0, 0])
        self.assertEqual(len(self.tree(self.path("more thumbnails"))), 5)
        self.assertTrue(stayer.is_running())
        stayer.signal(signal.SIGTERM)
        self.assertEqual(stayer.wait(), 0)


class Frozen(MillTest):
    def test_what_a_frozen_worker_holds_is_all_that_waits_for_it(self):
        gate = Gate(self.path("gate"))
        stuck = images.write(self.images(), "stuck.jpg", gate.image)
        others = [images.write(self.images(), f"{number}.jpg", b"OK\n") for number in range(100)]
        ventilator, sink = self.fed_ventilator(), self.sink()
        frozen = self.worker("frozen", env=FAKE)
        ventilator.write(stuck)
        gate.wait_reached()
        again = gate.next()
        frozen.signal(signal.SIGSTOP)
        lively = self.worker("lively", slots=2, env=FAKE)
        ventilator.write(*others)
        self.until("all others are made", lambda status: status["made"] == 100)
        again.wait_reached() # its lease is over: the other worker has the image now
        again.let_through()
        ventilator.close_input()
        self.assertEqual([ventilator.wait(), sink.wait(), lively.wait()], [0, 0, 0])
        self.assertEqual(self.check_summary(sink.json())["made"], 101)


if __name__ == "__main__":
    unittest.main()
