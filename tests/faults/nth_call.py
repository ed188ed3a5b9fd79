"""The Nth call fails, or is the last one before a kill, for every N that a run comes to.

Whatever it was: what lies below DEST is whole, what is recorded is there, and the same command line
does the rest and repeats nothing that was recorded.
"""

import itertools
import os
import unittest

from tests.support import images, preload, recorded
from tests.support.harness import FAKE, MillTest

LONG = bool(os.environ.get("THUMBMILL_LONG_TESTS"))
IMAGES = 24 if LONG else 3


class _NthCall(MillTest):
    def setUp(self):
        super().setUp()
        for number in range(IMAGES):
            images.write(self.images(), f"{number % 2}/{number}.jpg", b"OK %d\n" % number)
        self.command = ("run", "--json", "-", "-q", "-j", "1", *self.OPTIONS, self.images())
        self.run_of(self.path("expected"), expect=0)
        self.expected = self.tree(self.path("expected"))

    OPTIONS = ()

    def run_of(self, dest, *environments, expect=None):
        process, status = self.ended(
            *self.command, dest, env=preload.together(FAKE, preload.fast(), *environments))
        if expect is not None:
            self.assertEqual(status, expect, process.text)
        return process, status

    def assert_whole(self, dest):
        """Every thumbnail is the whole of it; those recorded as made are there."""
        tree = self.tree(dest)
        for name, digest in tree.items():
            self.assertEqual(digest, self.expected[name], name)
        rows = recorded.states(dest)
        self.assertEqual(set(rows.values()) - {"made"}, set())
        self.assertEqual(set(rows) - set(tree), set())
        return len(rows)

    def assert_resumes(self, dest, done):
        process, _ = self.run_of(dest, expect=0)
        summary = self.check_summary(process.json())
        self.assertEqual((summary["fresh"], summary["made"]), (done, IMAGES - done))
        self.assertEqual(self.tree(dest), self.expected)
        self.assert_nothing_left_over(dest)

    def each(self, kind, what, statuses):
        """Runs until one comes to its end without an Nth call."""
        for nth in itertools.count(1):
            fault, dest = f"{kind}:{nth}:{what}", self.path(f"{kind}{nth}{what}")
            seen = dest + ".seen"
            with self.subTest(fault=fault):
                process, status = self.run_of(dest, preload.fault(fault, dest, seen))
                if not os.path.exists(seen):
                    self.assertEqual(status, 0, process.text)
                    self.assertGreater(nth, 1, "the fault never happened")
                    print(f"{kind} {what}: {nth - 1} calls", flush=True)
                    return
                self.assertIn(status, statuses, process.text)
                if status == 3:
                    self.assertRegex(process.text, self.REASON)
                self.assert_resumes(dest, self.assert_whole(dest))

    # What is said when a run cannot go on.
    REASON = "No space left on device|Input/output error|Too many open files|disk I/O|full|unable|cannot be opened for writing"


class Failing(_NthCall):
    """A call that fails is a machine's trouble: waited for, or said; never an image's state."""

    def test_write(self):
        self.each("write", "ENOSPC", (0, 3))

    def test_rename(self):
        self.each("rename", "EIO", (0, 3))

    def test_open(self):
        self.each("open", "EMFILE", (0, 3))


class FailingSync(_NthCall):
    OPTIONS = ("--sync",)

    def test_sync(self):
        self.each("sync", "EIO", (0, 3))


class KilledAtWrite(_NthCall):
    def test_write(self):
        self.each("write", "KILL", (137,))


class KilledAtRename(_NthCall):
    def test_rename(self):
        self.each("rename", "KILL", (137,))

    def test_open(self):
        self.each("open", "KILL", (137,))


class KilledAtSync(_NthCall):
    OPTIONS = ("--sync",)

    def test_sync(self):
        self.each("sync", "KILL", (137,))


if __name__ == "__main__":
    unittest.main()
