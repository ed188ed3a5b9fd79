#pragma once

/*
 * What an image may cost, decided from its header. Pure.
 */

#include "worker/decoder/image_header.h"

/* STATUS_IMAGE with the reason when all frames together have more pixels than the run allows. */
enum status limits_check_pixels(const struct image_header *header, uint64_t max_pixels,
                                struct reason *why) MUST_USE;

/* Bytes of memory that the decoder will hold at its worst, from above: the program, the file, what
 * the format's library keeps, the decoded image where it is kept whole, and the thumbnails. */
uint64_t limits_memory(const struct image_bytes *bytes, const struct image_header *header,
                       const struct run_options *options);
