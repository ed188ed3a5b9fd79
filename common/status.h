#pragma once

/*
 * How anything that can fail says so: one enum as the return value, results through pointers, and
 * where a person will read it, one line of text made where the context is known.
 */

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

enum status {
    STATUS_OK = 0,
    STATUS_USAGE,     // the command line asks for what makes no sense: exit 2
    STATUS_IMAGE,     // this image's own fault: unreadable, over a limit, of an unknown format
    STATUS_MACHINE,   // this machine's trouble (disk full, root absent); never an image's state
    STATUS_MALFORMED, // received bytes that are not a message of ours
    STATUS_AGAIN,     // it would block; nothing was done
    STATUS_CLOSED,    // the other end is gone, or a stop was asked for
};

/* Longest line we print: two paths of PATH_MAX would not fit a terminal; the middle of one does. */
#define REASON_SIZE 1024

/* One line for a person: what, where, what to do. No newline. An empty text means no reason. */
struct reason {
    char text[REASON_SIZE];
};

/* Writes the line (cut at REASON_SIZE, never inside `reason` NULL) and returns `status`, so that a
 * failing function ends with `return reason_set(why, STATUS_USAGE, ...)`. */
enum status reason_set(struct reason *reason, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True for an errno that speaks of the machine and not of the file at hand: ENOSPC, EDQUOT, EROFS,
 * EIO, ESTALE, EMFILE, ENFILE, ENOMEM, ENODEV, ENXIO, ETIMEDOUT, ENOTCONN, EHOSTDOWN. */
bool errno_is_machine(int error);
