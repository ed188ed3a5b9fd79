#pragma once

/*
 * The record that a command line names and the destination it is of, for the commands that look at
 * what was made: list, verify, prune.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/arguments.h"
#include "common/status.h"
#include "sink/record.h"

/* Zeroed: closed. */
struct recorded {
    struct record *record;
    const char *dest; // the operand; NULL: it was the record's own file
    int dest_fd;      // 0: none
    char path[PATH_MAX];
};

/* Opens the record of the DEST that is the only operand: --db, else the one in DEST. To read,
 * DEST may be the record's file. STATUS_MACHINE with one line; a missing record is never made. */
enum status recorded_open(struct recorded *recorded, const struct arguments *arguments,
                          enum record_mode mode, struct reason *why) MUST_USE;
void recorded_close(struct recorded *recorded);

/* A recorded output and the file that has its name now. */
enum presence {
    PRESENCE_AS_MADE,    // size and time as recorded
    PRESENCE_TOUCHED,    // the size, but another time
    PRESENCE_OTHER_SIZE, // changed, cut short
    PRESENCE_NO_FILE,    // a folder, a link ... in its place
    PRESENCE_MISSING
};

/* STATUS_MACHINE: it cannot be told, or the name leads out of DEST. Any thread. */
enum status recorded_look(const struct recorded *recorded, const char *name, uint64_t bytes,
                          int64_t mtime_ns, enum presence *presence, struct reason *why) MUST_USE;
