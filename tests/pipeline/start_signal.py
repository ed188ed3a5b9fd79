"""--hold: nothing leaves before the start signal, and the clock starts with it."""

import time
import unittest

import msgpack
import zmq

from tests.support import images
from tests.support.harness import MillTest


class Held(MillTest):
    def setUp(self):
        super().setUp()
        images.many(self.images(), 20)
        self.roles = [self.ventilator("--hold", self.images(), self.dest), self.sink(),
                      self.worker()]
        self.until("everyone is there and held", lambda status: status["phase"] == "held"
                   and status["sink"] and len(status["workers"]) == 1)

    def release(self):
        """Gives the signal; returns the sink's summary and the seconds since."""
        before = time.monotonic()
        starter, status = self.ended("start", "--connect", self.head)
        self.assertEqual(status, 0, starter.text)
        self.assertEqual([role.wait() for role in self.roles], [0, 0, 0])
        return self.check_summary(self.roles[1].json()), time.monotonic() - before

    def assert_nothing_left(self):
        status = self.status()
        self.assertEqual(status["phase"], "held")
        self.assertEqual((status["out"], status["made"]), (0, 0))
        self.assertEqual(self.tree(), {})

    def test_no_job_leaves_before_start_and_the_time_counts_from_there(self):
        self.assert_nothing_left()
        summary, seconds = self.release()
        self.assertEqual(summary["made"], 20)
        self.assertLessEqual(summary["elapsed_s"], seconds)

    def test_a_second_start_is_harmless(self):
        release = [self.start("start", "--connect", self.head, stdin=None) for _ in range(2)]
        self.assertEqual(release[0].wait(), 0, release[0].text)
        self.assertEqual([role.wait() for role in self.roles], [0, 0, 0])
        self.assertEqual(self.roles[1].json()["made"], 20)

    def test_what_arrives_as_a_result_is_never_taken_for_the_signal(self):
        context = zmq.Context()
        push = context.socket(zmq.PUSH)
        self.addCleanup(context.destroy, linger=0)
        push.connect(f"tcp://127.0.0.1:{self.ports.base + 3}")
        for kind in range(30):
            push.send(msgpack.packb([1, kind, 0, 0, 7]))
        push.send(b"START")
        # A frame that the sink must have read before it can answer the next question.
        push.close(linger=10000)
        self.assert_nothing_left()
        summary, _ = self.release()
        self.assertEqual((summary["made"], summary["duplicates"]), (20, 0))


class Enter(MillTest):
    def test_without_a_terminal_only_start_releases_it(self):
        images.many(self.images(), 3)
        ventilator = self.ventilator("--hold", self.images(), self.dest, stdin=-1)
        sink, worker = self.sink(), self.worker()
        self.until("it is held", lambda status: status["phase"] == "held" and status["workers"])
        ventilator.write("", "")
        self.assertEqual(self.status()["phase"], "held")
        self.assertEqual(self.ended("start", "--connect", self.head)[1], 0)
        self.assertEqual([role.wait() for role in (ventilator, sink, worker)], [0, 0, 0])


if __name__ == "__main__":
    unittest.main()
