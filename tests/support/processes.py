"""Running programs as the tests see them: what they say, how they end, what /proc tells."""

import json
import os
import re
import select
import signal
import subprocess
import threading
import time

# Seconds that any one event may take: longer than any deadline of the protocol, on a machine that
# is busy with other tests. Nothing is asserted about how long something took.
PATIENCE = float(os.environ.get("THUMBMILL_TEST_PATIENCE", "120"))


class Process:
    """A running program: its lines as they come, its exit status."""

    def __init__(self, test, name, command, **how):
        self.name, self.test = name, test
        self.lines, self.output = [], b""
        self.news = threading.Condition()
        self.open_pipes = 2
        # setpriv: the program dies with this one, even if this one is killed.
        self.popen = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)
        self.pid = self.popen.pid
        test.say(name, "$ " + " ".join(os.fsdecode(word) for word in command))
        self.readers = [threading.Thread(target=self.read_lines),
                        threading.Thread(target=self.read_output)]
        for reader in self.readers:
            reader.start()

    def read_lines(self):
        for line in self.popen.stderr:
            text = line.decode("utf-8", "surrogateescape").rstrip("\n")
            self.test.say(self.name, text)
            with self.news:
                self.lines.append(text)
                self.news.notify_all()
        self.pipe_closed()

    def read_output(self):
        self.output = self.popen.stdout.read()
        self.pipe_closed()

    def pipe_closed(self):
        with self.news:
            self.open_pipes -= 1
            self.news.notify_all()

    def wait_line(self, pattern):
        """The first line, past or to come, that `pattern` is found in."""
        deadline = time.monotonic() + PATIENCE
        with self.news:
            while True:
                for line in self.lines:
                    if re.search(pattern, line):
                        return line
                left = deadline - time.monotonic()
                if self.open_pipes == 0 or left <= 0:
                    raise AssertionError(f"{self.name} never said {pattern!r}")
                self.news.wait(left)

    def wait(self):
        """Its exit status; 128 + n when signal n ended it."""
        try:
            status = self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end") from None
        for reader in self.readers:
            reader.join()
        self.test.say(self.name, f"exit status {status}")
        return status if status >= 0 else 128 - status

    def signal(self, number):
        self.test.say(self.name, f"is sent {signal.Signals(number).name}")
        self.popen.send_signal(number)

    def is_running(self):
        return self.popen.poll() is None

    def write(self, *paths):
        """Lines for a program that reads a list from its standard input."""
        for path in paths:
            self.popen.stdin.write(os.fsencode(path) + b"\n")
        self.popen.stdin.flush()

    def close_input(self):
        self.popen.stdin.close()

    @property
    def text(self):
        return "\n".join(self.lines)

    def json(self):
        return json.loads(self.output)

    def end(self):
        """Whatever it does: it is over."""
        if self.is_running():
            self.popen.kill()
        self.popen.wait()
        for reader in self.readers:
            reader.join()
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


def children(pid, name=None):
    """Process ids of the children of a process, of a program's name if given."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                text = stat.read()
            program = os.path.basename(os.readlink(f"/proc/{entry}/exe"))
        except OSError:
            continue
        # comm, in parentheses, may hold anything; what follows the last one does not.
        parent = int(text.rsplit(")", 1)[1].split()[1])
        if parent == pid and (name is None or program == name):
            found.append(int(entry))
    return found


def open_files(pid):
    """Paths that a process has open; none when it is gone."""
    found = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    except OSError:
        pass # it went, or that descriptor did
    return found


def wait_ended(pidfd):
    """Waits for the end of the process of a pidfd, and closes it."""
    ready, _, _ = select.select([pidfd], [], [], PATIENCE)
    os.close(pidfd)
    if not ready:
        raise AssertionError("a process does not end")


def kill(pid):
    """Kills a process; it is dead, its files are closed when this returns."""
    pidfd = os.pidfd_open(pid)
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    wait_ended(pidfd)


def peak_memory(pid):
    """Bytes that a process had resident at most so far."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise AssertionError(f"no VmHWM of {pid}")
