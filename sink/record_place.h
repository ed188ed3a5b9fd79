#pragma once

/*
 * Where a record lies, beside its SQL: the lock by which one run at a time writes it, the file
 * system it is on, and the destination it belongs to.
 *
 * The lock is an open file description's (F_OFD_SETLK) on a file beside the record: it works over
 * NFS, ends with its process, and can be asked about without being taken.
 */

#include <stdbool.h>

#include "common/job.h"
#include "common/status.h"

#define RECORD_ID_SIZE 33 // 128 random bits in hex, NUL

struct record_place {
    int lock_fd;              // 0: not held
    int dest_fd;              // of DEST; 0: not given
    char id[RECORD_ID_SIZE];  // of DEST; empty: it has none
    char dest[JOB_PATH_SIZE]; // resolved; empty: not given
    bool within;              // the record lies below DEST
};

/* Opens DEST and reads its id. `dest` may be NULL. */
enum status place_open(struct record_place *place, const char *path, const char *dest,
                       struct reason *why) MUST_USE;
void place_close(struct record_place *place); // a zeroed one is fine

/* STATUS_MACHINE when another run holds it, or it cannot be written there. */
enum status place_lock(struct record_place *place, const char *path, struct reason *why) MUST_USE;
/* Whether a run holds the lock of the record at `path` now. */
bool place_is_locked(const char *path);

/* Gives DEST the id `id`, or a new one when it is NULL, unless it has one. */
enum status place_give_id(struct record_place *place, const char *id, struct reason *why) MUST_USE;

/* Whether a write-ahead log, which needs memory shared by all its processes, is safe there: on file
 * systems known to be local. Whatever is not known is taken for a network's. */
bool place_is_local(const char *path);
