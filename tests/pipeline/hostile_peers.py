"""Strangers at every port, while a run goes on: they get nothing, break nothing, delay nothing."""

import random
import socket
import unittest

import msgpack
import zmq

from tests.support import images
from tests.support.harness import MillTest

CONTROL, JOBS, FILES, RESULTS, STATS = range(5)
MESSAGE_TYPES = 40 # more than there are


def frames(rng):
    """Frames that are no messages, or nearly."""
    yield b""
    yield b"\xc1" # never valid MessagePack
    yield b"\xdd\xff\xff\xff\xff" # an array of four thousand million
    yield b"\xdb\xff\xff\xff\xf0short"
    yield b"\x91" * 2000 # nested deeper than any message
    for kind in range(MESSAGE_TYPES):
        yield msgpack.packb([1, kind])
        yield msgpack.packb([1, kind, 0, 0, 0])
        yield msgpack.packb([1, kind, 2**64 - 1, 2**64 - 1, 1, *[2**63] * 20])
        yield msgpack.packb([1, kind, 1, 1, 1, "x" * 3000, [], {}, None, -1, 1.5, [[]] * 50])
        yield msgpack.packb([1, kind, 1, 1, 1, [[1, 1]] * 3000])
    for _ in range(300):
        yield rng.randbytes(rng.randrange(200))


class Strangers(MillTest):
    def setUp(self):
        super().setUp()
        self.paths = images.many(self.images(), 300)
        self.context, self.peers = zmq.Context(), []
        self.addCleanup(self.context.destroy, linger=0)
        self.ventilator_process = self.fed_ventilator()
        self.sink_process = self.sink()
        self.worker_process = self.worker(slots=2)
        self.feed(20)
        self.until("the run is under way", lambda status: status["made"] == 20)

    def feed(self, count):
        self.ventilator_process.write(*self.paths[:count])
        del self.paths[:count]

    def stranger(self, kind, port, *sockopts):
        peer = self.context.socket(kind)
        for option, value in sockopts:
            peer.setsockopt(option, value)
        self.peers.append(peer)
        peer.connect(f"tcp://127.0.0.1:{self.ports.base + port}")
        return peer

    def finish(self):
        """The rest of the images, and everybody content."""
        self.feed(len(self.paths))
        self.ventilator_process.close_input()
        everyone = (self.ventilator_process, self.sink_process, self.worker_process)
        self.assertEqual([process.wait() for process in everyone], [0, 0, 0])
        summary = self.check_summary(self.sink_process.json())
        self.assertEqual(summary["made"], 300)
        self.assertEqual(len(self.tree()), 300)
        return summary

    def send_all(self, peer, messages):
        peer.setsockopt(zmq.SNDTIMEO, 1000)
        for message in messages:
            try:
                peer.send_multipart(message if isinstance(message, list) else [message])
            except zmq.Again:
                return # a port that does not read at all

    def test_frames_that_are_no_messages_break_nothing(self):
        for kind, port in ((zmq.DEALER, CONTROL), (zmq.PUSH, RESULTS)):
            self.send_all(self.stranger(kind, port), frames(random.Random(port)))
        self.assertEqual(self.finish()["duplicates"], 0)

    def test_messages_of_many_frames_break_nothing(self):
        for kind, port in ((zmq.DEALER, CONTROL), (zmq.PUSH, RESULTS)):
            self.send_all(self.stranger(kind, port),
                          ([b"", b"x" * size, b"y"] * size for size in range(1, 100)))
        self.finish()

    def test_frames_that_are_too_large_break_nothing(self):
        for kind, port in ((zmq.DEALER, CONTROL), (zmq.PUSH, RESULTS)):
            self.send_all(self.stranger(kind, port), [b"z" * (16 << 20)] * 3)
        self.finish()

    def test_bytes_that_are_not_even_the_transport_break_nothing(self):
        rng = random.Random(4)
        for port in (CONTROL, JOBS, RESULTS):
            for opening in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 64, rng.randbytes(4096), b"",
                            # a greeting as it should be, then the header of an endless frame
                            b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)
                            + b"\x06" + b"\xff" * 8):
                with socket.create_connection(("127.0.0.1", self.ports.base + port)) as peer:
                    peer.sendall(opening)
        self.finish()

    def test_a_thief_of_jobs_delays_them_but_keeps_none(self):
        thief = self.stranger(zmq.PULL, JOBS)
        self.feed(100)
        thief.setsockopt(zmq.RCVTIMEO, 60000)
        stolen = thief.recv()
        self.assertEqual(msgpack.unpackb(stolen, raw=True)[0], 1)
        self.finish()

    def test_a_second_sink_is_refused_in_words(self):
        second = self.sink("--bind", f"127.0.0.1:{self.ports.base + 5}")
        second.wait_line("another sink")
        self.finish()

    def test_a_peer_of_another_version_is_refused_in_words(self):
        dealer = self.stranger(zmq.DEALER, CONTROL, (zmq.RCVTIMEO, 60000))
        dealer.send(msgpack.packb([99, 1, 0, 0, 5, "a field of the future"]))
        version, kind, *_, words = msgpack.unpackb(dealer.recv(), raw=True)
        self.assertEqual((version, kind), (1, 3))
        self.assertIn(b"99", words)
        self.finish()


class AHeadOfAnotherVersion(MillTest):
    def test_a_worker_that_meets_one_says_so_and_goes(self):
        context = zmq.Context()
        self.addCleanup(context.destroy, linger=0)
        router = context.socket(zmq.ROUTER)
        router.setsockopt(zmq.RCVTIMEO, 60000)
        router.bind(f"tcp://{self.head}")
        worker = self.worker()
        peer, _ = router.recv_multipart()
        router.send_multipart([peer, msgpack.packb([99, 2, 1, 1, 1])])
        self.assertEqual(worker.wait(), 3)
        self.assertRegex(self.one_line(worker), "version.*99")


if __name__ == "__main__":
    unittest.main()
