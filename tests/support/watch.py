"""What a test waits for while a run goes on: thumbnails that appear, workers that are given up."""

import ctypes
import os
import secrets
import select
import struct
import time

import msgpack
import zmq

from tests.support.harness import PATIENCE

LIBC = ctypes.CDLL(None, use_errno=True)
IN_MOVED_TO = 0x80 # <sys/inotify.h>
EVENT = struct.Struct("iIII") # its watch, mask, cookie, length of the name behind it
EVENTS_SIZE = 65536


class Published:
    """Counts the names that were ever renamed into a folder, as they appear."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.fd = LIBC.inotify_init1(os.O_CLOEXEC)
        if self.fd < 0 or LIBC.inotify_add_watch(self.fd, os.fsencode(folder), IN_MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.names = set()

    def wait(self, count):
        """Returns once so many different names are there."""
        deadline = time.monotonic() + PATIENCE
        while len(self.names) < count:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"{len(self.names)} of {count} thumbnails ever appeared")
            events, at = os.read(self.fd, EVENTS_SIZE), 0
            while at < len(events):
                *_, length = EVENT.unpack_from(events, at)
                at += EVENT.size + length
                self.names.add(events[at - length:at].rstrip(b"\0"))

    def close(self):
        os.close(self.fd)


class HeadView:
    """Asks a head for its status over control (docs/PROTOCOL.md), much faster than a program."""

    STATUS_WANTED, STATUS = 24, 25
    ANSWER_MS = 500

    def __init__(self, head):
        self.endpoint = f"tcp://{head}"
        self.context = zmq.Context()
        self.socket = None

    def ask(self):
        """(a sink is there, names of the workers), or None when nobody answers."""
        if not self.socket:
            self.socket = self.context.socket(zmq.DEALER)
            self.socket.linger = 0
            self.socket.connect(self.endpoint)
        self.socket.send(msgpack.packb([1, self.STATUS_WANTED, 0, 0, secrets.randbits(63) | 1]))
        if self.socket.poll(self.ANSWER_MS):
            _, kind, _, _, _, *fields = msgpack.unpackb(self.socket.recv(), raw=True)
            if kind == self.STATUS:
                return fields[7], {worker[0].decode() for worker in fields[9]}
        self.socket.close()
        self.socket = None
        return None

    def until(self, condition):
        """Returns once condition(a sink is there, workers) holds, or nobody answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.ask()
            if answer is None or condition(*answer):
                return
        raise AssertionError(f"waited in vain at the head; it says {answer}")

    def close(self):
        self.context.destroy(linger=0)
