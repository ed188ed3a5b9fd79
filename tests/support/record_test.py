"""Commands that ask a record: `list`, `verify`, `prune`."""

import json
import os

from tests.support.harness import MillTest


class RecordTest(MillTest):
    """A destination with a record, and a few words to ask about it."""

    def make(self, *options, expect=0):
        return self.summary_of(*options, self.images(), self.dest, expect=expect)

    def said(self, *command, expect=0, **how):
        """Lines that a command wrote to standard output, and its process."""
        process, status = self.ended(*command, **how)
        self.assertEqual(status, expect, process.text)
        return process.output.decode("utf-8", "surrogateescape").splitlines(), process

    def listed(self, *options, dest=None):
        """{path below the sources: object of list --json}."""
        lines, _ = self.said("list", "--json", *options, dest or self.dest)
        rows = [json.loads(line) for line in lines]
        return {os.path.relpath(row["path"], self.images()): row for row in rows}

    def refused(self, says, *command, expect=3):
        """It ends so, with one line in which `says` is found, and writes nothing else."""
        process, status = self.ended(*command)
        self.assertEqual(status, expect, process.text)
        self.assertRegex(self.one_line(process), says)
        self.assertEqual(process.output, b"")

    def output(self, *parts):
        return os.path.join(self.dest, *parts)

    @property
    def record(self):
        return self.output(".thumbmill", "record.sqlite")
