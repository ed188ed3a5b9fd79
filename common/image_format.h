#pragma once

/*
 * Which format a file is of: by its suffix while walking, by its first bytes before any library
 * sees them. Pure.
 */

#include <stddef.h>

#include "common/options.h"

/* Bytes of a file's beginning that format_of_bytes() wants to see (SVG may begin with a comment).
 */
#define FORMAT_SNIFF_SIZE 1024

/* By suffix, any case: "a/b.JPG" -> FORMAT_JPEG. FORMAT_UNKNOWN for other files. */
enum image_format format_of_name(const char *path);

/* By magic bytes; FORMAT_UNKNOWN when they are of no format known here. */
enum image_format format_of_bytes(const void *bytes, size_t size);

/* "jpeg", "png": as --allow takes them. */
const char *format_name(enum image_format format);
/* FORMAT_UNKNOWN when there is none of that name. */
enum image_format format_of_word(const char *word);

/* Formats a thumbnail can be written in: jpeg, png, webp, avif, gif, tiff ... by output suffix. */
bool format_is_output(enum image_format format);
