#!/usr/bin/python3
"""Our thumbnails against vipsthumbnail's, file by file.

    compare.py --thumbmill BIN/thumbmill FOLDER...          the whole pipeline
    compare.py --decode BIN/thumbmill-decode FOLDER...      the decoder beside it, alone

For each size and crop both make a thumbnail of every image, vipsthumbnail with the same colours,
background, quality and metadata; a table tells how many have the same dimensions and how far the
pixels are apart (PSNR, in dB). With --at-once ours come from one decode for all sizes.

Exit status 1 when dimensions differ, a PSNR is below the limit or only one side could make a
thumbnail, unless INTENDED lists the file with the reason.
"""

import argparse
import collections
import fnmatch
import math
import os
import subprocess
import sys
import tempfile

from PIL import Image, ImageChops, ImageFile, ImageStat

Image.MAX_IMAGE_PIXELS = None
ImageFile.LOAD_TRUNCATED_IMAGES = False

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
SAVER = "jpg[Q=75]"
# Without an import profile libvips 8.14 shifts the colours of images that bring none (by 20 levels).
SAME_COLOURS = ["--import-profile", "srgb", "--export-profile", "srgb"]
LIMIT_DB = 38.0
# vipsthumbnail takes many files; one that crashes it takes its neighbours with it.
BATCH = 50

Spec = collections.namedtuple("Spec", "size crop")
SPECS = [
    Spec("256", "none"),
    Spec("128x128", "none"),
    Spec("300x", "none"),
    Spec("x200", "none"),
    Spec("200x100!", "none"),
    Spec("500x500>", "none"),
    Spec("256", "centre"),
    Spec("256", "attention"),
]

# (pattern of the path, what differs, only with --at-once, why we want it so)
INTENDED = [
    ("*.webp", "pixels", True,
     "libwebp scales coarsely while loading; the smaller sizes of one decode are resampled from the "
     "largest and lie 10 to 20 dB closer to a resampling of the full image"),
]


def images_below(folder):
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [os.path.join(place, name) for name in sorted(names)
                  if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
    return found


class Reference:
    """vipsthumbnail over links with names of their own: 12.jpg."""

    def __init__(self, files, work):
        self.files = files
        self.links = os.path.join(work, "links")
        os.mkdir(self.links)
        self.names = []
        for number, path in enumerate(files):
            name = os.path.join(self.links, f"{number}{os.path.splitext(path)[1]}")
            os.symlink(os.path.abspath(path), name)
            self.names.append(name)

    def make(self, spec, out):
        os.mkdir(out)
        command = ["vipsthumbnail", "--size", spec.size,
                   "--output", f"{out}/%s.{SAVER[:-1]},background=255,strip]"]
        if spec.crop != "none":
            command += ["--smartcrop", spec.crop]
        self.run_all(command + SAME_COLOURS, self.names)
        # A profile of RGB does not fit grey pixels: those are left as they are, as ours are.
        self.run_all(command, [name for number, name in enumerate(self.names)
                               if not existing(f"{out}/{number}.jpg")])
        return [existing(f"{out}/{number}.jpg") for number in range(len(self.files))]

    def run_all(self, command, names):
        for start in range(0, len(names), BATCH):
            batch = names[start:start + BATCH]
            if self.run(command + batch) < 0:
                for name in batch:
                    self.run(command + [name])

    @staticmethod
    def run(command):
        environment = dict(os.environ, VIPS_CONCURRENCY="1")
        return subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode


class Decoder:
    """thumbmill-decode, which drives the decoder beside it."""

    def __init__(self, program, files):
        self.program = program
        self.decoder = os.path.join(os.path.dirname(program), "thumbmill-decoder")
        self.files = files

    def make(self, specs, out):
        os.mkdir(out)
        command = [self.program, "-f", f".{SAVER}", "-m", specs[0].crop]
        for spec in specs:
            command += ["-s", spec.size]
        reply = subprocess.run(command + [self.decoder, out] + self.files, check=True,
                               stdout=subprocess.PIPE).stdout
        made = {int(line.split(b"\t")[0]) for line in reply.splitlines()
                if line.split(b"\t")[1] in (b"made", b"damaged")}
        return [[f"{out}/{number}.{index}" if number in made else None
                 for number in range(len(self.files))] for index in range(len(specs))]


class Pipeline:
    """thumbmill run, with the output names of its default template."""

    def __init__(self, program, folder, files):
        self.program = program
        self.folder = folder
        self.files = files

    def make(self, specs, out):
        command = [self.program, "run", "-q", "-f", SAVER, "-m", specs[0].crop, self.folder, out]
        for spec in specs:
            command += ["-s", spec.size]
        status = subprocess.run(command, check=False).returncode
        if status not in (0, 1):
            sys.exit(f"compare.py: {' '.join(command)}: exit status {status}")
        return [[existing(self.output(path, spec, specs, out)) for path in self.files]
                for spec in specs]

    def output(self, path, spec, specs, out):
        relative = os.path.relpath(path, self.folder)
        if not relative.lower().endswith((".jpg", ".jpeg")):
            relative += ".jpg"
        label = spec.size.rstrip("<>!") if len(specs) > 1 else ""
        return os.path.join(out, label, relative)


def existing(path):
    return path if os.path.exists(path) and os.path.getsize(path) else None


def psnr(ours, theirs):
    difference = ImageChops.difference(ours.convert("RGB"), theirs.convert("RGB"))
    bands = ImageStat.Stat(difference)
    mean_square = sum(bands.sum2) / sum(bands.count)
    return math.inf if mean_square == 0 else 10 * math.log10(255 ** 2 / mean_square)


def reason_for(path, kind, at_once):
    for pattern, what, only_at_once, why in INTENDED:
        if what == kind and fnmatch.fnmatch(path, pattern) and (at_once or not only_at_once):
            return why
    return None


class Table:
    def __init__(self, at_once):
        self.at_once = at_once
        self.wrong = 0
        self.intended = collections.Counter()
        print(f"{'spec':22} {'files':>6} {'both':>6} {'dims =':>6} {'min dB':>7} {'mean dB':>8} "
              f"{'<' + str(int(LIMIT_DB)):>5} {'ours':>5} {'theirs':>6}")

    def row(self, spec, files, ours, theirs):
        counts = collections.Counter()
        ratios = []
        for path, our, their in zip(files, ours, theirs):
            if our and their:
                self.pair(spec, path, our, their, counts, ratios)
            elif our or their:
                kind = "only ours" if our else "only theirs"
                counts[kind] += 1
                self.differs(spec, path, kind, kind)
        finite = [min(ratio, 99.0) for ratio in ratios]
        name = spec.size + ("" if spec.crop == "none" else f" -m {spec.crop}")
        print(f"{name:22} {len(files):6} {counts['both']:6} {counts['dims']:6} "
              f"{min(finite, default=0):7.2f} {sum(finite) / max(len(finite), 1):8.2f} "
              f"{counts['low']:5} {counts['only ours']:5} {counts['only theirs']:6}", flush=True)

    def pair(self, spec, path, our, their, counts, ratios):
        counts["both"] += 1
        with Image.open(our) as mine, Image.open(their) as other:
            if mine.size != other.size:
                self.differs(spec, path, "dimensions", f"{mine.size} and not {other.size}")
                return
            counts["dims"] += 1
            ratio = psnr(mine, other)
        ratios.append(ratio)
        if ratio < LIMIT_DB:
            counts["low"] += 1
            self.differs(spec, path, "pixels", f"{ratio:.2f} dB")

    def differs(self, spec, path, kind, text):
        why = reason_for(path, kind, self.at_once)
        if why:
            self.intended[why] += 1
        else:
            self.wrong += 1
            print(f"  {spec.size} -m {spec.crop}: {path}: {text}")


def compare(folder, arguments, table):
    with tempfile.TemporaryDirectory(prefix="compare-", dir=arguments.work) as work:
        files = images_below(folder)
        print(f"{folder}: {len(files)} files", flush=True)
        reference = Reference(files, work)
        side = (Pipeline(arguments.thumbmill, folder, files) if arguments.thumbmill
                else Decoder(arguments.decode, files))
        specs = [Spec(*text.split("/", 1)) for text in arguments.spec] or SPECS
        groups = [[spec] for spec in specs]
        if arguments.at_once:
            groups = [[spec for spec in specs if spec.crop == crop]
                      for crop in dict.fromkeys(spec.crop for spec in specs)]
        for number, group in enumerate(groups):
            ours = side.make(group, os.path.join(work, f"ours-{number}"))
            for index, spec in enumerate(group):
                theirs = reference.make(spec, os.path.join(work, f"theirs-{number}-{index}"))
                table.row(spec, files, ours[index], theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--thumbmill", metavar="PROGRAM")
    side.add_argument("--decode", metavar="PROGRAM")
    parser.add_argument("--at-once", action="store_true", help="all sizes from one decode")
    parser.add_argument("--spec", action="append", default=[], metavar="SIZE/CROP",
                        help="instead of the usual list: 256/none")
    parser.add_argument("--work", metavar="FOLDER",
                        help="for the thumbnails, which are removed (default: the temporary one)")
    parser.add_argument("folder", nargs="+")
    arguments = parser.parse_args()

    table = Table(arguments.at_once)
    for folder in arguments.folder:
        compare(folder, arguments, table)
    for why, count in table.intended.items():
        print(f"intended, {count} times: {why}")
    return 1 if table.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
