"""A long run that is interrupted again and again: what was recorded is never done twice."""

import os
import random
import signal
import unittest

from tests.support import images, recorded
from tests.support.harness import FAKE, MillTest
from tests.support.watch import Published

# common/protocol.h: what can be with workers, and done but not recorded.
ATTEMPTS_MAX, DONE_MAX = 1024, 8192


class TenTimes(MillTest):
    COUNT, TIMES, SEED = 20000, 10, 1

    def setUp(self):
        super().setUp()
        self.tally = self.path("tally")
        first = images.write(self.images(), "00000.jpg", b"COUNT " + os.fsencode(self.tally))
        for number in range(1, self.COUNT):
            os.link(first, os.path.join(self.images(), f"{number:05d}.jpg"))

    def decoded(self):
        """How many images any decoder ever worked on."""
        return os.stat(self.tally).st_size if os.path.exists(self.tally) else 0

    def begin(self):
        return self.start("run", "--json", "-", "-q", "-j", "2", self.images(), self.dest, env=FAKE)

    def interrupt(self, number):
        """Returns what was decoded in vain: all that was in flight when it came."""
        done, repeated = len(recorded.states(self.dest)), self.decoded()
        run = self.begin()
        self.published.wait(self.moments[number])
        run.signal(signal.SIGINT if number % 2 else signal.SIGKILL)
        self.assertEqual(run.wait(), 130 if number % 2 else 137)
        done = len(recorded.states(self.dest)) - done
        lost = self.decoded() - repeated - done
        self.say("test", f"interrupted at {self.moments[number]}: {done} recorded, {lost} lost")
        self.assertLessEqual(lost, ATTEMPTS_MAX + DONE_MAX if number % 2 == 0 else 0)
        return lost

    def test_what_was_in_flight_is_all_that_is_repeated(self):
        rng = random.Random(self.SEED)
        self.moments = sorted(rng.sample(range(self.COUNT * 9 // 10), self.TIMES))
        self.published = Published(self.dest)
        self.addCleanup(self.published.close)
        lost = [self.interrupt(number) for number in range(self.TIMES)]
        known = len(recorded.states(self.dest))
        last = self.begin()
        self.assertEqual(last.wait(), 0)
        summary = self.check_summary(last.json())
        self.assertEqual((summary["fresh"], summary["made"]), (known, self.COUNT - known))
        print(f"{self.COUNT} images, {self.decoded()} decoded; lost {lost}", flush=True)
        self.assertEqual(self.decoded(), self.COUNT + sum(lost))
        self.assertEqual(len(self.tree()), self.COUNT)
        self.assert_nothing_left_over()


if __name__ == "__main__":
    unittest.main()
