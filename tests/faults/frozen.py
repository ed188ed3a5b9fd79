"""Workers that stop, for as long as they like, at the worst moment: they change nothing."""

import os
import signal
import subprocess
import unittest

from tests.support import images, preload
from tests.support.harness import FAKE, Gate, MillTest


class Publishing(MillTest):
    """A worker stops between its last look at the lease and the rename, and wakes up later."""

    COUNT = 12

    def setUp(self):
        super().setUp()
        for number in range(self.COUNT):
            images.write(self.images(), f"{number:02d}.jpg", b"OK %d\n" % number)
        self.environment = preload.together(FAKE, preload.fast())

    def start_head(self, *options):
        return (self.ventilator(*options, self.images(), self.dest, env=self.environment),
                self.sink(env=self.environment))

    def frozen_worker(self, *options):
        """One that stops at its third rename."""
        fault = preload.fault("rename:3:STOP", self.dest, self.path("seen"))
        worker = self.worker("frozen", "--head-timeout", "20", *options,
                             env=preload.together(self.environment, fault))
        preload.wait_stopped(worker)
        return worker

    def stuck(self):
        """The thumbnail before whose rename it stopped."""
        with open(self.path("seen"), "rb") as seen:
            path = seen.read().split()[-1]
        return os.path.relpath(path, os.fsencode(self.dest))

    @staticmethod
    def is_known(status):
        return "frozen" in [worker["name"] for worker in status["workers"]]

    def snapshot(self):
        """Names, bytes and times of every thumbnail."""
        return {name: (digest, os.stat(os.path.join(os.fsencode(self.dest), name)).st_mtime_ns)
                for name, digest in self.tree().items()}

    def assert_nothing_changes(self, frozen, *options):
        """The frozen one wakes up and ends; then the same run has nothing to do."""
        before = self.snapshot()
        frozen.signal(signal.SIGCONT)
        frozen.wait()
        self.assertEqual(self.snapshot(), before)
        summary = self.summary_of(*options, self.images(), self.dest, env=self.environment)
        self.assertEqual((summary["fresh"], summary["made"]), (self.COUNT, 0))
        self.assert_nothing_left_over()

    def test_one_frozen_in_a_run_and_woken_after_the_next_of_another_size(self):
        ventilator, sink = self.start_head("-s", "256")
        frozen = self.frozen_worker()
        for process in (ventilator, sink):
            process.signal(signal.SIGKILL)
            process.wait()
        ventilator, sink = self.start_head("-s", "512")
        self.worker("lively", env=self.environment)
        self.assertEqual([ventilator.wait(), sink.wait()], [0, 0])
        self.assertEqual(self.check_summary(sink.json())["made"], self.COUNT)
        for name in self.tree():
            with open(os.path.join(os.fsencode(self.dest), name), "rb") as thumbnail:
                self.assertTrue(thumbnail.read().startswith(b"512:"), name)
        self.assert_nothing_changes(frozen, "-s", "512")

    def test_one_frozen_and_woken_after_the_same_run(self):
        ventilator, sink = self.start_head()
        frozen = self.frozen_worker()
        self.worker("lively", env=self.environment)
        self.assertEqual([ventilator.wait(), sink.wait()], [0, 0])
        self.assertEqual(self.check_summary(sink.json())["made"], self.COUNT)
        self.assert_nothing_changes(frozen)

    def test_one_frozen_and_woken_in_the_same_run(self):
        gate = Gate(self.path("gate"))
        paths = [os.path.join(self.images(), name) for name in sorted(os.listdir(self.images()))]
        last = images.write(self.path(), "last.jpg", gate.image)
        ventilator = self.ventilator("--files-from", "-", "--base", self.path(), self.dest,
                                     env=self.environment, stdin=subprocess.PIPE)
        sink = self.sink(env=self.environment)
        ventilator.write(*paths)
        frozen = self.frozen_worker("--stay")
        self.worker("lively", env=self.environment)
        self.until("all are made", lambda status: status["made"] == self.COUNT)
        ventilator.write(last)
        ventilator.close_input()
        gate.wait_reached()
        self.until("its lease is over", lambda status: not self.is_known(status))
        before, stuck = self.snapshot(), self.stuck()
        frozen.signal(signal.SIGCONT)
        self.until("it is back", self.is_known)
        gate.let_through()
        self.assertEqual([ventilator.wait(), sink.wait()], [0, 0])
        after = self.snapshot()
        self.assertEqual(after[stuck], before[stuck])
        for name, (digest, _) in before.items():
            self.assertEqual(after[name][0], digest, name)
        frozen.signal(signal.SIGTERM)
        self.assertEqual(frozen.wait(), 0)


class Straggler(MillTest):
    def test_jobs_in_the_hands_of_one_that_stopped_near_the_end_wait_for_its_lease_only(self):
        """All else is done when it stops: others have its jobs once its lease is over, while it
        is stopped still. By thumbmill's own clock that is the lease and little more."""
        environment = preload.together(FAKE, preload.fast())
        gate = Gate(self.path("gate"))
        paths = [images.write(self.images(), f"{number}.jpg", b"OK\n") for number in range(50)]
        ventilator, sink = self.fed_ventilator(env=environment), self.sink(env=environment)
        straggler = self.worker("straggler", env=environment)
        last = images.write(self.images(), "last.jpg", gate.image)
        ventilator.write(*paths)
        self.until("all but one are made", lambda status: status["made"] == 50)
        ventilator.write(last)
        ventilator.close_input()
        gate.wait_reached()
        again = gate.next()
        lively = self.worker("lively", env=environment)
        straggler.signal(signal.SIGSTOP)
        again.wait_reached()
        again.let_through()
        self.assertEqual([ventilator.wait(), sink.wait(), lively.wait()], [0, 0, 0])
        self.assertTrue(straggler.is_running())
        self.assertEqual(self.check_summary(sink.json())["made"], 51)
        straggler.signal(signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()
