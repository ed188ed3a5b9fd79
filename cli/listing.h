#pragma once

/*
 * How an image of the record is shown: a line for a person, or an object for programs. Pure but
 * for the FILE.
 */

#include <stdbool.h>
#include <stdio.h>

#include "sink/record.h"

/* A root, a slash and a path below it. */
#define SOURCE_PATH_SIZE (2 * JOB_PATH_SIZE)

/* A source as the walk named it. */
void listing_source(char source[SOURCE_PATH_SIZE], const char *root, const char *path);

/* "made         /photos/a.jpg  -> a.jpg": the state, the source, its outputs or the reason why it
 * has none. Escaped. */
void listing_line(const struct record_image *image, bool colour, FILE *out);
/* One object, one line. */
void listing_json(const struct record_image *image, FILE *out);
