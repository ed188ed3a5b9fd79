#pragma once

/*
 * The lane that does everything: bytes of an image in, encoded thumbnails of every size out, by
 * libvips. A further lane has the same calls and takes what it can do faster (image.c chooses).
 *
 * One thumbnail alone is vips_thumbnail_buffer() itself: decoding and resizing stream into each
 * other and are both counted as STAGE_DECODE. Several come from one decode, at the reduced scale
 * that suits the largest of them.
 */

#include "worker/decoder/image_header.h"

/* One encoded thumbnail. */
struct thumbnail {
    void *bytes; // owned
    size_t size;
    uint32_t width, height;
};

/* Starts libvips for a run. STATUS_USAGE with the reason when the saver, its options, the profile
 * or a format are not to be had; `options` is kept by reference. */
enum status lane_vips_open(const struct run_options *options, const char *saver,
                           struct reason *why) MUST_USE;

/* False: the file is refused; the reason is in messages.h's keeping. */
bool lane_vips_header(const struct image_bytes *bytes, struct image_header *header) MUST_USE;

/* Makes thumbnails[0..size_count) and adds to stages[] (microseconds). False: it could not, for
 * the reason in messages.h's keeping; then there are no thumbnails. */
bool lane_vips_make(const struct image_bytes *bytes, const struct image_header *header,
                    enum fail_on fail_on, struct thumbnail *thumbnails,
                    uint64_t stages[STAGES]) MUST_USE;

/* Frees what lane_vips_make() made; zeroed ones are fine. */
void thumbnails_clear(struct thumbnail *thumbnails, uint32_t count);

/* Version and formats of this libvips, a line each, on standard output. */
enum status lane_vips_describe(struct reason *why) MUST_USE;
