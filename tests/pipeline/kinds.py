"""Every kind of image, and of name, has a named outcome."""

import os
import subprocess
import unittest

from PIL import Image

from tests.support import images
from tests.support.harness import MillTest
from tests.support.images import bytes_of, picture

PHOTO = bytes_of(picture(1, 640, 480), "JPEG", quality=85)
PNG = bytes_of(picture(2, 640, 480, "RGBA"), "PNG")
SVG = (b'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">'
       b'<rect width="100" height="50" fill="red"/></svg>')


def huge_jpeg():
    """A few bytes that claim 64250 x 64250 pixels."""
    at = PHOTO.index(b"\xff\xc0")
    side = (64250).to_bytes(2, "big")
    return PHOTO[:at + 5] + side + side + PHOTO[at + 9:]


def flat(mode, colour, size, kind, **options):
    return bytes_of(Image.new(mode, size, colour), kind, **options)


def through_vips(folder, suffix):
    """A picture in a format that Pillow does not write."""
    source = images.write(folder, "source.png", bytes_of(picture(3, 200, 100), "PNG"))
    target = os.path.join(folder, "target" + suffix)
    subprocess.run(["vips", "copy", source, target], check=True, capture_output=True)
    with open(target, "rb") as data:
        return data.read()


class OneImage(MillTest):
    def outcome(self, name, data, state, *options, says=None):
        """Runs over one image alone; the thumbnail's path, or None if there must be none."""
        number = len(self.processes)
        source, dest = self.path(f"in{number}"), self.path(f"out{number}")
        images.write(source, name, data)
        process, status = self.ended("run", "--json", "-", *options, source, dest)
        self.assertEqual(status, 0 if state in ("made", "damaged") else 1, process.text)
        summary = self.check_summary(process.json())
        self.assertEqual((summary["enumerated"], summary[state]), (1, 1), summary)
        if says:
            self.assertRegex(process.text, says)
        self.assert_nothing_left_over(dest)
        outputs = [os.path.join(os.fsencode(dest), path) for path in self.tree(dest)]
        self.assertEqual(len(outputs), 1 if state in ("made", "damaged") else 0)
        return outputs[0] if outputs else None

    def made(self, name, data, size, *options, state="made"):
        """The thumbnail, opened; it has the size and is a JPEG without transparency."""
        with Image.open(os.fsdecode(self.outcome(name, data, state, *options))) as thumbnail:
            thumbnail.load()
            self.assertEqual(thumbnail.size, size)
            self.assertEqual(thumbnail.format, "JPEG")
            return thumbnail

    def assert_colour(self, thumbnail, where, colour):
        pixel = thumbnail.convert("RGB").getpixel(where)
        self.assertTrue(all(abs(a - b) < 12 for a, b in zip(pixel, colour)), (pixel, colour))


class Pictures(OneImage):
    def test_each_common_kind_is_made(self):
        for name, data, size in (
            ("photo.jpg", PHOTO, (256, 192)),
            ("progressive.jpg", bytes_of(picture(1, 640, 480), "JPEG", progressive=True),
             (256, 192)),
            ("grey.jpg", bytes_of(picture(4, 300, 300, "L"), "JPEG"), (256, 256)),
            ("cmyk.jpg", bytes_of(picture(5, 640, 480, "CMYK"), "JPEG"), (256, 192)),
            ("alpha.png", PNG, (256, 192)),
            ("sixteen.png", flat("I;16", 40000, (300, 200), "PNG"), (256, 171)),
            ("palette.png", bytes_of(picture(6, 90, 60).convert("P"), "PNG"), (90, 60)),
            ("bilevel.png", flat("1", 1, (64, 64), "PNG"), (64, 64)),
            ("photo.webp", bytes_of(picture(7, 512, 512), "WEBP"), (256, 256)),
            ("one.png", flat("RGB", "red", (1, 1), "PNG"), (1, 1)),
            ("wide.jpg", flat("RGB", "red", (20000, 10), "JPEG"), (256, 1)),
            ("tall.png", flat("L", 9, (10, 20000), "PNG"), (1, 256)),
            ("small.jpg", flat("RGB", "red", (100, 80), "JPEG"), (100, 80)),
        ):
            with self.subTest(name=name):
                self.made(name, data, size)

    def test_the_first_frame_of_an_animation_is_taken(self):
        first, second = Image.new("RGB", (80, 80), "red"), Image.new("RGB", (80, 80), "blue")
        for kind, suffix in (("GIF", "gif"), ("WEBP", "webp"), ("PNG", "png")):
            with self.subTest(kind=kind):
                data = bytes_of(first, kind, save_all=True, append_images=[second], duration=50)
                self.assert_colour(self.made(f"moves.{suffix}", data, (80, 80)), (40, 40),
                                   (255, 0, 0))

    def test_transparency_meets_the_background(self):
        clear = flat("RGBA", (0, 0, 0, 0), (64, 64), "PNG")
        self.assert_colour(self.made("clear.png", clear, (64, 64)), (32, 32), (255, 255, 255))
        self.assert_colour(self.made("clear.png", clear, (64, 64), "--background", "#00f"),
                           (32, 32), (0, 0, 255))

    def test_sixteen_bits_keep_their_brightness(self):
        data = flat("I;16", 0x8080, (64, 64), "PNG")
        self.assert_colour(self.made("half.png", data, (64, 64)), (32, 32), (128, 128, 128))

    def test_the_eight_orientations_end_upright(self):
        upright = Image.new("RGB", (80, 40), "white")
        upright.paste("red", (0, 0, 40, 20)) # red at the top left
        undo = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
                4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
                6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
                8: Image.Transpose.ROTATE_270}
        for orientation, turn in undo.items():
            with self.subTest(orientation=orientation):
                stored = upright.transpose(turn) if turn is not None else upright
                exif = Image.Exif()
                exif[0x0112] = orientation
                data = bytes_of(stored, "JPEG", quality=95, exif=exif)
                thumbnail = self.made("turned.jpg", data, (80, 40))
                self.assert_colour(thumbnail, (10, 8), (255, 0, 0))
                self.assert_colour(thumbnail, (70, 32), (255, 255, 255))
                self.assertEqual(dict(thumbnail.getexif()), {})
                self.made("left.jpg", data, stored.size, "--no-rotate")


class Allowed(OneImage):
    def test_other_formats_are_made_when_allowed_and_named_when_not(self):
        for word, name, data in (
            ("tiff", "a.tif", bytes_of(picture(1, 200, 100), "TIFF")),
            ("heif", "a.heic", through_vips(self.path("h"), ".heic")),
            ("avif", "a.avif", through_vips(self.path("a"), ".avif")),
            ("svg", "a.svg", SVG),
            ("pdf", "a.pdf", bytes_of(picture(1, 200, 100), "PDF")),
        ):
            with self.subTest(word=word):
                self.outcome(name, data, "failed", says=rf"{name}.*(--allow|allow)")
                self.outcome(name, data, "made", "--allow", word)

    def test_a_disguise_does_not_help(self):
        for name, data in (
            ("svg.jpg", SVG), ("svg.png", b"<?xml version='1.0'?>\n" + SVG),
            ("pdf.jpg", bytes_of(picture(1, 50, 50), "PDF")),
            ("tiff.png", bytes_of(picture(1, 50, 50), "TIFF")),
            ("bmp.jpg", bytes_of(picture(1, 50, 50), "BMP")),
            ("ppm.gif", bytes_of(picture(1, 50, 50), "PPM")),
            ("heif.webp", through_vips(self.path("h"), ".heic")),
        ):
            with self.subTest(name=name):
                self.outcome(name, data, "failed", says=name)

    def test_a_wrong_suffix_of_an_allowed_format_is_no_fault(self):
        self.outcome("really-a-png.jpg", PNG, "made")


class Damaged(OneImage):
    def test_what_is_cut_off_is_made_and_counted_as_damaged(self):
        for name, data in (("cut.jpg", PHOTO[:len(PHOTO) * 2 // 3]),
                           ("cut.png", PNG[:len(PNG) * 2 // 3])):
            with self.subTest(name=name):
                self.outcome(name, data, "damaged")
                self.outcome(name, data, "failed", "--fail-on", "truncated", says=name)

    def test_what_cannot_be_read_fails_with_its_reason(self):
        for name, data, says in (
            ("zero.jpg", b"", "zero.jpg.*empty"),
            ("text.jpg", b"this is not an image\n" * 50, "text.jpg"),
            ("header.jpg", PHOTO[:20], "header.jpg"),
            ("noise.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "noise.png"),
            ("huge.jpg", huge_jpeg(), "huge.jpg.*(pixels|max-pixels)"),
        ):
            with self.subTest(name=name):
                self.outcome(name, data, "failed", says=says)

    def test_limits_are_the_user_s(self):
        self.outcome("a.jpg", PHOTO, "failed", "--max-pixels", "1000", says="a.jpg.*pixels")
        self.outcome("a.jpg", PHOTO, "failed", "--max-bytes", "1000", says="a.jpg.*bytes")
        self.outcome("a.jpg", PHOTO, "made", "--max-pixels", "307200")


class Names(OneImage):
    def test_a_name_is_bytes_and_nothing_else(self):
        for name in (b"new\nline.jpg", b"a.jpg[n=-1].jpg", b"-leading.jpg", b"--size.jpg",
                     b"\xff\xfe not utf-8.jpg", b" blank .jpg", b"%d%s%n%z.jpg", b"'\"$(x).jpg",
                     b"\xe2\x80\xae reversed.jpg", b"x" * 251 + b".jpg"):
            with self.subTest(name=name):
                output = self.outcome(name, PHOTO, "made")
                self.assertEqual(os.path.basename(output), name)

    def test_an_output_whose_name_would_be_too_long_is_that_image_s_failure(self):
        self.outcome(b"x" * 251 + b".png", PNG, "failed", says="255|long")

    def test_no_byte_of_a_name_reaches_the_terminal_raw(self):
        self.outcome(b"bell\x07\x1b[31m.jpg", b"", "failed", says=r"bell\\x07\\x1b")

    def test_links_are_not_followed_and_folders_named_like_images_are_entered(self):
        images.jpeg(self.images(), "album.jpg/inside.jpg")
        os.symlink("album.jpg/inside.jpg", self.path("images", "link.jpg"))
        os.symlink(".", self.path("images", "loop"))
        summary = self.summary_of(self.images(), self.dest)
        self.assertEqual((summary["enumerated"], summary["made"]), (1, 1))


if __name__ == "__main__":
    unittest.main()
