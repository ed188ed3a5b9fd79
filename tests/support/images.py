"""Images for the whole-program tests, the same bytes every time."""

import io
import os
import random

from PIL import Image


def picture(seed, width, height, mode="RGB"):
    """Soft coloured blotches with some grain: compresses like a photograph, differs by seed."""
    rng = random.Random(seed)
    channels = {"L": 1, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    rough = Image.frombytes(mode, (8, 8), rng.randbytes(64 * channels))
    return rough.resize((width, height), Image.BICUBIC)


def bytes_of(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def write(folder, name, data):
    """Writes data to folder/name (text or bytes); returns the path."""
    folder, name = os.fsencode(folder), os.fsencode(name)
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)
    return os.fsdecode(path)


def jpeg(folder, name, seed=1, width=320, height=240, **options):
    return write(folder, name, bytes_of(picture(seed, width, height), "JPEG", **options))


def many(folder, count, width=64, height=48, first=0):
    """Writes count different small JPEGs, a few hundred to a folder; returns their paths."""
    return [jpeg(folder, f"{number // 250:03d}/{number:05d}.jpg", number, width, height)
            for number in range(first, first + count)]


def mixture(folder):
    """Sixty images of four formats and many sizes in nested folders, and files to be ignored."""
    for number in range(60):
        kind, suffix, mode = (("JPEG", "jpg", "RGB"), ("PNG", "png", "RGBA"),
                              ("WEBP", "webp", "RGB"), ("JPEG", "JPEG", "L"),
                              ("GIF", "gif", "L"))[number % 5]
        side = 40 + number * 37 % 900
        image = picture(number, side, 30 + number * 53 % 700, mode)
        options = {"quality": 85} if kind in ("JPEG", "WEBP") else {}
        write(folder, f"{number % 3}/{number % 7}/image {number}.{suffix}",
              bytes_of(image, kind, **options))
    write(folder, "0/notes.txt", b"not an image by its name\n")
    write(folder, ".hidden/unseen.jpg", b"never looked at\n")
    write(folder, "1/broken.jpg", b"\xff\xd8\xff\xe0 and nothing more")
    write(folder, "2/empty.png", b"")
