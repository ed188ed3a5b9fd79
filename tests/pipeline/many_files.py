"""Very many files: streamed, begun at once, in bounded memory.

The decoder is not the real one: this is about the pipeline, not the pixels.
"""

import os
import unittest

from PIL import Image

from tests.support import images
from tests.support.harness import FAKE, Gate, MillTest, peak_memory

MIB = 1 << 20
LONG = bool(os.environ.get("THUMBMILL_LONG_TESTS"))

# What thumbmill may hold at most: its code and libraries, the window, the look-ahead; and pages of
# the record, of which an image takes a few hundred bytes, up to its cache (sink/record.c).
BASE = 48 * MIB
BYTES_AN_IMAGE = 500
CACHE = 64 * MIB


class Tiny(MillTest):
    def plant(self, count, folders):
        """count names of one tiny image, in so many folders."""
        data = images.bytes_of(Image.new("RGB", (8, 8), "red"), "PNG")
        first = images.write(self.path(), "tiny.png", data)
        for folder in range(folders):
            where = self.path("images", f"{folder:04d}")
            os.makedirs(where)
            # A file has at most 65000 names on ext4.
            for number in range(count // folders):
                if number % 50000 == 0:
                    first = images.write(where, f"{number:06d}.png", data)
                else:
                    os.link(first, os.path.join(where, f"{number:06d}.png"))

    def assert_streamed(self, count, folders):
        self.plant(count, folders)
        # One image more, that holds the end back until the memory is looked at.
        gate = Gate(self.path("gate"))
        last = images.write(self.path(), "last.jpg", gate.image)
        run = self.start("run", "--json", "-", "-j", "2", "--listen", self.head, self.images(),
                         last, self.dest, env=FAKE)
        # Backpressure: the walk is held back while work goes on, long before it has seen all.
        early = self.until("work has begun", lambda status: status["made"] > 0)
        self.assertLess(early["enumerated"], count)
        gate.wait_reached()
        self.until("all others are made", lambda status: status["made"] == count)
        peak = peak_memory(run.pid)
        gate.let_through()
        self.assertEqual(run.wait(), 0)
        summary = self.check_summary(run.json())
        self.assertEqual((summary["made"], summary["outputs"]), (count + 1, count + 1))
        self.assertLess(peak, BASE + min(CACHE, count * BYTES_AN_IMAGE))

    def test_twenty_thousand_in_one_folder(self):
        self.assert_streamed(20000, 1)

    @unittest.skipUnless(LONG, "takes long: scripts/test --long")
    def test_three_hundred_thousand_in_one_folder(self):
        self.assert_streamed(300000, 1)

    @unittest.skipUnless(LONG, "takes long: scripts/test --long")
    def test_three_hundred_thousand_in_many_folders(self):
        self.assert_streamed(300000, 3000)


if __name__ == "__main__":
    unittest.main()
