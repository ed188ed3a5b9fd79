"""What a record says, read past thumbmill: the rows that a run which died has left."""

import os
import shutil
import sqlite3
import tempfile

STATES = ("pending", "made", "damaged", "fresh", "failed", "quarantined")


def path_of(dest):
    return os.path.join(dest, ".thumbmill", "record.sqlite")


def states(dest):
    """{path below its source: state}, of every image. Nobody may be writing it.

    A copy is read, so that whatever SQLite has to repair first is left to the next run.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "record.sqlite")
        for suffix in ("", "-wal", "-journal"):
            if os.path.exists(path_of(dest) + suffix):
                shutil.copy(path_of(dest) + suffix, copy + suffix)
        if not os.path.exists(copy):
            return {}
        record = sqlite3.connect(copy)
        try:
            rows = record.execute("SELECT CAST(path AS BLOB), state FROM images").fetchall()
        finally:
            record.close()
    return {path: STATES[state] for path, state in rows if STATES[state] != "pending"}
