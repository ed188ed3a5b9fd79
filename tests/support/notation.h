#pragma once

/*
 * Frames as a person can read and write them, for tables of tests:
 *   [1, 5, 0, 0, 9, -3, true, nil, 'bytes', "text", [2, 3]]
 * '...' stands for MessagePack's bin, "..." for str, \xNN in either for a byte.
 */

#include <stddef.h>

/* Returns the size of the frame; a notation that makes no sense ends the test. */
size_t notation_pack(const char *notation, char *frame, size_t capacity);
/* The other way round. The frame must be well-formed and fit. */
void notation_print(const char *frame, size_t size, char *notation, size_t capacity);
