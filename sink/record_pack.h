#pragma once

/*
 * The outputs of an image as bytes of its row. Names of outputs mostly hold their source's path
 * whole ("256x256/" a/b.png ".jpg"): only what stands around it is kept. Pure; damaged bytes are
 * refused.
 *
 * For each output: a varint of twice the length of its beginning, plus 1 when the source's path
 * follows that beginning; the beginning; and with the path, the length of its end and the end. Then
 * width, height and bytes as varints, and the mtime in 8 bytes, little-endian. A varint has 7 bits
 * a byte, the lowest first, the highest bit set in all but the last.
 */

#include <stdbool.h>

#include "common/job.h"
#include "common/message.h"
#include "common/naming.h"

/* A varint of 64 bits. */
#define VARINT_MAX 10
#define PACKED_MAX (SIZES_MAX * (OUTPUT_PATH_SIZE + 5 * VARINT_MAX + 8))

/* Returns the size of what it wrote. */
size_t pack_outputs(uint8_t packed[PACKED_MAX], struct text path,
                    const char names[][OUTPUT_PATH_SIZE], const struct output *outputs,
                    uint32_t count);

/* False when the bytes are no outputs. */
bool unpack_outputs(struct text packed, struct text path, char names[][OUTPUT_PATH_SIZE],
                    struct output outputs[SIZES_MAX], uint32_t *count);

/* Where `path` stands in `name`; -1: nowhere. */
long pack_find(const char *name, struct text path);
