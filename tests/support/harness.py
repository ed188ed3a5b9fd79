"""Drives the real programs, on addresses of this machine only.

A test starts processes (`start`), waits for what they say (`wait_line`) or for what `thumbmill
status` tells of them (`until`), and asserts on exit statuses, summaries and files. Nothing here
sleeps: every wait is for an event, and gives up after PATIENCE. When a test fails, the whole
dialogue of its processes is printed. Every process started is ended, by its pid.
"""

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

# pylint: disable=unused-import # what a test needs of processes comes through the harness
from tests.support.processes import (PATIENCE, Process, children, kill, open_files, peak_memory,
                                     wait_ended)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("THUMBMILL_BIN", os.path.join(ROOT, "build", "dev", "bin")))
THUMBMILL = os.path.join(BIN, "thumbmill")
# Environment of a program whose decoders do what the first line of an image says
# (tests/support/fake_decoder.c).
FAKE = {"THUMBMILL_DECODER": os.path.join(BIN, "thumbmill-fake-decoder")}

# The keys of the summary (thumbmill(1)), word for word.
SUMMARY_KEYS = {
    "version", "run", "sources", "dest", "enumerated", "made", "damaged", "fresh", "failed",
    "quarantined", "pending", "ignored", "walk_errors", "outputs", "retries", "duplicates",
    "returns", "elapsed_s", "images_per_s", "bytes_in", "bytes_out", "pixels_in", "latency_ms",
    "stage_ms", "workers", "interrupted"}
STATES = ("made", "damaged", "fresh", "failed", "quarantined", "pending")


def corpora():
    """Folder of images of others, or None (then the tests that want it say that they skip)."""
    path = os.environ.get("THUMBMILL_CORPORA", os.path.join(ROOT, "..", "shared", "corpora"))
    return os.path.abspath(path) if os.path.isdir(path) else None


class Ports:
    """Five consecutive free tcp ports below the ephemeral range, ours while the object lives.

    Other test programs run beside this one: a lock on a file a block keeps them apart.
    """

    COUNT = 5
    FIRST, LAST = 20000, 32000

    def __init__(self):
        folder = os.path.join(tempfile.gettempdir(), f"thumbmill-ports-{os.getuid()}")
        os.makedirs(folder, exist_ok=True)
        for base in range(self.FIRST + os.getpid() % 100 * 10, self.LAST, 10):
            self.lock = open(os.path.join(folder, str(base)), "w", encoding="ascii")
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if all(self.is_free(base + n) for n in range(self.COUNT)):
                    self.base = base
                    return
            except BlockingIOError:
                pass
            self.lock.close()
        raise RuntimeError("no five free ports in a row")

    @staticmethod
    def is_free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
            return True

    def close(self):
        self.lock.close()


class Gate:
    """A fifo that a decoder waits at (WAIT in its image) until the test lets it through."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(self.path)
        self.image = b"WAIT " + os.fsencode(self.path) + b"\n"
        self.end = None

    def wait_reached(self):
        """Returns once a decoder stands there: only then a fifo opens for writing."""
        opener = threading.Thread(target=self.open, daemon=True)
        opener.start()
        opener.join(PATIENCE)
        if self.end is None:
            raise AssertionError("no decoder ever came to the gate")

    def open(self):
        self.end = os.open(self.path, os.O_WRONLY)

    def who_waits(self, parent):
        """The child of a process that stands here (its open() returns a moment after ours)."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for pid in children(parent):
                if self.path in open_files(pid):
                    return pid
            os.sched_yield()
        raise AssertionError("nobody stands at the gate")

    def let_through(self):
        os.close(self.end)
        self.end = None

    def next(self):
        """A new gate in this one's place: who stands here stays, who comes later stands there."""
        os.unlink(self.path)
        return Gate(self.path)


class MillTest(unittest.TestCase):
    """One test: a folder of its own, ports of its own, processes that end with it."""

    maxDiff = None

    def run(self, result=None):
        self.dialogue = []
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad:
            print(f"--- dialogue of {self.id()}", *self.dialogue, "---",
                  sep="\n", file=sys.stderr, flush=True)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="thumbmill-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.processes = []
        self.addCleanup(self.end_processes)
        self.ports = None

    def end_processes(self):
        for process in reversed(self.processes):
            process.end()
        if self.ports:
            self.ports.close()

    def say(self, who, text):
        self.dialogue.append(f"{time.monotonic() % 1000:8.3f} {who}: {text}"
                             .encode("utf-8", "backslashreplace").decode())

    # --- places

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def images(self):
        """The source folder, made when first asked for."""
        os.makedirs(self.path("images"), exist_ok=True)
        return self.path("images")

    @property
    def dest(self):
        return self.path("thumbnails")

    @property
    def head(self):
        """host:port of control."""
        if not self.ports:
            self.ports = Ports()
        return f"127.0.0.1:{self.ports.base}"

    # --- processes

    def start(self, *arguments, name=None, env=None, **how):
        """Starts `thumbmill ARGUMENTS`."""
        count = sum(1 for process in self.processes if process.name.startswith(arguments[0]))
        process = Process(self, name or f"{arguments[0]}{count or ''}", [THUMBMILL, *arguments],
                          env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, **how)
        self.processes.append(process)
        return process

    def ended(self, *arguments, **how):
        """Runs `thumbmill ARGUMENTS` to its end: (process, exit status)."""
        process = self.start(*arguments, stdin=subprocess.DEVNULL, **how)
        return process, process.wait()

    def summary_of(self, *arguments, expect=0, **how):
        """The summary of `thumbmill run --json - ARGUMENTS`, which obeys the laws of summaries."""
        process, status = self.ended("run", "--json", "-", *arguments, **how)
        self.assertEqual(status, expect, process.text)
        return self.check_summary(process.json())

    def fed_run(self, *arguments, **how):
        """A run that does the paths the test writes to it: the test decides when work goes on."""
        return self.start("run", "--json", "-", "--files-from", "-", "--base", self.images(),
                          *arguments, self.dest, stdin=subprocess.PIPE, **how)

    def ventilator(self, *arguments, **how):
        return self.start("ventilator", "--bind", self.head, *arguments, **how)

    def fed_ventilator(self, *arguments, **how):
        return self.ventilator("--files-from", "-", "--base", self.images(), *arguments, self.dest,
                               stdin=subprocess.PIPE, **how)

    def sink(self, *arguments, **how):
        return self.start("sink", "--connect", self.head, "--json", "-", *arguments,
                          stdin=subprocess.DEVNULL, **how)

    def worker(self, name="worker", *arguments, slots=1, **how):
        return self.start("worker", "--connect", self.head, "-j", str(slots), "--name", name,
                          *arguments, name=name, stdin=subprocess.DEVNULL, **how)

    # --- what the head tells

    def status(self):
        """The reply to `thumbmill status --json`, or None while there is no head."""
        answer = subprocess.run([THUMBMILL, "status", "--connect", self.head, "--json"],
                                capture_output=True, timeout=PATIENCE, check=False)
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def until(self, what, condition):
        """Asks for the status until condition(status) holds, and returns that status."""
        deadline = time.monotonic() + PATIENCE
        status = None
        while time.monotonic() < deadline:
            status = self.status()
            if status and condition(status):
                self.say("status", f"{what}: {json.dumps(status)}")
                return status
        raise AssertionError(f"waited in vain for {what}; last status: {status}")

    # --- assertions

    def check_summary(self, summary):
        self.assertEqual(set(summary), SUMMARY_KEYS)
        self.assertEqual(sum(summary[state] for state in STATES), summary["enumerated"], summary)
        if not summary["interrupted"]:
            self.assertEqual(summary["pending"], 0, summary)
        return summary

    def counts(self, summary):
        """What must not depend on how the work was shared out."""
        return {key: summary[key]
                for key in (*STATES, "enumerated", "ignored", "walk_errors", "outputs", "bytes_in",
                            "bytes_out", "pixels_in")}

    def tree(self, folder=None):
        """Every file below a folder and the digest of its bytes; .thumbmill is left out."""
        files = {}
        top = os.fsencode(folder or self.dest)
        for where, folders, names in os.walk(top):
            if where == top and b".thumbmill" in folders:
                folders.remove(b".thumbmill")
            for name in names:
                path = os.path.join(where, name)
                with open(path, "rb") as data:
                    files[os.path.relpath(path, top)] = hashlib.sha256(data.read()).hexdigest()
        return files

    def assert_nothing_left_over(self, dest=None):
        """No temporary file of ours is below DEST."""
        left = []
        for where, _, names in os.walk(os.path.join(dest or self.dest, ".thumbmill", "tmp")):
            left += [os.path.join(where, name) for name in names]
        self.assertEqual(left, [])

    def one_line(self, process):
        """The only line a program said."""
        self.assertEqual(len(process.lines), 1, process.text)
        return process.lines[0]
