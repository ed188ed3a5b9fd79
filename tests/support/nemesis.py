"""What befalls a fleet: one seed, one sequence of blows.

Moments are counted in thumbnails that appeared, never in time, so that a seed strikes at the same
stage of the work on any machine. A killed part is started again at once, by the same command line.
"""

import random
import signal

from tests.support import preload
from tests.support.harness import Ports, children, kill
from tests.support.proxy import Proxy
from tests.support.watch import HeadView, Published

# Worker processes, besides one behind the cut wire.
WORKERS = ("ann", "bob")
WIRED = "eve"
FAR = "127.0.0.2" # where the cut wire begins
CONTROL, JOBS, RESULTS = 0, 1, 3

BLOWS = ("decoder", "worker", "freeze", "reset", "hole", "sink", "ventilator", "everything")


class Fleet:
    """Ventilator, sink and three workers on one run, and what may happen to them."""

    def __init__(self, test, source, dest, published):
        self.test, self.source, self.dest = test, source, dest
        self.published = published
        self.environment = preload.fast()
        self.view = HeadView(test.head)
        self.proxy = Proxy(FAR, "127.0.0.1",
                           [test.ports.base + port for port in (CONTROL, JOBS, RESULTS)])
        self.workers, self.struck = {}, set()
        self.start_all()

    def start_all(self):
        self.start_ventilator()
        self.start_sink()
        for name in (*WORKERS, WIRED):
            self.start_worker(name)

    def start_ventilator(self):
        self.ventilator = self.test.ventilator(self.source, self.dest, env=self.environment)

    def start_sink(self):
        self.sink = self.test.sink(env=self.environment)

    def start_worker(self, name):
        head = self.test.head.replace("127.0.0.1", FAR) if name == WIRED else self.test.head
        self.workers[name] = self.test.start(
            "worker", "--connect", head, "-j", "1", "--name", name, name=name,
            env=self.environment)

    def is_over(self):
        return not self.ventilator.is_running()

    # --- blows

    def strike(self, blow, rng):
        self.test.say("nemesis", f"{blow} after {len(self.published.names)} thumbnails")
        getattr(self, "strike_" + blow)(rng)

    def any_worker(self, rng):
        return self.workers[rng.choice(sorted(self.workers))]

    def strike_decoder(self, rng):
        decoders = children(self.any_worker(rng).pid, "thumbmill-decoder")
        if decoders:
            kill(rng.choice(sorted(decoders)))

    def strike_worker(self, rng):
        name = rng.choice(sorted(self.workers))
        self.end(self.workers[name])
        self.start_worker(name)

    def strike_freeze(self, rng):
        """Stopped until the head has given it up, then continued."""
        name = rng.choice(sorted(self.workers))
        self.workers[name].signal(signal.SIGSTOP)
        self.view.until(lambda _, workers: name not in workers)
        self.workers[name].signal(signal.SIGCONT)

    def strike_reset(self, _):
        self.proxy.reset()

    def strike_hole(self, _):
        self.proxy.hold()
        self.view.until(lambda _, workers: WIRED not in workers)
        self.proxy.let_go()

    def strike_sink(self, _):
        self.end(self.sink)
        self.start_sink()

    def strike_ventilator(self, _):
        self.end(self.ventilator)
        self.start_ventilator()

    def strike_everything(self, _):
        for process in (self.ventilator, self.sink, *self.workers.values()):
            process.signal(signal.SIGKILL)
        for process in (self.ventilator, self.sink, *self.workers.values()):
            process.wait()
        self.test.everything_died(self.dest)
        self.start_all()

    @staticmethod
    def end(process):
        process.signal(signal.SIGKILL)
        process.wait()

    # --- the end

    def finish(self):
        """Statuses of ventilator and sink, and the sink's summary."""
        statuses = self.ventilator.wait(), self.sink.wait()
        return statuses, self.sink.json() if self.sink.output else None

    def close(self):
        for process in (self.ventilator, self.sink, *self.workers.values()):
            process.end()
        self.proxy.close()
        self.view.close()


def schedule(seed, images):
    """[(thumbnails, blow)], in the order of the moments."""
    rng = random.Random(seed)
    blows = [rng.choice(BLOWS) for _ in range(rng.randint(1, 3))]
    # Two decoders killed over one image would be that image's end.
    while blows.count("decoder") > 1:
        blows.remove("decoder")
    return sorted((rng.randrange(images * 9 // 10), blow) for blow in blows), rng
