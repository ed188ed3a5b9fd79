"""Disks that are full, read-only or gone: never an image's fault, and the rest is done later."""

import os
import shutil
import unittest

from tests.support import images, mounts, preload
from tests.support.harness import MillTest

MIB = 1 << 20
NO_SPACE = "No space left on device|disk is full"


class Destination(MillTest):
    """Of a run on one machine."""

    COUNT = 40

    def setUp(self):
        super().setUp()
        images.many(self.images(), self.COUNT, 320, 240)
        self.command = ("-j", "2", "-f", "png", self.images())
        self.summary_of(*self.command, self.path("expected"))
        self.expected = self.tree(self.path("expected"))

    def run_in_vain(self, reason):
        """A run that ends with 3 and says why; what it made is whole."""
        process, status = self.ended("run", *self.command, self.dest, env=preload.fast())
        self.assertEqual(status, 3, process.text)
        self.assertRegex(process.text, reason)
        tree = self.tree()
        self.assertEqual(tree, {name: self.expected[name] for name in tree})
        return tree

    def assert_resumes(self, made_before):
        summary = self.summary_of(*self.command, self.dest)
        self.assertEqual(summary["made"] + summary["fresh"], self.COUNT)
        self.assertGreaterEqual(summary["made"], self.COUNT - len(made_before))
        self.assertEqual(self.tree(), self.expected)
        self.assert_nothing_left_over()

    def test_one_that_runs_full_stops_the_run_and_room_lets_it_go_on(self):
        mounts.small_disk(self, self.dest, MIB)
        tree = self.run_in_vain(NO_SPACE)
        self.assertLess(len(tree), self.COUNT)
        mounts.remount(self.dest, "size=64m")
        self.assert_resumes(tree)

    def test_one_that_is_full_from_the_start(self):
        mounts.small_disk(self, self.dest, MIB)
        filler = mounts.fill(os.path.join(self.dest, ".thumbmill"))
        self.assertEqual(self.run_in_vain(NO_SPACE), {})
        os.unlink(filler)
        mounts.remount(self.dest, "size=64m")
        self.assert_resumes({})

    def test_one_that_may_only_be_read(self):
        mounts.small_disk(self, self.dest, 64 * MIB)
        mounts.remount(self.dest, "ro")
        self.assertEqual(self.run_in_vain("Read-only file system"), {})
        mounts.remount(self.dest, "rw")
        self.assert_resumes({})


class OneOfThree(MillTest):
    """In a fleet of three, one host whose disk is full or not mounted: no image fails for it."""

    def setUp(self):
        super().setUp()
        self.paths = images.many(self.images(), 120)
        self.environment = preload.fast()
        self.ventilator_process = self.fed_ventilator(env=self.environment)
        self.sink_process = self.sink(env=self.environment)
        self.until("the sink is there", lambda status: status["sink"])

    def join(self, name, *arguments, env=None):
        self.worker(name, *arguments, env=preload.together(self.environment, env or {}))
        self.until(f"{name} is known",
                   lambda status: name in [worker["name"] for worker in status["workers"]])

    def two_healthy(self):
        self.join("ann")
        self.join("bob")

    def feed(self, count):
        self.ventilator_process.write(*self.paths[:count])
        del self.paths[:count]

    def until_in_trouble(self, reason):
        """The host in question has noticed, and the head knows."""
        def is_in_trouble(status):
            return any(worker["name"] == "eve" and worker["trouble"]
                       for worker in status["workers"])
        status = self.until("eve is in trouble", is_in_trouble)
        words = [worker["trouble"] for worker in status["workers"] if worker["trouble"]]
        self.assertEqual(len(words), 1, words)
        self.assertRegex(words[0], reason)

    def finish(self):
        """The rest of the images, done by the others."""
        count = 120
        self.feed(len(self.paths))
        self.ventilator_process.close_input()
        self.assertEqual([self.ventilator_process.wait(), self.sink_process.wait()], [0, 0])
        summary = self.check_summary(self.sink_process.json())
        self.assertEqual((summary["made"], summary["failed"], summary["quarantined"]),
                         (count, 0, 0))
        self.assertEqual(len(self.tree()), count)

    def test_a_full_disk(self):
        full = self.path("full")
        mounts.small_disk(self, full, MIB)
        os.mkdir(os.path.join(full, ".thumbmill"))
        shutil.copy(os.path.join(self.dest, ".thumbmill", "token"),
                    os.path.join(full, ".thumbmill", "token"))
        mounts.fill(full)
        self.two_healthy()
        self.join("eve", "--dest-root", f"{self.dest}={full}")
        self.until_in_trouble(NO_SPACE)
        self.finish()

    def test_a_disk_that_fills_up_in_the_middle(self):
        self.two_healthy()
        seen = self.path("seen")
        # The probe and some images are served, then nothing can be created any more.
        self.join("eve", env=preload.fault("open:40+:ENOSPC", self.dest, seen))
        self.feed(100)
        self.until_in_trouble(NO_SPACE)
        self.assertTrue(os.path.exists(seen))
        self.finish()

    def test_a_destination_that_was_never_mounted(self):
        os.mkdir(self.path("empty"))
        self.two_healthy()
        self.join("eve", "--dest-root", f"{self.dest}={self.path('empty')}")
        self.until_in_trouble("not the head's")
        self.finish()
        self.assertEqual(os.listdir(self.path("empty")), [])

    def test_a_destination_that_vanishes(self):
        mounts.mount(self, self.path("mounted"), "--bind", self.dest)
        self.join("eve", "--dest-root", f"{self.dest}={self.path('mounted')}")
        self.vanishes("not the head's")

    def test_sources_that_vanish(self):
        mounts.mount(self, self.path("mounted"), "--bind", self.images())
        self.join("eve", "--source-root", f"{self.images()}={self.path('mounted')}")
        self.vanishes("does not see a source file")

    def vanishes(self, reason):
        """At first the host works alone and well; then its mount is gone, and others come."""
        self.feed(20)
        self.until("it works", lambda status: status["made"] == 20)
        mounts.unmount(self.path("mounted"))
        self.two_healthy()
        self.feed(60)
        self.until_in_trouble(reason)
        self.finish()


if __name__ == "__main__":
    unittest.main()
