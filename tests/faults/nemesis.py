"""Blows upon a fleet and upon a run on one machine, by seeds: nothing is lost, nothing is repeated.

    THUMBMILL_LONG_TESTS=yes        two hundred rounds instead of ten
    THUMBMILL_NEMESIS_SEED=17       only that round
    THUMBMILL_NEMESIS_RESULTS=FILE  a line a round: seed, blows, counts
"""

import io
import json
import os
import random
import signal
import unittest

from PIL import Image

from tests.support import images, preload, recorded
from tests.support.harness import MillTest, children, kill
from tests.support.nemesis import Fleet, schedule
from tests.support.watch import Published

LONG = bool(os.environ.get("THUMBMILL_LONG_TESTS"))
SEED = os.environ.get("THUMBMILL_NEMESIS_SEED")
RESULTS = os.environ.get("THUMBMILL_NEMESIS_RESULTS")
IMAGES = 200
WIDTH, HEIGHT = 640, 480


def rounds(long, short):
    return [int(SEED)] if SEED else range(1, (long if LONG else short) + 1)


class _Nemesis(MillTest):
    """What both kinds of round share: the images, the thumbnails of a run in peace, the laws."""

    def setUp(self):
        super().setUp()
        for number in range(IMAGES):
            images.jpeg(self.images(), f"{number:03d}.jpg", number, WIDTH, HEIGHT)
        self.summary_of("-j", "2", self.images(), self.path("peace"))
        self.expected = self.tree(self.path("peace"))
        self.assertEqual(len(self.expected), IMAGES)
        for name in self.expected:
            with open(os.path.join(os.fsencode(self.path("peace")), name), "rb") as thumbnail:
                Image.open(io.BytesIO(thumbnail.read())).load()

    def assert_laws(self, summary, dest, known):
        """After a run that came to its end, `known` images having been recorded before it."""
        self.check_summary(summary)
        self.assertFalse(summary["interrupted"])
        self.assertEqual((summary["fresh"], summary["made"]), (known, IMAGES - known))
        self.assertEqual(summary["enumerated"], IMAGES)
        self.assertEqual(self.tree(dest), self.expected)
        self.assert_recorded(dest)

    def assert_recorded(self, dest):
        """Whatever is recorded as made is below DEST as it should be; returns how much it is."""
        rows = recorded.states(dest)
        self.assertEqual(set(rows.values()) - {"made"}, set())
        tree = self.tree(dest)
        for name in rows:
            self.assertEqual(tree.get(name), self.expected[name], name)
        return len(rows)

    def note(self, **facts):
        """Results of a round, for whoever reads the log of a long test."""
        line = json.dumps(facts)
        print(line, flush=True)
        if RESULTS:
            with open(RESULTS, "a", encoding="utf-8") as out:
                out.write(line + "\n")


class Processes(_Nemesis):
    """Ventilator, sink and workers as processes over tcp, one worker behind a wire that is cut."""

    def everything_died(self, dest):
        """What is recorded at that moment the next run must not do again."""
        self.known = self.assert_recorded(dest)

    def play(self, seed):
        dest = self.path(f"dest{seed}")
        blows, rng = schedule(seed, IMAGES)
        self.known = None
        published = Published(dest)
        fleet = Fleet(self, self.images(), dest, published)
        try:
            for moment, blow in blows:
                published.wait(moment)
                fleet.strike(blow, rng)
            statuses, summary = fleet.finish()
            self.assertEqual(statuses, (0, 0), fleet.ventilator.text + fleet.sink.text)
            self.check_summary(summary)
            self.assertEqual(summary["made"] + summary["fresh"], IMAGES)
            if blows[-1][1] == "everything":
                self.assertEqual(summary["fresh"], self.known)
        finally:
            fleet.close()
            published.close()
        self.note(seed=seed, blows=blows, retries=summary["retries"],
                  duplicates=summary["duplicates"], fresh=summary["fresh"], made=summary["made"])
        # The same once more, in peace: nothing is left to do.
        again = self.summary_of("-j", "2", self.images(), dest)
        self.assert_laws(again, dest, known=IMAGES)
        self.assert_nothing_left_over(dest)

    def test_rounds(self):
        for seed in rounds(140, 7):
            with self.subTest(seed=seed):
                self.play(seed)


class OneProcess(_Nemesis):
    """thumbmill run: killed with all of its decoders, or a decoder of it, or told to stop."""

    def play(self, seed):
        rng = random.Random(seed)
        dest = self.path(f"dest{seed}")
        published = Published(dest)
        lives, known, decoder_killed = [], 0, False
        for _ in range(rng.randint(1, 4)):
            moment = rng.randrange(IMAGES)
            blow = rng.choice(("kill", "int", "int twice", "decoder"))
            run = self.start("run", "--json", "-", "-j", "2", self.images(), dest,
                             env=preload.fast())
            published.wait(max(moment, len(published.names)))
            known_before = known
            ended = self.befall(run, blow if not decoder_killed else "kill", rng)
            decoder_killed |= blow == "decoder"
            known = self.assert_recorded(dest)
            self.assertGreaterEqual(known, known_before)
            lives.append((moment, blow, ended, known))
        published.close()
        run, status = self.ended("run", "--json", "-", "-j", "2", self.images(), dest)
        self.assertEqual(status, 0, run.text)
        summary = run.json()
        self.assert_laws(summary, dest, known)
        self.assert_nothing_left_over(dest)
        self.note(seed=seed, lives=lives, fresh=summary["fresh"], made=summary["made"])

    def befall(self, run, blow, rng):
        if blow == "decoder":
            decoders = children(run.pid, "thumbmill-decoder")
            if decoders:
                kill(rng.choice(sorted(decoders)))
            return run.wait()
        run.signal(signal.SIGKILL if blow == "kill" else signal.SIGINT)
        if blow == "int twice":
            run.signal(signal.SIGINT)
        status = run.wait()
        # It may have ended by itself just before.
        self.assertIn(status, (0, 137) if blow == "kill" else (0, 130))
        return status

    def test_rounds(self):
        for seed in rounds(60, 3):
            with self.subTest(seed=seed):
                self.play(seed)


if __name__ == "__main__":
    unittest.main()
