"""Mounts of a test's own, where the system lets us make them; elsewhere the test says it skips."""

import os
import subprocess


def mount(test, where, *arguments):
    """mount ARGUMENTS WHERE, undone when the test ends."""
    os.makedirs(where, exist_ok=True)
    done = subprocess.run(["mount", *arguments, where], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        test.skipTest(f"cannot mount here: {done.stderr.strip()}")
    test.addCleanup(subprocess.run, ["umount", "--lazy", where], capture_output=True, check=False)


def small_disk(test, where, size):
    """An empty file system of so many bytes."""
    mount(test, where, "-t", "tmpfs", "-o", f"size={size}", "thumbmill-test")


def remount(where, options):
    subprocess.run(["mount", "-o", f"remount,{options}", where], check=True)


def unmount(where):
    """As an administrator would whose users are still there."""
    subprocess.run(["umount", "--lazy", where], check=True)


def fill(folder):
    """Leaves no byte free; returns the path of the file that takes them."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while filler.write(b"\0" * size):
                    pass
            except OSError:
                pass # full for a piece of this size
    return path
