#pragma once

/*
 * From an image's bytes, or from one decode of it shared by several sizes, to the finished pixels
 * of a thumbnail: resized, in the run's colours, upright, cropped, in memory. All of libvips'
 * errors are left to messages.h.
 */

#include <vips/vips.h>

#include "worker/decoder/geometry.h"
#include "worker/decoder/image_header.h"

/* Size `index` of the run by itself. NULL: it could not; else the caller unrefs. */
VipsImage *resize_from_bytes(const struct image_bytes *bytes, const struct image_header *header,
                             const struct run_options *run, uint32_t index, enum fail_on fail_on);

/* One decode, in memory, with the pixels that every size of the run needs. */
struct resize_source {
    VipsImage *image; // owned; 8 bits a band, grey or sRGB, not yet by its own profile
    struct geometry_source geometry;
    double preshrink; // that of the largest size
    /* Of the change of colours that is still to be done; NULL: none, or nothing to assume. */
    const char *export_profile, *import_profile;
    bool embedded; // the image brings a profile
};

bool resize_source_open(struct resize_source *source, const struct image_bytes *bytes,
                        const struct image_header *header, const struct run_options *run,
                        enum fail_on fail_on);
void resize_source_close(struct resize_source *source);

/* Size `index` of the run. NULL: it could not; else the caller unrefs. */
VipsImage *resize_from_source(const struct resize_source *source, const struct run_options *run,
                              uint32_t index);
