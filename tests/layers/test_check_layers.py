"""The layer check finds what is planted, names the line, and passes what is allowed."""

import os
import tempfile
import unittest

from tests.layers import check_layers


class Planted(unittest.TestCase):
    def check(self, files):
        """Problems of a tree made of `files`: path -> text."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as out:
                    out.write(text)
            return check_layers.check(root)

    def found(self, path, line, others=()):
        """Plants `line` as the second of `path` and expects exactly that line to be named."""
        files = {other: "" for other in others}
        files[path] = "#pragma once\n" + line + "\n"
        problems = self.check(files)
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(f"{path}:2: "), problems[0])
        self.assertTrue(problems[0].endswith(line), problems[0])
        return problems[0]

    def test_an_include_that_points_up_is_found(self):
        for path, target in (
            ("common/job.h", "common/wire.h"),
            ("common/wire.c", "sink/tally.h"),
            ("common/job.c", "cli/run.h"),
            ("ventilator/walk.c", "ventilator/ventilator.h"),
            ("worker/publish.c", "worker/worker.h"),
            ("sink/sink.c", "cli/table.h"),
        ):
            with self.subTest(path=path, target=target):
                self.found(path, f'#include "{target}"', [target])

    def test_roles_that_see_each_other_are_found(self):
        for path, target in (
            ("ventilator/ventilator.c", "sink/sink.h"),
            ("sink/tally.c", "ventilator/ledger.h"),
            ("worker/worker.c", "ventilator/ledger.h"),
        ):
            with self.subTest(path=path, target=target):
                self.assertIn("never see each other",
                              self.found(path, f'#include "{target}"', [target]))

    def test_wire_and_channel_that_know_each_other_are_found(self):
        self.found("common/wire.c", '#include "common/channel.h"', ["common/channel.h"])
        self.found("common/channel.c", '#include "common/wire.h"', ["common/wire.h"])

    def test_a_decoder_that_sees_the_worker_or_the_wire_is_found(self):
        for target in ("worker/slot.h", "common/wire.h", "common/channel.h"):
            self.found("worker/decoder/main.c", f'#include "{target}"', [target])

    def test_anyone_who_sees_inside_the_decoder_is_found(self):
        target = "worker/decoder/limits.h"
        self.found("worker/slot.c", f'#include "{target}"', [target])
        self.found("cli/main.c", '#include "worker/decoder/protocol.h"',
                   ["worker/decoder/protocol.h"])

    def test_a_foreign_library_away_from_home_is_found(self):
        for path, line in (
            ("sink/sink.c", "#include <zmq.h>"),
            ("common/channel.h", "#include <zmq.h>"),
            ("common/message.c", "#include <msgpuck.h>"),
            ("worker/slot.c", "#include <vips/vips.h>"),
            ("worker/decoder/main.c", "#include <vips/vips.h>"),
            ("worker/decoder/main.c", "#include <glib.h>"),
            ("sink/tally.c", "#include <sqlite3.h>"),
            ("cli/main.c", "#include <cmocka.h>"),
        ):
            with self.subTest(path=path, line=line):
                self.found(path, line)

    def test_a_pure_core_that_reads_a_clock_or_takes_a_lock_is_found(self):
        for line in ("#include <pthread.h>", "#include <time.h>", "#include <sys/stat.h>"):
            self.found("ventilator/ledger.c", line)

    def test_an_include_that_is_not_relative_to_the_root_is_found(self):
        self.found("common/job.c", '#include "job.h"', ["common/job.h"])

    def test_a_circle_is_found_and_told_whole(self):
        problems = self.check({
            "common/a.h": '#include "common/b.h"\n',
            "common/b.h": '#include "common/c.h"\n',
            "common/c.h": '#include "common/a.h"\n',
        })
        self.assertEqual(problems, [
            "a circle of includes: common/a.h -> common/b.h -> common/c.h -> common/a.h"])

    def test_what_points_down_passes(self):
        self.assertEqual(self.check({
            "common/job.h": "#include <stdint.h>\n",
            "common/wire.h": '#include "common/job.h"\n',
            "common/wire.c": '#include <msgpuck.h>\n#include "common/wire.h"\n',
            "common/channel.h": "",
            "common/channel.c": '#include <zmq.h>\n#include "common/channel.h"\n',
            "ventilator/ledger.h": '#include "common/job.h"\n',
            "ventilator/ventilator.c": '#include "ventilator/ledger.h"\n'
                                       '#include "common/channel.h"\n',
            "worker/decoder/protocol.h": '#include "common/job.h"\n',
            "worker/decoder/lane_vips.c": '#include <vips/vips.h>\n',
            "worker/decoder/main.c": '#include "worker/decoder/protocol.h"\n',
            "worker/slot.c": '#include "worker/decoder/protocol.h"\n#include <pthread.h>\n',
            "cli/main.c": '#include "common/wire.h"\n#include "ventilator/ledger.h"\n',
            "tests/unit/wire.c": '#include <msgpuck.h>\n#include "worker/decoder/main.c"\n',
        }), [])


class ThisTree(unittest.TestCase):
    def test_every_include_of_the_project_keeps_to_the_layers(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        self.assertEqual(check_layers.check(root), [])


if __name__ == "__main__":
    unittest.main()
