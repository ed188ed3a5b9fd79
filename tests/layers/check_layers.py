#!/usr/bin/python3
"""Checks that every #include of the tree keeps to the layers of docs/ARCHITECTURE.md.

An include points down, sideways only within one folder, never in a circle; a foreign library has
one home; roles never see each other; the decoder is a program of its own. Prints each include line
that does not, as FILE:LINE: WHY: LINE, and exits with 1.

    check_layers.py [ROOT]
"""

import fnmatch
import os
import re
import sys

FOLDERS = ("cli", "common", "ventilator", "worker", "sink", "bench", "tests")

# What a role is made of and what knows nothing of it: these parts see neither the role's own header
# nor the state its loop shares among its files.
PARTS = (
    "ventilator/sources*", "ventilator/walk*", "ventilator/ledger*", "ventilator/lookahead*",
    "ventilator/dest*", "ventilator/lexical*", "ventilator/list_reader*", "ventilator/trail*",
    "worker/decoder_*", "worker/admission*", "worker/capacity*", "worker/destination*",
    "worker/inspector*", "worker/publish*", "worker/source*", "worker/task*", "worker/trouble*",
    "sink/collection*", "sink/fingerprint*", "sink/record*", "sink/siphash*", "sink/tally*",
)
ROLE_STATE = ("ventilator/ventilator.h", "ventilator/head.h", "worker/worker.h",
              "worker/workshop.h", "sink/sink.h")

# Who is where, first match wins: pattern, layer, group. Within one layer, a file sees only its own
# group. Tests and benchmarks stand above everything.
LAYERS = (
    ("tests/*", 9, "tests"),
    ("bench/*", 9, "bench"),
    ("cli/*", 3, "cli"),
    ("worker/decoder/protocol.h", 0, "decoder protocol"),
    ("worker/decoder/*", 0, "decoder"),
    ("ventilator/*", 2, "ventilator"),
    ("worker/*", 2, "worker"),
    ("sink/*", 2, "sink"),
    ("common/wire*", 1, "wire"),
    ("common/channel*", 1, "channel"),
    ("common/*", 0, "values"),
)

# Whose group may be seen from below or beside, though it is another: (who includes, what).
BESIDE = {
    ("decoder", "values"),
    ("decoder", "decoder protocol"),
    ("decoder protocol", "values"),
}

# The decoder's own files are seen by nobody else; its protocol only by the worker.
PRIVATE = {"decoder": ("decoder",), "decoder protocol": ("decoder", "worker", "tests", "bench")}

ROLES = ("ventilator", "worker", "sink")

# Each foreign library has one home; tests and benchmarks may use them all.
FOREIGN = (
    (r"zmq.*\.h", ("common/channel*.c",)),
    (r"msgpuck\.h|msgpack.*\.h", ("common/wire*.c",)),
    (r"(vips/.*|glib.*|gobject/.*)",
     tuple(f"worker/decoder/{noun}.[ch]"
           for noun in ("lane_vips", "loader", "messages", "resize", "saver"))),
    (r"(jpeglib|turbojpeg|jerror)\.h", ("worker/decoder/lane_jpeg*",)),
    (r"sqlite3\.h", ("sink/record*.[ch]",)),
    (r"(sodium|curve).*\.h", ()),
    (r"cmocka\.h", ()),
)

# Pure cores do no I/O, take no lock, read no clock.
PURE = (
    "common/address.c", "common/image_format.c", "common/job.c", "common/naming.c",
    "common/size_spec.c", "common/summary.c", "common/text.c", "common/wire*.c",
    "ventilator/ledger*.c", "ventilator/lookahead.c", "sink/tally.c",
)
IMPURE = re.compile(r"(pthread|threads|unistd|fcntl|time|dirent)\.h|sys/(?!types|param|un)")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def matches(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def place(path):
    """(layer, group) of a file."""
    for pattern, layer, group in LAYERS:
        if fnmatch.fnmatchcase(path, pattern):
            return layer, group
    raise ValueError(f"{path}: in no layer; add it to tests/layers/check_layers.py")


def sources(root):
    """Paths of all C files below root, relative to it."""
    for folder in FOLDERS:
        for where, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(where, name), root)


def includes(root, path):
    """(line number, line, is it quoted, target) of each include of a file."""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if found:
                yield number, line.strip(), found.group(1) == '"', found.group(2)


def wrong_foreign(path, target):
    """Why this file must not include <target>, or None."""
    if path.startswith(("tests/", "bench/")):
        return None
    for pattern, homes in FOREIGN:
        if re.fullmatch(pattern, target) and not matches(path, homes):
            return f"its home is {' '.join(homes) or 'tests/'}"
    if matches(path, PURE) and IMPURE.match(target):
        return "a pure core does no I/O, takes no lock, reads no clock"
    return None


def wrong_own(root, path, target):
    """Why this file must not include "target", or None."""
    if not os.path.exists(os.path.join(root, target)):
        return "not a file; includes are relative to the project's root"
    layer, group = place(path)
    target_layer, target_group = place(target)
    if group in ("tests", "bench"):
        return None
    if target_group in PRIVATE:
        if group not in PRIVATE[target_group]:
            return f"only {' '.join(PRIVATE[target_group])} may see the {target_group}"
        return None
    if group in ROLES and target_group in ROLES and group != target_group:
        return "roles never see each other"
    if target in ROLE_STATE and matches(path, PARTS):
        return "a part of a role knows nothing of the role"
    if target_layer > layer:
        return f"layer {layer} includes layer {target_layer} above it"
    if target_layer == layer and target_group != group and (group, target_group) not in BESIDE:
        return f"{group} and {target_group} are unaware of each other"
    return None


def circles(edges):
    """Headers that include each other in a circle, each circle once, as a list of paths."""
    found, done = [], set()

    def visit(path, trail):
        if path in trail:
            found.append(trail[trail.index(path):] + [path])
        elif path not in done:
            for target in edges.get(path, ()):
                visit(target, trail + [path])
            done.add(path)

    for path in sorted(edges):
        visit(path, [])
    return found


def check(root):
    """Every violation, as a printable line."""
    problems, edges = [], {}
    for path in sources(root):
        for number, line, quoted, target in includes(root, path):
            why = wrong_own(root, path, target) if quoted else wrong_foreign(path, target)
            if why:
                problems.append(f"{path}:{number}: {why}: {line}")
            if quoted:
                edges.setdefault(path, []).append(target)
    problems += ["a circle of includes: " + " -> ".join(circle) for circle in circles(edges)]
    return problems


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")
    problems = check(root)
    print("\n".join(problems) or "layers: every include points down")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
