"""What is loaded into a program under test: a faster clock, a call that fails.

Each function gives the environment of one; `together` joins several.
"""

import os
import threading

from tests.support.harness import BIN, PATIENCE

INTERPOSE = os.path.join(BIN, "libthumbmill-interpose.so")
FAST_CLOCK = os.path.join(BIN, "libthumbmill-fast-clock.so")

# How much faster the protocol's leases and deadlines pass. More, and a busy machine's own pauses
# would look like dead workers.
TIME_SCALE = 5


def fast(scale=TIME_SCALE):
    return {"LD_PRELOAD": FAST_CLOCK, "THUMBMILL_TIME_SCALE": str(scale)}


def fault(what, below, seen):
    """`what`: KIND:N:ERRNO|KILL|STOP (tests/faults/interpose.c). `seen`: exists once it happened."""
    return {"LD_PRELOAD": INTERPOSE, "THUMBMILL_FAULT": what, "THUMBMILL_FAULT_BELOW": below,
            "THUMBMILL_FAULT_SEEN": seen}


def together(*environments):
    joined = {}
    for environment in environments:
        libraries = [joined.get("LD_PRELOAD"), environment.get("LD_PRELOAD")]
        joined.update(environment)
        joined["LD_PRELOAD"] = ":".join(filter(None, libraries))
    return joined


def wait_stopped(process):
    """Returns once a process has stopped itself."""
    flags = os.WSTOPPED | os.WEXITED | os.WNOWAIT
    found = []
    waiter = threading.Thread(
        target=lambda: found.append(os.waitid(os.P_PID, process.pid, flags)), daemon=True)
    waiter.start()
    waiter.join(PATIENCE)
    if not found or found[0].si_code != os.CLD_STOPPED:
        raise AssertionError(f"{process.name} did not stop: {found}")
