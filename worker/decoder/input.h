#pragma once

/*
 * An image's file, read into memory of our own: a file that shrinks, grows or is replaced while we
 * look at it can then do no harm. The memory is kept for the next image unless it has become large.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

struct input {
    unsigned char *data; // owned
    size_t size;         // bytes read
    size_t capacity;
};

/* Reads the descriptor from its beginning to its end into `input`, forgetting what it held.
 * `expected` is a hint at the size. STATUS_IMAGE with the reason for a file that is empty, over
 * `max_bytes` or no file; STATUS_MACHINE with *error_number when the machine could not read. */
enum status input_read(struct input *input, int fd, uint64_t expected, uint64_t max_bytes,
                       int *error_number, struct reason *why) MUST_USE;
/* Gives back memory above what is worth keeping. */
void input_trim(struct input *input);
void input_close(struct input *input);
