#!/usr/bin/python3
"""A worker of thumbmill, written from docs/PROTOCOL.md alone: JPEG outputs, default names, no crop.

    python_worker.py HOST:PORT SLOTS
"""

import errno
import os
import queue
import secrets
import shutil
import socket
import sys
import threading
import time

import msgpack
import zmq
from PIL import Image, ImageOps

HELLO, WELCOME, REFUSED, WHO, JOB, TAKEN, RETURN, DONE, BEAT, ALIVE = range(1, 11)
CANCEL, END, RESULT = 13, 22, 23
FULL, TROUBLE, MISSING = 0, 2, 5  # reasons of a RETURN
MADE, FAILED = 1, 4
SHRINK, ENLARGE, FORCE, FREE = 1, 2, 3, 10000000
LEASE, HEAD_TIMEOUT = 3.0, 60.0
FORMATS = {"JPEG": 2, "PNG": 4, "WEBP": 8, "GIF": 16}
MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.EMFILE}


class Run:
    """What WELCOME says, and how an image of it is made. Used by the slots."""

    def __init__(self, incarnation, fields):
        options, self.dest, self.roots, self.token = *fields[:3], fields[6]
        (self.sizes, crop, output, form, background, self.rotate, _, _, _,
         self.max_pixels, _, _, self.allow, _) = options[:14]
        self.fit = not crop and not output and form.split(b"[")[0] == b"jpg"
        self.background = (*background, 255)
        self.tmp = os.path.join(self.dest, b".thumbmill/tmp/%016x" % incarnation)
        self.lease_until = 0.0

    def trouble(self):
        """Words, empty when all is well."""
        try:
            with open(os.path.join(self.dest, b".thumbmill/token"), "rb") as token:
                seen = token.read() == self.token and all(map(os.path.isdir, self.roots))
        except OSError:
            seen = False
        return (b"it makes JPEG under default names, without crop" if not self.fit else
                b"DEST or a source root is not here" if not seen else b"")

    def load(self, root, path):
        top = os.path.realpath(self.roots[root]).rstrip(b"/") + b"/"
        full = os.path.realpath(top + path)
        if b".." in path.split(b"/") or not full.startswith(top):
            raise ValueError("its path leads out of its source folder")
        if os.path.exists(full) and not os.path.isfile(full):
            raise ValueError("is not a regular file")
        image = Image.open(full)
        width, height = image.size
        if not FORMATS.get(image.format, 0) & self.allow or width * height > self.max_pixels:
            raise ValueError("its format is not allowed, or it has too many pixels")
        if self.rotate:
            image = ImageOps.exif_transpose(image)
        if image.mode in ("RGBA", "LA", "P", "PA"):
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, self.background), image)
        return image.convert("RGB"), width, height, os.path.getsize(full)

    def place(self, path, label):
        if not path.lower().endswith((b".jpg", b".jpeg", b".jpe", b".jfif")):
            path += b".jpg"
        return os.path.join(self.dest, label if len(self.sizes) > 1 else b"", path)

    def make(self, job, attempt, root, _size, _mtime, path):
        """The fields of RESULT from state on, or None when the lease is over."""
        began = time.monotonic()
        image, width, height, size = self.load(root, path)
        outputs, names = [], []
        os.makedirs(self.tmp, exist_ok=True)
        for number, (right, bottom, mode, label) in enumerate(self.sizes):
            scale = min(right / image.width, bottom / image.height)
            scale = {SHRINK: min(scale, 1), ENLARGE: max(scale, 1)}.get(mode, scale)
            wanted = [max(1, round(side * scale)) for side in image.size]
            if mode == FORCE:
                wanted = [box if box < FREE else side
                          for box, side in zip((right, bottom), image.size)]
            aside = os.path.join(self.tmp, b"%d-%d-%d" % (job, attempt, number))
            image.resize(wanted, Image.Resampling.LANCZOS, reducing_gap=2).save(aside, "JPEG")
            names.append((aside, self.place(path, label)))
            outputs.append([*wanted, os.stat(aside).st_size, os.stat(aside).st_mtime_ns])
        if time.monotonic() >= self.lease_until or self.trouble():
            return None
        for aside, name in names:
            os.makedirs(os.path.dirname(name), exist_ok=True)
            os.rename(aside, name)
        spent = int((time.monotonic() - began) * 1e6)
        return [MADE, width, height, size, spent, spent, [0, spent, 0, 0, 0], outputs, b"", b""]

    def settle(self, job):
        """(fields of RESULT, None), or (None, fields of RETURN behind the attempt but the room)."""
        try:
            made = self.make(*job)
            return (made, None) if made else (None, (FULL, b"its lease ran out"))
        except FileNotFoundError:
            return None, (MISSING, b"no such file")
        except Exception as error:  # whatever PIL finds in an image is the image's own failure
            words = str(error).encode(errors="replace").replace(b"\0", b"")[:500]
            if isinstance(error, MemoryError) or getattr(error, "errno", None) in MACHINE:
                return None, (TROUBLE, words)
            return [FAILED, 0, 0, 0, 0, 0, [0] * 5, [], words, b""], None


class Worker:
    """The one thread that owns the sockets."""

    def __init__(self, head, slots):
        self.host, _, port = head.rpartition(":")
        self.name, self.slots = socket.gethostname()[:70].encode() + b"-py", slots
        self.incarnation = secrets.randbits(63) | 1
        self.context, self.poller = zmq.Context(), zmq.Poller()
        self.control = self.connect(zmq.DEALER, self.host, port)
        self.jobs = self.results = self.run = None
        self.ids, self.held, self.outbox = [0, 0], set(), []
        self.words, self.heard, self.due = b"", time.monotonic(), 0.0
        self.todo, self.settled = queue.Queue(), queue.Queue()
        self.bell, self.ringer = socket.socketpair()  # rings once for each settled job
        self.poller.register(self.bell, zmq.POLLIN)
        for _ in range(slots):
            threading.Thread(target=self.slot, daemon=True).start()

    def connect(self, kind, host, port):
        channel = self.context.socket(kind)
        channel.linger, channel.maxmsgsize, channel.rcvhwm = 2000, 8 << 20, 1000
        if kind == zmq.PULL:
            channel.rcvhwm, channel.rcvbuf = 1, 4096
        if kind == zmq.PUSH:
            channel.immediate = 1
        channel.connect(f"tcp://{host}:{port}")
        self.poller.register(channel, 0 if kind == zmq.PUSH else zmq.POLLIN)
        return channel

    def slot(self):
        while True:
            run, job = self.todo.get()
            self.settled.put((run, job, *run.settle(job)))
            self.ringer.send(b"!")

    def frame(self, kind, *fields):
        return msgpack.packb([1, kind, *self.ids, self.incarnation, *fields])

    def say(self, kind, *fields):
        self.control.send(self.frame(kind, *fields))

    def capacity(self):
        return 0 if self.words else 2 * self.slots

    def hello(self):
        self.say(HELLO, 0, self.name, self.slots, self.capacity(), self.words, b"", 0, False)

    def give_back(self, number, reason, words):
        self.say(RETURN, *number, reason, max(0, self.capacity() - len(self.held)), words)

    def tick(self, now):
        if now - self.heard > HEAD_TIMEOUT:
            sys.exit("no head")
        self.due = now + (1.0 if self.run else 0.5)
        if self.run:
            self.words = self.run.trouble()
            held = [[*number, True] for number in self.held]
            self.say(BEAT, int(now * 1e6), self.capacity(), self.words, held, [0] * 6, 0)
        else:
            self.hello()

    def welcome(self, ids, fields):
        if self.ids != ids:
            self.ids, self.held, self.outbox = ids, set(), []
            self.run = Run(self.incarnation, fields)
        for old in (self.jobs, self.results):
            if old:
                self.poller.unregister(old)
                old.close()
        self.jobs = self.connect(zmq.PULL, self.host, fields[3])
        self.results = self.connect(zmq.PUSH, fields[4].decode() or self.host, fields[5])
        self.due = 0.0  # a BEAT now: its ALIVE is the first lease

    def take(self, job):
        number = tuple(job[:2])
        if number in self.held:
            return
        if len(self.held) >= self.capacity():
            self.give_back(number, TROUBLE if self.words else FULL, self.words)
            return
        self.held.add(number)
        self.say(TAKEN, [number])
        self.todo.put((self.run, job))

    def obey(self, frame):
        version, kind, run, epoch, _, *fields = msgpack.unpackb(frame, raw=True)
        self.heard = time.monotonic()
        if version != 1 or kind == REFUSED:
            sys.exit(f"refused: {fields}")
        if kind == END:
            if self.run:
                shutil.rmtree(self.run.tmp, ignore_errors=True)
            sys.exit(0)
        if kind == WELCOME:
            self.welcome([run, epoch], fields)
        elif kind == WHO:
            self.hello()
        elif [run, epoch] != self.ids:
            return
        elif kind == JOB:
            self.take(fields[:6])
        elif kind == ALIVE and fields[0]:
            self.run.lease_until = max(self.run.lease_until, fields[0] / 1e6 + LEASE)
        elif kind == CANCEL:
            self.held -= {tuple(number) for number in fields[0]}

    def collect(self):
        self.bell.recv(1)
        run, job, result, returned = self.settled.get()
        number = tuple(job[:2])
        if run is not self.run or number not in self.held:
            return  # of an earlier run, or cancelled
        if result:
            self.outbox.append((number, self.frame(RESULT, self.name, self.slots, *job, *result)))
        else:
            self.held.discard(number)
            self.give_back(number, *returned)

    def send_results(self):
        try:
            while self.outbox:
                number, frame = self.outbox[0]
                self.results.send(frame, zmq.DONTWAIT)
                self.outbox.pop(0)
                self.held.discard(number)
                self.say(DONE, [number])
        except zmq.Again:
            pass
        if self.results:  # wake when the sink takes more
            self.poller.register(self.results, zmq.POLLOUT if self.outbox else 0)

    def loop(self):
        while True:
            if time.monotonic() >= self.due:
                self.tick(time.monotonic())
            ready = dict(self.poller.poll(max(0.0, 1000 * (self.due - time.monotonic()))))
            if self.bell.fileno() in ready:
                self.collect()
            for channel in (self.control, self.jobs):
                if channel in ready:
                    self.obey(channel.recv())
            self.send_results()


if __name__ == "__main__":
    Worker(sys.argv[1], int(sys.argv[2])).loop()
