"""A worker written from docs/PROTOCOL.md alone, in another language, does the work."""

import os
import sys
import unittest

from PIL import Image

from tests.support import images
from tests.support.harness import ROOT, MillTest, Process

WORKER = os.path.join(ROOT, "tests", "support", "python_worker.py")


def size_of(folder, name):
    with Image.open(os.path.join(os.fsencode(folder), name)) as image:
        return image.size


class WrittenFromTheDocument(MillTest):
    def python_worker(self, slots=2):
        process = Process(self, "python_worker", [sys.executable, WORKER, self.head, str(slots)])
        self.processes.append(process)
        return process

    def run_with(self, *workers):
        """A whole run of the images: its summary."""
        head = self.ventilator("--hold", "-s", "64,100x40!", self.images(), self.dest)
        sink = self.sink()
        started = [start() for start in workers]
        self.until("all are there", lambda status: len(status["workers"]) == len(workers))
        self.assertEqual(self.ended("start", "--connect", self.head)[1], 0)
        self.assertEqual(head.wait(), 1)  # the two broken ones of the mixture
        self.assertEqual(sink.wait(), 1)
        self.assertEqual([worker.wait() for worker in started], [0] * len(started))
        self.assert_nothing_left_over()
        return self.check_summary(sink.json())

    def test_it_makes_what_our_own_worker_makes(self):
        images.mixture(self.images())
        ours = self.summary_of("-s", "64,100x40!", self.images(), self.path("ours"), expect=1)
        theirs = self.run_with(self.python_worker)
        for key in ("enumerated", "made", "failed", "outputs", "pixels_in"):
            self.assertEqual(theirs[key], ours[key], key)
        self.assertEqual(set(self.tree()), set(self.tree(self.path("ours"))))
        for name in self.tree():
            size, expected = size_of(self.dest, name), size_of(self.path("ours"), name)
            for side, expected_side in zip(size, expected):  # they may round differently
                self.assertAlmostEqual(side, expected_side, delta=1, msg=name)

    def test_it_works_beside_our_own(self):
        images.mixture(self.images())
        summary = self.run_with(self.python_worker, self.worker)
        self.assertEqual(summary["made"], 60)
        self.assertEqual(summary["failed"], 2)


if __name__ == "__main__":
    unittest.main()
