#pragma once

/*
 * Which of libvips' loaders may run, and the reading of headers. All are blocked but those of the
 * formats asked for; modules (HEIF, JPEG XL, PDF) are not even loaded unless they are needed.
 */

#include <vips/vips.h>

#include "worker/decoder/image_header.h"

/* Starts libvips, for `allow` (FORMAT_BITs) to be read and `output` to be written. Once in a
 * process. STATUS_USAGE with the reason when a format is not to be had here. */
enum status loader_open(uint32_t allow, enum image_format output, struct reason *why) MUST_USE;

/* True when this libvips, with its modules, can read the format; loader_open() first. */
bool loader_reads(enum image_format format);

/* Loads every module there is, so that loader_reads() and the savers speak of them all. */
void loader_want_all(void);

/* "[fail_on=truncated]": what every call that loads passes, since the thumbnail operation's own
 * option is ignored for buffers. */
const char *loader_options(enum fail_on fail_on);

/* Reads the header, no pixels. False: libvips refuses the file and has said why. */
bool loader_read_header(const struct image_bytes *bytes, enum fail_on fail_on,
                        struct image_header *header);
