"""The summary: the keys scripts rely on, and figures that agree with what lies on disk."""

import json
import os
import unittest

from tests.support import images
from tests.support.harness import MillTest


class Json(MillTest):
    def setUp(self):
        super().setUp()
        images.mixture(self.images())

    def test_the_keys_are_those_of_the_manual_and_the_values_what_they_say(self):
        summary = self.summary_of("-j", "2", "-s", "64,128", self.images(), self.dest, expect=1)
        self.assertEqual(set(summary["latency_ms"]), {"p50", "p95", "p99"})
        self.assertEqual(set(summary["stage_ms"]), {"read", "decode", "resize", "encode", "write"})
        self.assertEqual(set(summary["workers"][0]), {"name", "slots", "images", "busy"})
        self.assertEqual(summary["sources"], [self.images()])
        self.assertEqual(summary["dest"], self.dest)
        self.assertEqual(summary["outputs"], len(self.tree()))
        self.assertEqual(summary["bytes_out"], self.bytes_below(self.dest))
        self.assertIs(summary["interrupted"], False)
        latency = summary["latency_ms"]
        self.assertLessEqual(latency["p50"], latency["p95"])
        self.assertLessEqual(latency["p95"], latency["p99"])
        for worker in summary["workers"]:
            self.assertTrue(0 <= worker["busy"] <= 1, worker)
        self.assertEqual(sum(worker["images"] for worker in summary["workers"]), 62)
        self.assertAlmostEqual(summary["images_per_s"] * summary["elapsed_s"], 62, delta=3)

    def bytes_below(self, folder):
        return sum(os.path.getsize(os.path.join(os.fsencode(folder), name))
                   for name in self.tree(folder))

    def test_it_can_go_to_a_file(self):
        process, status = self.ended("run", "--json", self.path("summary"), self.images(),
                                     self.dest)
        self.assertEqual((status, process.output), (1, b""))
        with open(self.path("summary"), encoding="utf-8") as text:
            self.check_summary(json.load(text))

    def test_it_is_on_stdout_alone_and_everything_else_on_stderr(self):
        process, _ = self.ended("run", "--json", "-", self.images(), self.dest)
        self.check_summary(process.json())
        self.assertIn("made", process.text)
        self.assertRegex(process.text, "broken.jpg")
        self.assertRegex(process.text, "empty.png")

    def test_quiet_says_only_what_went_wrong(self):
        process, status = self.ended("run", "-q", self.path("images", "0"), self.dest)
        self.assertEqual((status, process.text, process.output), (0, "", b""))

    def test_a_name_that_is_not_text_survives_json(self):
        odd = os.fsencode(self.path("images")) + b" \xff"
        os.rename(self.images(), odd)
        summary = self.summary_of(odd, self.dest, expect=1)
        self.assertEqual(os.fsencode(summary["sources"][0]), odd)

    def test_progress_can_be_read_by_programs(self):
        process, _ = self.ended("run", "--progress", "json", self.images(), self.dest)
        progress = [json.loads(line) for line in process.lines if line.startswith("{")]
        self.assertTrue(progress)

    def test_no_colour_and_no_bar_without_a_terminal(self):
        process, _ = self.ended("run", self.images(), self.dest)
        self.assertNotIn("\x1b", process.text)
        self.assertNotIn("\r", process.text)


class Status(MillTest):
    def test_one_request_tells_who_is_there_and_how_far(self):
        paths = images.many(self.images(), 30)
        ventilator = self.fed_ventilator()
        sink, worker = self.sink(), self.worker("the worker", slots=2)
        ventilator.write(*paths)
        status = self.until("all are made", lambda status: status["made"] == 30)
        self.assertEqual([worker["name"] for worker in status["workers"]], ["the worker"])
        self.assertEqual(status["workers"][0]["slots"], 2)
        process, code = self.ended("status", "--connect", self.head)
        self.assertEqual(code, 0)
        self.assertIn(b"the worker", process.output)
        ventilator.close_input()
        self.assertEqual([role.wait() for role in (ventilator, sink, worker)], [0, 0, 0])


if __name__ == "__main__":
    unittest.main()
