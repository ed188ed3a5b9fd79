"""A record that was cut short, or has a bit turned over: said in words, never fewer images."""

import os
import random
import shutil
import unittest

from tests.support import images, recorded
from tests.support.harness import FAKE, MillTest

LONG = bool(os.environ.get("THUMBMILL_LONG_TESTS"))
ROUNDS = 400 if LONG else 40
COUNT = 300


class Damage(MillTest):
    def setUp(self):
        super().setUp()
        for number in range(COUNT):
            images.write(self.images(), f"{number}.jpg", b"OK %d\n" % number)
        self.summary_of("-q", self.images(), self.dest, env=FAKE)
        self.record = recorded.path_of(self.dest)
        self.sound = self.path("sound.sqlite")
        shutil.copy(self.record, self.sound)
        self.rows = self.list()
        self.assertEqual(len(self.rows), COUNT)

    def list(self):
        """Everything that `list` tells, or None when it says that it cannot."""
        process, status = self.ended("list", "--json", self.dest)
        if status == 3:
            self.assertIn("record.sqlite", self.one_line(process))
            return None
        self.assertEqual(status, 0, process.text)
        return sorted(process.output.splitlines())

    def damage(self, how):
        """Replaces the record by one whose bytes how(bytearray) has changed."""
        with open(self.sound, "rb") as sound:
            data = bytearray(sound.read())
        how(data)
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.record + suffix):
                os.unlink(self.record + suffix)
        with open(self.record, "wb") as record:
            record.write(data)

    def assert_said(self, what):
        """Who reads has everything as it was, or is told. The next run is told, or at worst does
        an image again."""
        self.damage(what)
        rows = self.list()
        self.assertIn(rows, (None, self.rows))
        run, status = self.ended("run", "--json", "-", "-q", self.images(), self.dest, env=FAKE)
        if status == 3:
            self.assertIn("record.sqlite", run.text)
        else:
            self.assertEqual(status, 0, run.text)
            summary = self.check_summary(run.json())
            self.assertEqual(summary["fresh"] + summary["made"], COUNT)
        return rows is None or status == 3

    def test_cut_short(self):
        rng = random.Random(1)
        for _ in range(ROUNDS // 4):
            size = rng.randrange(os.path.getsize(self.sound))
            with self.subTest(size=size):
                self.assertTrue(self.assert_said(lambda data, at=size: data.__delitem__(
                    slice(at, None))), "nobody noticed")

    def test_bits_turned_over(self):
        rng = random.Random(2)
        noticed = 0
        for _ in range(ROUNDS):
            bit = rng.randrange(8 * os.path.getsize(self.sound))

            def turn(data, bit=bit):
                data[bit // 8] ^= 1 << bit % 8

            with self.subTest(bit=bit):
                noticed += self.assert_said(turn)
        print(f"{noticed} of {ROUNDS} turned bits were noticed", flush=True)
        self.assertGreater(noticed, 0)


if __name__ == "__main__":
    unittest.main()
