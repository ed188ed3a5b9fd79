#pragma once

/*
 * Where a depth-first walk is, and the folders it still has to read. Pure.
 *
 * A pending folder is kept as its name and the length of its parent's path: the last one pushed is
 * always below the present path, so that length is enough to find the parent again. That makes a
 * folder with a million folders cost their names and four bytes each, however deep it lies.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/job.h"
#include "common/status.h"

/* Zeroed, it stands at the root with nothing pending. */
struct trail {
    char path[JOB_PATH_SIZE]; // of the present folder below the root; "" is the root itself
    size_t length;            // of path
    char *pending;            // owned; a stack of names, each followed by its struct footer
    size_t used, capacity;
};

void trail_close(struct trail *trail);

/* Writes the path of an entry of the present folder. False when it would be too long for a job. */
bool trail_entry(const struct trail *trail, const char *name, char path[JOB_PATH_SIZE]);

/* Remembers a folder in the present one. STATUS_IMAGE: its path is too long for a job.
 * STATUS_MACHINE: no memory. */
enum status trail_push(struct trail *trail, const char *name) MUST_USE;

/* Goes to the folder remembered last. False when none is left. */
bool trail_next(struct trail *trail);
