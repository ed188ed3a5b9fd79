"""The options of `run`: which images, where their thumbnails go, what they look like."""

import os
import subprocess
import unittest

from PIL import Image

from tests.support import images
from tests.support.harness import THUMBMILL, MillTest
from tests.support.images import bytes_of, picture


class Sources(MillTest):
    def names(self):
        return sorted(os.fsdecode(name) for name in self.tree())

    def test_folders_files_and_lists_are_found(self):
        images.jpeg(self.images(), "a/b/c.jpg")
        images.jpeg(self.images(), "d.PNG", 2)
        images.write(self.images(), "a/readme.txt", b"")
        images.jpeg(self.images(), ".hidden.jpg")
        summary = self.summary_of(self.images(), self.dest)
        self.assertEqual((summary["made"], summary["ignored"]), (2, 1))
        self.assertEqual(self.names(), ["a/b/c.jpg", "d.PNG.jpg"])

    def test_several_folders_share_the_destination(self):
        images.jpeg(self.path("one"), "a.jpg")
        images.jpeg(self.path("two"), "deep/b.jpg")
        alone = images.jpeg(self.path("three"), "c.jpg")
        summary = self.summary_of(self.path("one"), self.path("two"), alone, self.dest)
        self.assertEqual(summary["made"], 3)
        self.assertEqual(self.names(), ["a.jpg", "c.jpg", "deep/b.jpg"])

    def test_a_file_named_explicitly_counts_whatever_its_suffix(self):
        odd = images.jpeg(self.images(), "photo.dat")
        summary = self.summary_of(odd, self.dest)
        self.assertEqual((summary["enumerated"], summary["made"]), (1, 1))

    def test_a_destination_inside_the_source_is_skipped(self):
        images.jpeg(self.images(), "a.jpg")
        dest = self.path("images", "thumbs")
        for state in ("made", "fresh"):
            summary = self.summary_of(self.images(), dest)
            self.assertEqual((summary["enumerated"], summary[state]), (1, 1))
            self.assertEqual(list(self.tree(dest)), [b"a.jpg"])

    def test_a_list_has_its_names_relative_to_base(self):
        first = images.jpeg(self.images(), "x/first.jpg")
        images.jpeg(self.images(), "new\nline.jpg", 2)
        outside = images.jpeg(self.path("outside"), "far.jpg", 3)
        listing = images.write(self.path(), "list", b"\0".join(
            os.fsencode(path) for path in (first, self.path("images", "new\nline.jpg"), outside)))
        summary = self.summary_of("--files-from", listing, "-0", "--base", self.images(),
                                  self.dest, expect=1)
        self.assertEqual((summary["made"], summary["failed"]), (2, 1))
        self.assertEqual(self.names(), ["new\nline.jpg", "x/first.jpg"])

    def test_a_list_of_relative_names_is_relative_to_the_working_directory(self):
        images.jpeg(self.images(), "x/a.jpg")
        listing = images.write(self.path(), "list", b"x/a.jpg\nx/none.jpg\n")
        summary = self.summary_of("--files-from", listing, self.dest, expect=1, cwd=self.images())
        self.assertEqual((summary["made"], summary["failed"]), (1, 1))
        self.assertEqual(self.names(), ["x/a.jpg"])

    def test_a_list_can_come_through_standard_input(self):
        paths = images.many(self.images(), 5)
        run = self.start("run", "--json", "-", "--files-from", "-", "--base", self.images(),
                         self.dest, stdin=subprocess.PIPE)
        run.write(*paths)
        run.close_input()
        self.assertEqual(run.wait(), 0)
        self.assertEqual(self.check_summary(run.json())["made"], 5)

    def test_nothing_to_do_is_done(self):
        summary = self.summary_of(self.images(), self.dest)
        self.assertEqual((summary["enumerated"], summary["outputs"]), (0, 0))

    def test_a_name_that_begins_with_a_dash_stands_after_two(self):
        images.jpeg(self.path("-dir"), "a.jpg")
        summary = self.summary_of("--", "-dir", "out", cwd=self.path())
        self.assertEqual(summary["made"], 1)


class Outputs(MillTest):
    def size_of(self, name):
        with Image.open(os.path.join(self.dest, name)) as image:
            return image.size

    def test_sizes_mean_what_vipsthumbnail_means(self):
        images.jpeg(self.images(), "a.jpg", width=640, height=480)
        sizes = {"256": (256, 192), "100x300": (100, 75), "300x": (300, 225), "x200": (267, 200),
                 "200x100!": (200, 100), "900x900>": (640, 480), "900x900": (900, 675),
                 "10x10<": (640, 480)}
        for size, expected in sizes.items():
            with self.subTest(size=size):
                self.summary_of("-s", size, self.images(), self.dest)
                self.assertEqual(self.size_of("a.jpg"), expected)

    def test_several_sizes_go_into_a_folder_each(self):
        images.jpeg(self.images(), "x/a.jpg", width=640, height=480)
        summary = self.summary_of("-s", "64", "-s", "128x128,300x>", self.images(), self.dest)
        self.assertEqual(summary["outputs"], 3)
        self.assertEqual({os.fsdecode(name): self.size_of(os.fsdecode(name))
                          for name in self.tree()},
                         {"64/x/a.jpg": (64, 48), "128x128/x/a.jpg": (128, 96),
                          "300x/x/a.jpg": (300, 225)})

    def test_a_template_decides_name_and_format(self):
        images.jpeg(self.images(), "x/a.b.jpg")
        for template, name, kind in (
            ("%d/%s.webp[Q=80]", "x/a.b.webp", "WEBP"), ("flat-%n", "flat-a.b.jpg", "JPEG"),
            ("%z/%d/%s_100%%.png", "64x64/x/a.b_100%.png", "PNG"), ("thumb.jpg", "thumb.jpg",
                                                                     "JPEG"),
        ):
            with self.subTest(template=template):
                self.summary_of("-s", "64x64>", "-o", template, self.images(), self.path(kind))
                with Image.open(os.path.join(self.path(kind), name)) as image:
                    self.assertEqual(image.format, kind)

    def test_a_format_alone_changes_the_suffix(self):
        images.jpeg(self.images(), "a.jpg")
        images.write(self.images(), "b.png", bytes_of(picture(2, 64, 64), "PNG"))
        self.summary_of("-f", "png", self.images(), self.dest)
        self.assertEqual(set(self.tree()), {b"a.jpg.png", b"b.png"})

    def test_a_saver_option_reaches_the_saver(self):
        images.jpeg(self.images(), "a.jpg", width=512, height=512)
        small = self.summary_of("-f", "jpg[Q=20]", self.images(), self.path("small"))
        large = self.summary_of("-f", "jpg[Q=95]", self.images(), self.path("large"))
        self.assertLess(small["bytes_out"], large["bytes_out"])

    def test_a_crop_fills_the_size(self):
        images.jpeg(self.images(), "a.jpg", width=640, height=480)
        for crop in ("centre", "entropy", "attention", "low", "high"):
            with self.subTest(crop=crop):
                self.summary_of("-s", "100x100", "-m", crop, self.images(), self.dest)
                self.assertEqual(self.size_of("a.jpg"), (100, 100))

    def test_metadata_is_dropped_unless_kept(self):
        exif = Image.Exif()
        exif[0x010E] = "a description"
        images.write(self.images(), "a.jpg", bytes_of(picture(1, 64, 64), "JPEG", exif=exif))
        for options, expected in (((), None), (("--keep", "exif"), "a description")):
            with self.subTest(options=options):
                self.summary_of(*options, self.images(), self.dest)
                with Image.open(os.path.join(self.dest, "a.jpg")) as image:
                    self.assertEqual(image.getexif().get(0x010E), expected)


class FrontDoor(MillTest):
    def test_help_goes_to_stdout_and_names_every_command(self):
        process, status = self.ended("--help")
        self.assertEqual((status, process.text), (0, ""))
        for command in (b"run", b"ventilator", b"sink", b"worker", b"start", b"status"):
            self.assertIn(command, process.output)

    def test_each_command_explains_its_options(self):
        for command, option in (("run", b"--size"), ("ventilator", b"--hold"),
                                ("sink", b"--advertise"), ("worker", b"--stay"),
                                ("start", b"--connect"), ("status", b"--json")):
            with self.subTest(command=command):
                process, status = self.ended(command, "--help")
                self.assertEqual((status, process.text), (0, ""))
                self.assertIn(option, process.output)

    def test_the_version_names_the_libraries(self):
        process, status = self.ended("--version")
        self.assertEqual(status, 0)
        self.assertRegex(process.output.decode(), r"(?s)thumbmill 0\.1\.0.*libzmq.*4\..*libvips")

    def test_a_reader_that_goes_away_is_no_crash(self):
        with subprocess.Popen([THUMBMILL, "--help"], stdout=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertGreaterEqual(process.wait(), 0)


if __name__ == "__main__":
    unittest.main()
