"""INT and TERM: the first drains, the second stops now; the record stays true either way."""

import os
import signal
import unittest

from tests.support import images
from tests.support.harness import FAKE, Gate, MillTest, children, wait_ended


class Interrupted(MillTest):
    def setUp(self):
        super().setUp()
        self.paths = images.many(self.images(), 200)
        self.run_process = self.fed_run("-j", "2", "--listen", self.head)

    def feed(self, count):
        self.run_process.write(*self.paths[:count])

    def until_made(self, count):
        self.until(f"{count} are made", lambda status: status["made"] >= count)

    def assert_true(self, status):
        """It ended with `status`, its summary is interrupted and tells what lies below DEST."""
        self.assertEqual(self.run_process.wait(), status)
        summary = self.check_summary(self.run_process.json())
        self.assertTrue(summary["interrupted"])
        self.assertEqual(summary["made"], len(self.tree()))
        self.assert_nothing_left_over()
        return summary

    def test_the_first_int_drains(self):
        self.feed(200)
        self.until_made(20)
        self.run_process.signal(signal.SIGINT)
        summary = self.assert_true(130)
        self.assertGreaterEqual(summary["made"], 20)

    def test_the_first_term_drains(self):
        self.feed(50)
        self.until_made(50)
        self.run_process.signal(signal.SIGTERM)
        self.assertEqual(self.assert_true(143)["made"], 50)

    def test_two_at_once_stop_now(self):
        self.feed(200)
        self.until_made(5)
        self.run_process.signal(signal.SIGINT)
        self.run_process.signal(signal.SIGTERM)
        self.assertIn(self.run_process.wait(), (130, 143))
        self.assert_nothing_left_over()
        for name in self.tree():
            with open(os.path.join(os.fsencode(self.dest), name), "rb") as thumbnail:
                self.assertEqual(thumbnail.read()[-2:], b"\xff\xd9", name) # a whole JPEG

    def test_one_before_any_image_ends_it_too(self):
        self.until("it waits for names", lambda status: status["phase"] == "running")
        self.run_process.signal(signal.SIGINT)
        self.assertEqual(self.assert_true(130)["enumerated"], 0)

    def test_no_decoder_outlives_its_program(self):
        self.feed(20)
        self.until_made(20)
        decoders = children(self.run_process.pid)
        self.assertTrue(decoders)
        ends = [os.pidfd_open(pid) for pid in decoders]
        self.run_process.signal(signal.SIGKILL)
        self.run_process.wait()
        for end in ends:
            wait_ended(end)


class InHand(MillTest):
    """While a decoder is busy, for as long as the test wants."""

    def setUp(self):
        super().setUp()
        self.gate = Gate(self.path("gate"))
        images.write(self.images(), "slow.jpg", self.gate.image)
        self.run_process = self.start("run", "--json", "-", "-j", "1", "--listen", self.head,
                                      self.images(), self.dest, env=FAKE)
        self.gate.wait_reached()

    def summary(self):
        self.assertEqual(self.run_process.wait(), 130)
        self.assert_nothing_left_over()
        return self.check_summary(self.run_process.json())

    def test_what_is_in_hand_at_the_first_int_is_finished(self):
        self.run_process.signal(signal.SIGINT)
        self.until("it drains", lambda status: status["phase"] == "draining")
        self.gate.let_through()
        self.assertEqual(self.summary()["made"], 1)

    def test_the_second_int_does_not_wait_for_what_is_in_hand(self):
        self.run_process.signal(signal.SIGINT)
        self.until("it drains", lambda status: status["phase"] == "draining")
        self.run_process.signal(signal.SIGINT)
        summary = self.summary()
        self.assertEqual((summary["made"], summary["pending"]), (0, 1))
        self.assertEqual(self.tree(), {})


class Roles(MillTest):
    def test_int_at_the_ventilator_ends_the_whole_run(self):
        paths = images.many(self.images(), 60)
        ventilator, sink, worker = self.fed_ventilator(), self.sink(), self.worker()
        ventilator.write(*paths)
        self.until("some are made", lambda status: status["made"] >= 10)
        ventilator.signal(signal.SIGINT)
        self.assertEqual(ventilator.wait(), 130)
        sink.wait()
        summary = self.check_summary(sink.json())
        self.assertTrue(summary["interrupted"])
        self.assertEqual(summary["made"], len(self.tree()))
        self.assertEqual(worker.wait(), 0)
        self.assert_nothing_left_over()


if __name__ == "__main__":
    unittest.main()
