#!/usr/bin/python3
"""Nothing to do: how fast a second run finds that every thumbnail is fresh, and in how much memory.

Makes FILES tiny images in folders of a thousand, thumbnails them once (with a decoder that only
writes a few bytes: the pixels do not matter here), and runs the same command line again, three
times. The decoder program of those runs is one that leaves a file behind, so that it is seen that
none was started.

  bench/fresh.py [FILES]     default 200000; programs from build/dev/bin or $THUMBMILL_BIN
"""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.abspath(os.environ.get("THUMBMILL_BIN", os.path.join(ROOT, "build", "dev", "bin")))
RUNS = 3
PER_FOLDER = 1000


def run(images, dest, decoder):
    """(summary, peak memory of thumbmill in MB) of one `thumbmill run`."""
    reader, writer = os.pipe()
    pid = os.posix_spawn(os.path.join(BIN, "thumbmill"),
                         ["thumbmill", "run", "-q", "--progress", "none", "--json", "-", images,
                          dest], {**os.environ, "THUMBMILL_DECODER": decoder},
                         file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
    os.close(writer)
    with open(reader, encoding="utf-8") as output:
        summary = json.load(output)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"fresh: thumbmill ended with {os.waitstatus_to_exitcode(status)}")
    return summary, usage.ru_maxrss / 1024


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
    with tempfile.TemporaryDirectory() as folder:
        images, dest = os.path.join(folder, "images"), os.path.join(folder, "thumbs")
        subprocess.run([os.path.join(BIN, "thumbmill-samples"), "tiny", images, str(count),
                        str(PER_FOLDER)], check=True)
        seen = os.path.join(folder, "started")
        tattler = os.path.join(folder, "decoder")
        with open(tattler, "w", encoding="ascii") as script:
            script.write(f"#!/bin/sh\n: > '{seen}'\nexit 1\n")
        os.chmod(tattler, 0o755)
        summary, memory = run(images, dest, os.path.join(BIN, "thumbmill-fake-decoder"))
        print(f"{'run':8} {'files':>9} {'made':>9} {'fresh':>9} {'seconds':>9} {'files/s':>9} "
              f"{'memory':>9}")
        for name in ("first", *["again"] * RUNS):
            if name == "again":
                summary, memory = run(images, dest, tattler)
            print(f"{name:8} {summary['enumerated']:9} {summary['made']:9} {summary['fresh']:9} "
                  f"{summary['elapsed_s']:9.2f} {summary['enumerated'] / summary['elapsed_s']:9.0f} "
                  f"{memory:6.0f} MB", flush=True)
        size = os.path.getsize(os.path.join(dest, ".thumbmill", "record.sqlite"))
        print(f"record: {size / count:.0f} bytes an image; decoders started in the runs again: "
              f"{'yes' if os.path.exists(seen) else 'none'}")


if __name__ == "__main__":
    main()
