#pragma once

/*
 * Reads a list of paths from a descriptor as it comes: a line each, or parted by NUL. What is read
 * is bounded, whatever the list holds; waiting for a slow writer ends when a stop is asked for.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/job.h"
#include "common/status.h"

/* Read at once; a pipe of Linux holds as much. */
#define LIST_BUFFER_SIZE (64 * 1024)

struct list_reader {
    int fd;         // the caller's
    int stop_fd;    // readable once the reading must end; the caller's
    char separator; // '\n' or '\0'
    bool ended;
    size_t start, end; // what is left in the buffer
    char buffer[LIST_BUFFER_SIZE];
};

void list_reader_init(struct list_reader *reader, int fd, int stop_fd, bool nul_separated);

/* The next entry that is not empty. STATUS_CLOSED: there is none, or a stop was asked for.
 * STATUS_IMAGE: an entry longer than a path, cut. STATUS_MALFORMED: one that holds NUL bytes.
 * STATUS_MACHINE: the list cannot be read further, errno says why. */
enum status list_reader_next(struct list_reader *reader, char text[JOB_PATH_SIZE]) MUST_USE;
