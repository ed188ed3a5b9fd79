"""`verify` and `prune`: whether a destination is as its record says, and tidying it up."""

import os
import shutil
import unittest

from tests.support import images
from tests.support.harness import FAKE, Gate
from tests.support.record_test import RecordTest

WRONG, USAGE, CANNOT = 1, 2, 3


class Verifying(RecordTest):
    def wrong(self, *options, expect=WRONG):
        """{name of an output: what is said about it}."""
        lines, process = self.said("verify", *options, self.dest, expect=expect)
        self.assertRegex(self.one_line(process), f": {len(lines)} wrong$")
        return dict(line.split(": ", 1) for line in lines)

    def five(self):
        for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")):
            images.jpeg(self.images(), name, number)
        self.make()

    def test_what_was_made_is_right_in_every_format(self):
        images.mixture(self.images())
        self.make("-f", "png", expect=WRONG)
        for suffix in ("jpg", "webp", "gif", "tif", "avif"):
            shutil.rmtree(self.dest)
            self.make("-s", "96,33x", "-f", suffix, expect=WRONG)
            with self.subTest(suffix=suffix):
                self.assertEqual(self.wrong(expect=0), {})

    def test_missing_cut_changed_and_replaced_outputs_are_named(self):
        self.five()
        os.remove(self.output("a.jpg"))
        os.truncate(self.output("b.jpg"), 100)
        images.jpeg(self.dest, "c.jpg", 9, 100, 100)
        os.remove(self.output("d.jpg"))
        os.mkdir(self.output("d.jpg"))
        said = self.wrong()
        self.assertEqual(sorted(said), ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
        self.assertEqual(said["a.jpg"], "missing; the run's command makes it again")
        self.assertRegex(said["b.jpg"], "another size than .*; the run's command makes it again")
        self.assertRegex(said["c.jpg"], "another size")
        self.assertRegex(said["d.jpg"], "no regular file")

    def test_bytes_that_rotted_are_found_by_decoding(self):
        self.five()
        for name, at in (("a.jpg", 0), ("b.jpg", None)):
            path = self.output(name)
            times = os.stat(path)
            with open(path, "r+b") as output:
                size = os.path.getsize(path)
                output.seek(at if at is not None else size // 2)
                output.write(bytes(min(40, size)) if at == 0 else bytes(size - size // 2))
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        said = self.wrong()
        self.assertEqual(sorted(said), ["a.jpg", "b.jpg"])
        for text in said.values():
            self.assertTrue(text.endswith("; remove it, and the run's command makes it again"))

    def test_an_image_of_the_same_bytes_but_other_dimensions_is_wrong(self):
        self.five()
        path = self.output("e.jpg")
        other = images.bytes_of(images.picture(9, 50, 50), quality=20)
        images.write(self.dest, "e.jpg", other.ljust(os.path.getsize(path), b"\0"))
        self.assertRegex(self.wrong()["e.jpg"], "50 x 50 pixels, where 256 x 192 were made")

    def test_what_it_advises_works(self):
        self.five()
        os.remove(self.output("a.jpg"))
        os.truncate(self.output("b.jpg"), 100)
        self.assertEqual(len(self.wrong()), 2)
        self.assertEqual(self.make()["made"], 2)
        self.assertEqual(self.wrong(expect=0), {})

    def test_an_output_whose_source_is_gone_is_prunes_business(self):
        self.five()
        os.remove(self.output("a.jpg"))
        os.remove(self.path("images", "a.jpg"))
        self.assertRegex(self.wrong()["a.jpg"], "thumbmill prune")

    def test_any_number_of_decoders_find_the_same(self):
        images.many(self.images(), 40)
        self.make()
        for number in range(0, 40, 3):
            os.truncate(self.output(f"000/{number:05d}.jpg"), 30)
        first = self.wrong("-j", "1")
        self.assertEqual(len(first), 14)
        for jobs in ("2", "7"):
            self.assertEqual(self.wrong("-j", jobs), first)
        self.refused("--jobs 0: expected 1 to", "verify", "-j", "0", self.dest, expect=USAGE)

    def test_a_decoder_that_is_missing_condemns_nothing(self):
        self.five()
        process, status = self.ended("verify", self.dest,
                                     env={"THUMBMILL_DECODER": "/bin/true"})
        self.assertEqual(status, CANNOT, process.text)
        self.assertRegex(self.one_line(process), "decoders do not start")
        self.assertEqual(process.output, b"")

    def test_a_moved_destination_is_as_good(self):
        self.five()
        moved = self.path("moved")
        os.rename(self.dest, moved)
        lines, _ = self.said("verify", moved)
        self.assertEqual(lines, [])
        self.assertEqual(len(self.listed(dest=moved)), 5)


class Pruning(RecordTest):
    def setUp(self):
        super().setUp()
        for number, name in enumerate(("a.jpg", "sub/b.jpg", "sub/deep/c.jpg", "d.jpg")):
            images.jpeg(self.images(), name, number)
        self.make()

    def remove_sources(self, *names):
        for name in names:
            os.remove(self.path("images", name))

    def left(self):
        return sorted(os.fsdecode(name) for name in self.tree())

    def test_without_yes_it_only_lists(self):
        self.remove_sources("a.jpg", "sub/b.jpg")
        before = self.tree()
        lines, process = self.said("prune", self.dest)
        self.assertEqual(lines, [
            f"remove   a.jpg  <- {self.images()}/a.jpg is gone",
            f"remove   sub/b.jpg  <- {self.images()}/sub/b.jpg is gone"])
        self.assertRegex(self.one_line(process), "2 outputs to remove, .*--yes")
        self.assertEqual(self.tree(), before)
        self.assertEqual(len(self.listed()), 4)

    def test_with_yes_outputs_go_and_images_are_forgotten(self):
        self.remove_sources("a.jpg", "sub/deep/c.jpg")
        lines, process = self.said("prune", "--yes", self.dest)
        self.assertEqual(len(lines), 2)
        self.assertRegex(self.one_line(process), "2 outputs removed, .*2 images forgotten")
        self.assertEqual(self.left(), ["d.jpg", "sub/b.jpg"])
        self.assertEqual(sorted(self.listed()), ["d.jpg", "sub/b.jpg"])
        self.assertEqual(self.said("verify", self.dest)[0], [])
        self.assertEqual(self.make()["fresh"], 2)

    def test_folders_that_became_empty_go_with_them(self):
        self.remove_sources("sub/b.jpg", "sub/deep/c.jpg")
        self.said("prune", "--yes", self.dest)
        self.assertFalse(os.path.exists(self.output("sub")))

    def test_a_folder_with_something_of_somebody_stays(self):
        notes = images.write(self.output("sub"), "notes.txt", b"mine\n")
        self.remove_sources("sub/b.jpg", "sub/deep/c.jpg")
        self.said("prune", "--yes", self.dest)
        self.assertTrue(os.path.exists(notes))
        self.assertFalse(os.path.exists(self.output("sub", "deep")))

    def test_nothing_gone_means_nothing_to_do(self):
        before = self.tree()
        for options in ([], ["--yes"]):
            self.assertEqual(self.said("prune", *options, self.dest)[0], [])
        self.assertEqual(self.tree(), before)

    def test_a_changed_output_is_kept_and_named(self):
        self.remove_sources("a.jpg", "sub/b.jpg", "d.jpg")
        os.utime(self.output("a.jpg"))
        images.write(self.dest, "sub/b.jpg", b"mine now")
        self.assertEqual(len(self.said("prune", self.dest)[0]), 3)
        lines, process = self.said("prune", "--yes", self.dest, expect=WRONG)
        self.assertEqual(sorted(lines), [
            "kept     a.jpg  <- changed since it was made",
            "kept     sub/b.jpg  <- changed since it was made",
            f"removed  d.jpg  <- {self.images()}/d.jpg is gone"])
        self.assertRegex(self.one_line(process), "2 changed and kept")
        self.assertEqual(self.left(), ["a.jpg", "sub/b.jpg", "sub/deep/c.jpg"])
        os.remove(self.output("a.jpg"))
        os.remove(self.output("sub", "b.jpg"))
        self.said("prune", "--yes", self.dest)
        self.assertEqual(list(self.listed()), ["sub/deep/c.jpg"])

    def test_outputs_that_their_image_has_no_longer_go(self):
        self.make("-f", "png")
        self.assertEqual(len(self.left()), 8)
        lines, _ = self.said("prune", "--yes", self.dest)
        self.assertEqual(len(lines), 4)
        self.assertEqual(self.left(), ["a.jpg.png", "d.jpg.png", "sub/b.jpg.png",
                                       "sub/deep/c.jpg.png"])
        self.assertEqual(self.said("prune", "--yes", self.dest)[0], [])
        self.assertEqual(self.make("-f", "png")["fresh"], 4)

    def test_a_source_that_is_absent_or_empty_is_taken_for_unmounted(self):
        before = self.tree()
        away = self.path("away")
        os.rename(self.images(), away)
        for says in ("No such file", "holds none of its recorded images"):
            for options in ([], ["--yes"]):
                self.refused(f"images: .*{says}.*nothing was removed", "prune", *options, self.dest)
            os.makedirs(self.path("images"), exist_ok=True)
        self.assertEqual(self.tree(), before)
        os.rmdir(self.path("images"))
        os.rename(away, self.path("images"))
        self.assertEqual(self.said("prune", self.dest)[0], [])

    def test_one_unmounted_source_of_two_stops_it_before_anything_is_removed(self):
        images.jpeg(self.path("more"), "e.jpg", 5)
        self.summary_of(self.images(), self.path("more"), self.dest)
        shutil.rmtree(self.path("more"))
        self.remove_sources("a.jpg")
        before = self.tree()
        self.refused("more: .*nothing was removed", "prune", "--yes", self.dest)
        self.assertEqual(self.tree(), before)

    def test_a_record_that_a_run_writes_is_left_alone(self):
        gate = Gate(self.path("gate"))
        images.write(self.images(), "e.jpg", gate.image)
        self.remove_sources("a.jpg")
        run = self.fed_run(env=FAKE)
        run.write(self.path("images", "e.jpg"))
        gate.wait_reached()
        self.refused("another run writes it", "prune", "--yes", self.dest)
        self.assertEqual(len(self.said("prune", self.dest)[0]), 1)
        gate.let_through()
        run.close_input()
        self.assertEqual(run.wait(), 0, run.text)
        self.said("prune", "--yes", self.dest)
        self.assertFalse(os.path.exists(self.output("a.jpg")))

    def test_images_without_outputs_are_forgotten_as_well(self):
        images.write(self.images(), "broken.jpg", b"\xff\xd8\xff nothing")
        self.make(expect=WRONG)
        self.remove_sources("broken.jpg")
        _, process = self.said("prune", "--yes", self.dest)
        self.assertRegex(process.text, "0 outputs removed, .*1 images forgotten")
        self.assertEqual(self.listed("--status", "failed"), {})

    def test_a_moved_destination_is_pruned_where_it_is(self):
        moved = self.path("moved")
        os.rename(self.dest, moved)
        self.remove_sources("a.jpg")
        self.assertEqual(len(self.said("prune", "--yes", moved)[0]), 1)
        self.assertFalse(os.path.exists(os.path.join(moved, "a.jpg")))


if __name__ == "__main__":
    unittest.main()
