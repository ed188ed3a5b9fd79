#!/usr/bin/python3
"""Dispatch in real time: real programs over tcp, with decoders that wait instead of decoding.

Each image says how long its decoder waits (tests/support/fake_decoder.c: WORK ms; log-normal, as
real image collections are), so the machine's cores do not matter and the best possible time is
known: all the waiting, divided by all the slots. Printed for each fleet is the share of that which
the whole run reached, the tail of the run included, and what it cost in returns.

  bench/dispatch.py [JOBS_A_SLOT]     default 40; programs from build/dev/bin or $THUMBMILL_BIN
"""

import json
import os
import random
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.abspath(os.environ.get("THUMBMILL_BIN", os.path.join(ROOT, "build", "dev", "bin")))
THUMBMILL = os.path.join(BIN, "thumbmill")
FAKE = {**os.environ, "THUMBMILL_DECODER": os.path.join(BIN, "thumbmill-fake-decoder")}
PORT = 21750
FLEETS = {
    "8, 8, 8, 8 slots": (8, 8, 8, 8),
    "2, 2, 16, 16 slots": (2, 2, 16, 16),
    "1, 2, 4, 8, 16 slots": (1, 2, 4, 8, 16),
}
MEDIAN_MS, SIGMA, LONGEST_MS = 30, 0.9, 400


def make_images(folder, count):
    """Writes `count` images; returns the milliseconds they take in all."""
    draw = random.Random(1)
    total = 0
    for number in range(count):
        wait = max(1, min(LONGEST_MS, round(MEDIAN_MS * draw.lognormvariate(0, SIGMA))))
        total += wait
        with open(os.path.join(folder, f"{number:06}.jpg"), "w", encoding="ascii") as image:
            # Padded to a size that goes with the time, as larger images take longer.
            image.write(f"WORK {wait}\n" + " " * wait * 100)
    return total


def run_fleet(slots, images, dest):
    """The sink's summary of one run by workers of so many slots, all up before it starts."""
    head = f"127.0.0.1:{PORT}"
    quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": FAKE}
    ventilator = subprocess.Popen([THUMBMILL, "ventilator", "--bind", head, "--hold", images, dest],
                                  stdout=subprocess.DEVNULL, **quiet)
    sink = subprocess.Popen([THUMBMILL, "sink", "--connect", head, "--json", "-"],
                            stdout=subprocess.PIPE, **quiet)
    workers = [subprocess.Popen([THUMBMILL, "worker", "--connect", head, "-j", str(count)],
                                stdout=subprocess.DEVNULL, **quiet) for count in slots]
    while True:
        status = subprocess.run([THUMBMILL, "status", "--connect", head, "--json"],
                                capture_output=True, check=True).stdout
        if len(json.loads(status)["workers"]) == len(slots):
            break
    subprocess.run([THUMBMILL, "start", "--connect", head], check=True, capture_output=True)
    summary = json.loads(sink.communicate()[0])
    for process in (ventilator, *workers):
        process.wait()
    return summary


def main():
    jobs_a_slot = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    print(f"{'fleet':24} {'jobs':>6} {'at best':>8} {'took':>8} {'share':>6} {'returns a job':>14}")
    for name, slots in FLEETS.items():
        with tempfile.TemporaryDirectory() as folder:
            images = os.path.join(folder, "images")
            os.mkdir(images)
            count = jobs_a_slot * sum(slots)
            best = make_images(images, count) / 1000 / sum(slots)
            summary = run_fleet(slots, images, os.path.join(folder, "out"))
            if summary["made"] != count:
                sys.exit(f"dispatch: {summary['made']} of {count} images made")
            took = summary["elapsed_s"]
            print(f"{name:24} {count:6} {best:6.2f} s {took:6.2f} s {best / took:6.3f} "
                  f"{summary['returns'] / count:14.2f}", flush=True)


if __name__ == "__main__":
    main()
