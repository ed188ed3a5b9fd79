"""What makes no sense, or cannot be: one clear line, the right exit status, and nothing written."""

import os
import socket
import unittest

from tests.support import images
from tests.support.harness import MillTest

USAGE, CANNOT = 2, 3


class Refused(MillTest):
    def setUp(self):
        super().setUp()
        images.jpeg(self.images(), "a.jpg")

    def refused(self, status, says, *command, **how):
        """The command ends so, with one line in which `says` is found; DEST is not made."""
        process, ended = self.ended(*command, **how)
        self.assertEqual(ended, status, process.text)
        line = self.one_line(process)
        self.assertRegex(line, says)
        self.assertTrue(line.startswith("thumbmill"), line)
        self.assertEqual(process.output, b"")
        self.assertFalse(os.path.exists(self.dest) and self.tree(), "something was written")

    def test_a_size_that_is_none(self):
        process, status = self.ended("run", "--size", "12q", self.images(), self.dest)
        self.assertEqual(status, USAGE)
        self.assertEqual(process.lines, ["thumbmill: --size 12q: not a size; expected WIDTH, "
                                         "WIDTHx, xHEIGHT or WIDTHxHEIGHT"])
        for size in ("", "0", "x", "-5", "1x2x3", "99999999999", "256>>", "10x10,"):
            with self.subTest(size=size):
                self.refused(USAGE, "--size", "run", "-s", size, self.images(), self.dest)

    def test_options_that_do_not_make_sense(self):
        for options, says in (
            (["--no-such-option"], "no-such-option"),
            (["-f", "bmpx"], "bmpx"),
            (["-f", "jpg[Q=abc"], "jpg"),
            (["-o", "%q.jpg"], "%q"),
            (["-o", "../%n"], r"\.\."),
            (["-o", "/tmp/%n"], "/tmp/%n"),
            (["-s", "100,200", "-o", "%s.jpg"], "%z"),
            (["-m", "middle"], "middle"),
            (["--background", "whitish"], "whitish"),
            (["--keep", "exit"], "exit"),
            (["--fail-on", "never"], "never"),
            (["--max-pixels", "many"], "many"),
            (["--max-bytes", "-1"], "-1"),
            (["--timeout", "0"], "timeout"),
            (["--memory", "lots"], "lots"),
            (["--allow", "exe"], "exe"),
            (["-j", "x"], "-j|--jobs"),
            (["-j", "-1"], "-j|--jobs"),
            (["--workers", "0"], "workers"),
            (["--progress", "loud"], "loud"),
            (["-s", ",".join(str(n) for n in range(1, 30))], "sizes|size"),
        ):
            with self.subTest(options=options):
                self.refused(USAGE, says, "run", *options, self.images(), self.dest)

    def test_a_saver_option_that_the_format_has_not(self):
        self.refused(USAGE, "nonsense", "run", "-f", "jpg[nonsense=1]", self.images(), self.dest)

    def test_too_few_words(self):
        self.refused(USAGE, "SOURCE|DEST", "run")
        self.refused(USAGE, "SOURCE|DEST", "run", self.images())
        self.refused(USAGE, "blend", "blend")
        self.refused(USAGE, "--connect", "worker", "-j", "1")
        self.refused(USAGE, "--connect", "sink")
        self.refused(USAGE, "--connect", "status")

    def test_what_belongs_to_another_command(self):
        for options in (["-j", "3"], ["--workers", "2"], ["--db", "x"]):
            with self.subTest(options=options):
                self.refused(USAGE, options[0], "ventilator", *options, self.images(), self.dest)

    def test_no_such_source(self):
        self.refused(CANNOT, "nowhere", "run", self.path("nowhere"), self.dest)
        self.refused(CANNOT, "nowhere", "run", self.images(), self.path("nowhere"), self.dest)
        self.refused(CANNOT, "nolist", "run", "--files-from", self.path("nolist"), self.dest)

    def test_both_forms_of_sources(self):
        names = images.write(self.path(), "list", b"")
        self.refused(USAGE, "--files-from", "run", "--files-from", names, self.images(),
                     self.dest)

    def test_a_source_that_is_or_lies_inside_the_destination(self):
        for source, dest in ((self.images(), self.images()), (self.images(), self.path()),
                             (self.path("images", "a.jpg"), self.images())):
            with self.subTest(dest=dest):
                process, status = self.ended("run", source, dest)
                self.assertEqual(status, USAGE, process.text)
                self.assertRegex(self.one_line(process), "inside|same|source")
                self.assertFalse(os.path.exists(os.path.join(dest, ".thumbmill")))

    def test_a_destination_that_cannot_be(self):
        blocked = images.write(self.path(), "file", b"")
        self.refused(CANNOT, "file", "run", self.images(), blocked)
        self.refused(CANNOT, "file", "run", self.images(), os.path.join(blocked, "below"))
        self.refused(CANNOT, "/proc/no", "run", self.images(), "/proc/no")

    def test_endpoints_that_are_none(self):
        for address in ("nonsense://here", "tcp://", "127.0.0.1:99999", "127.0.0.1:x", ""):
            with self.subTest(address=address):
                self.refused(USAGE, "--listen", "run", "--listen", address, self.images(),
                             self.dest)
                self.refused(USAGE, "--connect", "worker", "--connect", address)

    def test_other_hosts_need_keys_or_insecure(self):
        self.refused(USAGE, "--insecure", "run", "--listen", "0.0.0.0:5755", self.images(),
                     self.dest)
        self.refused(USAGE, "--insecure", "ventilator", "--bind", "0.0.0.0:5755", self.images(),
                     self.dest)

    def test_a_port_that_is_taken(self):
        with socket.socket() as holder:
            host, port = self.head.split(":")
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind((host, int(port)))
            holder.listen()
            self.refused(CANNOT, port, "run", "--listen", self.head, self.images(), self.dest)
            self.refused(CANNOT, port, "ventilator", "--bind", self.head, self.images(),
                         self.dest)

    def test_no_decoder_program(self):
        self.refused(CANNOT, "no-such-decoder", "run", self.images(), self.dest,
                     env={"THUMBMILL_DECODER": "/usr/bin/no-such-decoder"})

    def test_a_decoder_that_is_something_else(self):
        for program in ("/bin/true", "/bin/cat"):
            with self.subTest(program=program):
                process, status = self.ended("run", self.images(), self.dest,
                                             env={"THUMBMILL_DECODER": program})
                self.assertEqual(status, CANNOT, process.text)
                # The run waits for a while, in case it gets better; the last line tells why it ends.
                self.assertRegex(process.lines[-1], "decoders do not start")
                self.assertEqual(self.tree(), {})

    def test_nobody_to_ask(self):
        self.refused(CANNOT, self.head, "status", "--connect", self.head)
        self.refused(CANNOT, self.head, "start", "--connect", self.head)
        self.refused(CANNOT, self.head, "worker", "--connect", self.head, "--head-timeout", "1")
        self.refused(CANNOT, self.head, "sink", "--connect", self.head, "--head-timeout", "1")


class Collisions(MillTest):
    def test_two_sources_for_one_output_the_second_fails_by_name(self):
        for folder, seed in (("one", 1), ("two", 2)):
            images.jpeg(self.path(folder), "same.jpg", seed)
        process, status = self.ended("run", "--json", "-", "-j", "1", self.path("one"),
                                     self.path("two"), self.dest)
        self.assertEqual(status, 1)
        summary = self.check_summary(process.json())
        self.assertEqual((summary["made"], summary["failed"]), (1, 1))
        self.assertRegex(process.text, "same.jpg")
        self.assertEqual(list(self.tree()), [b"same.jpg"])

    def test_a_template_that_makes_names_meet_overwrites_nothing(self):
        for number in range(5):
            images.jpeg(self.images(), f"{number}/a.jpg", number)
        summary = self.summary_of("-o", "%s.jpg", self.images(), self.dest, expect=1)
        self.assertEqual((summary["made"], summary["failed"]), (1, 4))

    def test_a_folder_in_the_place_of_an_output_fails_that_image_alone(self):
        images.jpeg(self.images(), "a.jpg")
        images.jpeg(self.images(), "b.jpg")
        os.makedirs(os.path.join(self.dest, "a.jpg"))
        summary = self.summary_of(self.images(), self.dest, expect=1)
        self.assertEqual((summary["made"], summary["failed"]), (1, 1))
        self.assert_nothing_left_over()


class MachinesTrouble(MillTest):
    def test_a_root_that_no_worker_sees_stops_the_run_and_fails_no_image(self):
        images.many(self.images(), 5)
        ventilator = self.ventilator(self.images(), self.dest)
        sink = self.sink()
        blind = self.worker("blind", "--source-root", f"{self.images()}={self.path('unmounted')}")
        self.assertEqual(ventilator.wait(), CANNOT)
        self.assertRegex(ventilator.text, "unmounted")
        sink.wait()
        self.assertEqual(self.tree(), {})
        self.assertNotIn("failed", sink.text.replace("0 failed", ""))
        blind.wait()

    def test_a_worker_in_trouble_leaves_the_work_to_the_others(self):
        images.many(self.images(), 30)
        ventilator = self.ventilator("--hold", self.images(), self.dest)
        sink = self.sink()
        blind = self.worker("blind", "--source-root", f"{self.images()}={self.path('unmounted')}")
        seeing = self.worker("seeing")
        self.until("both are there", lambda status: len(status["workers"]) == 2)
        self.assertEqual(self.ended("start", "--connect", self.head)[1], 0)
        self.assertEqual([ventilator.wait(), sink.wait()], [0, 0])
        self.assertEqual(self.check_summary(sink.json())["made"], 30)
        self.assertEqual([blind.wait(), seeing.wait()], [0, 0])

    def test_trees_mounted_elsewhere_are_found_by_their_mapping(self):
        images.many(self.images(), 5)
        os.symlink(self.images(), self.path("elsewhere"))
        ventilator = self.ventilator(self.images(), self.dest)
        sink = self.sink()
        os.makedirs(self.dest, exist_ok=True)
        os.symlink(self.dest, self.path("dest elsewhere"))
        worker = self.worker("mapped", "--source-root",
                             f"{self.images()}={self.path('elsewhere')}",
                             "--dest-root", f"{self.dest}={self.path('dest elsewhere')}")
        self.assertEqual([ventilator.wait(), sink.wait(), worker.wait()], [0, 0, 0])
        self.assertEqual(len(self.tree()), 5)


if __name__ == "__main__":
    unittest.main()
