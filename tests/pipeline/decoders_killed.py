"""Decoders die in the middle of their work: it costs the image in their hands one attempt."""

import os
import unittest

from tests.support import images
from tests.support.harness import FAKE, Gate, MillTest, children, kill

DECODER = "thumbmill-decoder"


class Killed(MillTest):
    BATCHES, SIZE = 20, 100

    def test_a_decoder_killed_in_each_hundred_of_two_thousand_costs_no_image(self):
        paths = images.many(self.images(), self.BATCHES * self.SIZE)
        run = self.fed_run("-j", "3", "--listen", self.head)
        for batch in range(1, self.BATCHES + 1):
            # A batch is done before the next is known, so that no image loses two decoders.
            run.write(*paths[(batch - 1) * self.SIZE:batch * self.SIZE])
            decoders = children(run.pid, DECODER)
            if decoders:
                kill(decoders[batch % len(decoders)])
            self.until(f"batch {batch} is made", lambda status, count=batch * self.SIZE:
                       status["made"] == count)
        run.close_input()
        self.assertEqual(run.wait(), 0)
        summary = self.check_summary(run.json())
        self.assertEqual((summary["made"], summary["outputs"]), (len(paths), len(paths)))
        self.assertGreater(summary["retries"], 0)
        self.assertEqual(summary["duplicates"], 0)
        self.assert_nothing_left_over()


class Blamed(MillTest):
    """With decoders that do what the image says: who is blamed, and who is not."""

    def good_ones(self, count):
        for number in range(count):
            images.write(self.images(), f"good-{number:03d}.jpg", b"OK fine\n")

    def outcome(self, *options, made, quarantined):
        """Runs; returns the process for a look at what it says."""
        process, status = self.ended("run", "--json", "-", *options, self.images(), self.dest,
                                     env=FAKE)
        self.assertEqual(status, 1 if quarantined else 0, process.text)
        summary = self.check_summary(process.json())
        self.assertEqual((summary["made"], summary["quarantined"], summary["failed"]),
                         (made, quarantined, 0), summary)
        self.assertEqual(len(self.tree()), made)
        self.assert_nothing_left_over()
        return process, summary

    def test_an_image_that_kills_two_decoders_is_set_aside_and_named(self):
        for how in (b"CRASH", b"EXIT 3", b"NONSENSE"):
            for slots in ("1", "3"):
                with self.subTest(how=how, slots=slots):
                    self.good_ones(30)
                    images.write(self.images(), "killer.jpg", how + b" it\n")
                    process, _ = self.outcome("-j", slots, made=30, quarantined=1)
                    self.assertRegex(process.text, "killer.jpg")
                    self.assertNotIn("good-", process.text)

    def test_every_image_that_kills_one_decoder_is_made_on_another(self):
        count = 100
        for number in range(count):
            images.write(self.images(), f"{number}.jpg",
                         b"CRASH-ONCE " + os.fsencode(self.path(f"mark{number}")) + b"\n")
        _, summary = self.outcome("-j", "3", made=count, quarantined=0)
        self.assertGreaterEqual(summary["retries"], count)

    def test_an_image_that_takes_for_ever_is_set_aside_when_its_time_is_over(self):
        self.good_ones(20)
        images.write(self.images(), "endless.jpg", b"HANG\n")
        process, _ = self.outcome("-j", "2", "--timeout", "300ms", made=20, quarantined=1)
        self.assertRegex(process.text, "endless.jpg")

    def test_a_decoder_killed_from_outside_twice_over_one_image_is_that_image_s_end(self):
        gate = Gate(self.path("gate"))
        images.write(self.images(), "chosen.jpg", gate.image)
        run = self.start("run", "--json", "-", "-j", "1", self.images(), self.dest, env=FAKE)
        for _ in range(2):
            gate.wait_reached()
            kill(gate.who_waits(run.pid))
            gate.let_through()
        self.assertEqual(run.wait(), 1)
        self.assertEqual(self.check_summary(run.json())["quarantined"], 1)
        self.assertRegex(run.text, "chosen.jpg")

    def test_trouble_of_the_machine_is_no_image_s_state(self):
        images.write(self.images(), "a.jpg", b"TROUBLE 28\n") # ENOSPC
        process, status = self.ended("run", self.images(), self.dest, env=FAKE)
        self.assertEqual(status, 3, process.text)
        self.assertRegex(process.text, "[Nn]o space")
        self.assertEqual(self.tree(), {})
        self.assert_nothing_left_over()


if __name__ == "__main__":
    unittest.main()
