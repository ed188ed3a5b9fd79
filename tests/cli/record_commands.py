"""`list`, and what every command says of a record that it cannot use."""

import json
import os
import sqlite3
import subprocess
import unittest

from tests.support import images
from tests.support.harness import FAKE, THUMBMILL, Gate
from tests.support.record_test import RecordTest

WRONG, USAGE, CANNOT = 1, 2, 3
KEYS = ["path", "status", "error", "warnings", "outputs", "width", "height", "bytes", "ms",
        "worker", "attempts"]


class Listing(RecordTest):
    def four_states(self):
        images.jpeg(self.images(), "good.jpg")
        whole = images.bytes_of(images.picture(2, 640, 480))
        images.write(self.images(), "cut.jpg", whole[:len(whole) // 2])
        images.write(self.images(), "empty.png", b"")
        self.make("-s", "64,32x", expect=WRONG)

    def test_each_image_is_one_object_with_every_key(self):
        self.four_states()
        rows = self.listed()
        self.assertEqual(set(rows), {"good.jpg", "cut.jpg", "empty.png"})
        for row in rows.values():
            self.assertEqual(list(row), KEYS)
        good = rows["good.jpg"]
        self.assertEqual((good["status"], good["error"], good["warnings"]), ("made", "", []))
        self.assertEqual((good["width"], good["height"]), (320, 240))
        self.assertEqual(good["bytes"], os.path.getsize(self.path("images", "good.jpg")))
        self.assertEqual(good["attempts"], 1)
        for output, size in zip(good["outputs"], ((64, 48), (32, 24)), strict=True):
            self.assertEqual((output["width"], output["height"]), size)
            self.assertEqual(output["bytes"], os.path.getsize(self.output(output["path"])))

    def test_what_is_wrong_with_an_image_is_its_own_text(self):
        self.four_states()
        rows = self.listed()
        self.assertEqual((rows["empty.png"]["status"], rows["empty.png"]["error"]),
                         ("failed", "empty file"))
        self.assertEqual(rows["empty.png"]["outputs"], [])
        self.assertEqual(rows["cut.jpg"]["status"], "damaged")
        self.assertTrue(all(rows["cut.jpg"]["warnings"]), "a warning is a line")
        self.assertEqual(len(rows["cut.jpg"]["outputs"]), 2)

    def test_lines_for_a_person_are_aligned_and_without_colour(self):
        self.four_states()
        lines, _ = self.said("list", self.dest, env={"TERM": "xterm"})
        here = self.images()
        self.assertEqual(lines[1:], [
            f"failed       {here}/empty.png  -> empty file",
            f"made         {here}/good.jpg  -> 64/good.jpg, 32x/good.jpg"])
        self.assertRegex(lines[0], r"^damaged      .*/cut.jpg  -> 64/cut.jpg, 32x/cut.jpg  \(.+\)$")

    def test_states_choose_images(self):
        self.four_states()
        for states, names in (("made", ["good.jpg"]), ("failed,quarantined", ["empty.png"]),
                              ("damaged,failed", ["cut.jpg", "empty.png"]), ("quarantined", [])):
            with self.subTest(states=states):
                self.assertEqual(sorted(self.listed("--status", states)), names)
        self.refused("fresh: expected made", "list", "--status", "fresh", self.dest, expect=USAGE)

    def test_quarantined_images_are_listed(self):
        images.write(self.images(), "killer.jpg", b"CRASH\n")
        self.summary_of(self.images(), self.dest, expect=WRONG, env=FAKE)
        row = self.listed("--status", "quarantined")["killer.jpg"]
        self.assertRegex(row["error"], "SIGSEGV")
        self.assertEqual(row["outputs"], [])

    def test_names_of_any_bytes_come_back(self):
        name = b"odd \xff\n\x1b[2J.jpg"
        images.jpeg(self.images(), name)
        self.make()
        lines, _ = self.said("list", "--json", self.dest)
        row = json.loads(lines[0])
        self.assertEqual(os.fsencode(row["path"]), os.path.join(os.fsencode(self.images()), name))
        self.assertEqual(os.fsencode(row["outputs"][0]["path"]), name)
        lines, _ = self.said("list", self.dest)
        self.assertEqual(len(lines), 1)
        self.assertNotIn("\x1b", lines[0])

    def test_what_a_later_run_finds_fresh_stays_as_it_was_made(self):
        self.four_states()
        before = self.listed()
        self.make("-s", "64,32x", expect=WRONG)
        self.assertEqual(self.listed(), before)

    def test_a_record_is_read_while_a_run_writes_it(self):
        images.write(self.images(), "one.jpg", b"OK\n")
        gate = Gate(self.path("gate"))
        images.write(self.images(), "two.jpg", gate.image)
        run = self.fed_run("--listen", self.head, env=FAKE)
        run.write(self.path("images", "one.jpg"))
        self.until("the first is recorded", lambda status: status["made"] == 1)
        run.write(self.path("images", "two.jpg"))
        run.close_input()
        gate.wait_reached()
        self.assertEqual(list(self.listed()), ["one.jpg"])
        gate.let_through()
        self.assertEqual(run.wait(), 0, run.text)
        self.assertEqual(sorted(self.listed()), ["one.jpg", "two.jpg"])

    def test_the_records_own_file_and_db_are_taken(self):
        images.jpeg(self.images(), "a.jpg")
        elsewhere = self.path("elsewhere.sqlite")
        self.make("--db", elsewhere)
        self.assertEqual(list(self.listed(dest=elsewhere)), ["a.jpg"])
        self.assertEqual(list(self.listed("--db", elsewhere)), ["a.jpg"])
        self.refused("no record", "list", self.dest)

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        images.many(self.images(), 2000, 8, 8)
        self.make()
        lister = subprocess.Popen([THUMBMILL, "list", "--json", self.dest],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lister.stdout.readline()
        lister.stdout.close()
        self.assertEqual(lister.stderr.read(), b"")
        lister.stderr.close()
        self.assertEqual(lister.wait(), 0)

    def test_a_full_disk_is_said(self):
        images.jpeg(self.images(), "a.jpg")
        self.make()
        with open("/dev/full", "w", encoding="ascii") as full:
            ended = subprocess.run([THUMBMILL, "list", self.dest], stdout=full,
                                   stderr=subprocess.PIPE, check=False)
        self.assertEqual(ended.returncode, CANNOT)
        self.assertEqual(ended.stderr, b"thumbmill list: standard output: No space left on device\n")


class BadRecords(RecordTest):
    COMMANDS = (["list"], ["verify"], ["prune"], ["prune", "--yes"])

    def setUp(self):
        super().setUp()
        images.jpeg(self.images(), "a.jpg")
        self.make()

    def all_refuse(self, says, *operands):
        """Every command refuses, and the record is left as it was."""
        with open(self.record, "rb") as record:
            before = record.read()
        for command in self.COMMANDS:
            with self.subTest(command=command):
                self.refused(says, *command, *operands)
        with open(self.record, "rb") as record:
            self.assertEqual(record.read(), before)
        self.assertEqual(list(self.tree()), [b"a.jpg"])

    def test_one_of_a_newer_thumbmill(self):
        record = sqlite3.connect(self.record)
        record.execute("PRAGMA user_version = 99")
        record.close()
        self.all_refuse("newer thumbmill", self.dest)

    def test_what_is_no_database(self):
        images.write(self.output(".thumbmill"), "record.sqlite", b"not a record " * 100)
        self.all_refuse("not a record of thumbmill", self.dest)

    def test_one_that_is_cut_short(self):
        os.truncate(self.record, os.path.getsize(self.record) - 4096)
        self.all_refuse("damaged", self.dest)

    def test_none(self):
        os.makedirs(self.path("empty"))
        for command in self.COMMANDS:
            self.refused("no record", *command, self.path("empty"))
            self.refused("nowhere: No such file", *command, self.path("nowhere"))
            self.refused("no record", *command, "--db", self.path("nowhere"), self.dest)
        self.assertEqual(os.listdir(self.path("empty")), [])
        self.assertFalse(os.path.exists(self.path("nowhere")))

    def test_one_of_another_destination(self):
        images.jpeg(self.images(), "a.jpg")
        self.summary_of(self.images(), self.path("other"))
        self.all_refuse("another destination", "--db", self.record, self.path("other"))

    def test_a_file_where_a_destination_is_needed(self):
        for command in self.COMMANDS[1:]:
            self.refused("expected the DEST of a run", *command, self.record)

    def test_one_word_is_needed_and_no_more(self):
        for command in self.COMMANDS:
            self.refused("DEST is missing", *command, expect=USAGE)
            self.refused("one word too many", *command, self.dest, self.dest, expect=USAGE)


if __name__ == "__main__":
    unittest.main()
