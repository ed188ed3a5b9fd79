"""The same tree gives the same bytes and the same counts, however the work is shared out."""

import itertools
import os
import shutil
import unittest

from tests.support import images
from tests.support.harness import MillTest, corpora

SIZES = ("-s", "128,64x64>")


class SharedOut(MillTest):
    def setUp(self):
        super().setUp()
        images.mixture(self.images())

    def expected(self):
        """Counts and files of one slot, the plainest way."""
        summary = self.summary_of("-j", "1", *SIZES, self.images(), self.path("one"), expect=1)
        self.assertEqual((summary["made"], summary["failed"], summary["ignored"]), (60, 2, 1))
        self.assertEqual(summary["outputs"], 120)
        return self.counts(summary), self.tree(self.path("one"))

    def test_any_number_of_slots_and_workers_makes_the_same(self):
        counts, files = self.expected()
        for options in (["-j", "2"], ["-j", "3"], ["-j", "8"], ["--workers", "3", "-j", "6"]):
            with self.subTest(options=options):
                dest = self.path("".join(options))
                summary = self.summary_of(*options, *SIZES, self.images(), dest, expect=1)
                self.assertEqual(self.counts(summary), counts)
                self.assertEqual(self.tree(dest), files)
                self.assert_nothing_left_over(dest)

    def test_every_start_order_of_five_processes_makes_the_same(self):
        counts, files = self.expected()
        # Three workers are alike: twenty orders, of which these begin and end in every way.
        orders = sorted(set(itertools.permutations("vswww")))[::2]
        for order in orders:
            with self.subTest(order="".join(order)):
                summary = self.run_in_order(order)
                self.assertEqual(self.counts(summary), counts)
                self.assertEqual(self.tree(), files)
                self.assert_nothing_left_over()
                shutil.rmtree(self.dest)

    def run_in_order(self, order):
        starts = {"v": lambda: self.ventilator(*SIZES, self.images(), self.dest),
                  "s": self.sink, "w": lambda: self.worker(f"w{len(self.processes)}")}
        begun = []
        for who in order:
            process = starts[who]()
            self.wait_until_it_talks(process)
            begun.append((who, process))
        statuses = [(who, process.wait()) for who, process in begun]
        self.assertEqual(statuses, [(who, 0 if who == "w" else 1) for who in order])
        sink = next(process for who, process in begun if who == "s")
        return self.check_summary(sink.json())

    def wait_until_it_talks(self, process):
        """Waits until a process has a ØMQ context, which has threads of its own."""
        while process.is_running() and len(os.listdir(f"/proc/{process.pid}/task")) < 3:
            os.sched_yield()


class RealPhotographs(MillTest):
    @unittest.skipUnless(corpora(), "no THUMBMILL_CORPORA: photographs of others are not tried")
    def test_photographs_come_out_alike_from_one_slot_and_from_many(self):
        photos = os.path.join(corpora(), "photos", "exif-orientation-examples")
        one = self.summary_of("-j", "1", photos, self.path("one"))
        many = self.summary_of("--workers", "3", "-j", "6", photos, self.path("many"))
        self.assertEqual(self.counts(one), self.counts(many))
        self.assertEqual(self.tree(self.path("one")), self.tree(self.path("many")))


if __name__ == "__main__":
    unittest.main()
