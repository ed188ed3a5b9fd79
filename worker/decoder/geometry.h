#pragma once

/*
 * How large a thumbnail becomes, and from which reduced version of its source it is made: the
 * arithmetic of libvips' thumbnail operation (8.14 to 8.17, thumbnail.c and resize.c) repeated to
 * the last rounding, so that all sizes of an image come out of one decode with exactly the
 * dimensions that libvips gives to each alone. Pure.
 *
 * A thumbnail is made in three steps: a pre-shrink while loading (JPEG by 1, 2, 4 or 8, WebP to any
 * size, others not at all), a resize, and after the rotation a crop.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"

/* What the loader can do by itself. */
enum preshrink {
    PRESHRINK_NONE,
    PRESHRINK_JPEG, // by 1, 2, 4 or 8, dropping the pixels that are left over
    PRESHRINK_WEBP  // to any smaller size
};

struct geometry_source {
    uint32_t width, height; // as stored, of one frame; at least 1
    int orientation;        // of EXIF, 1..8
    enum preshrink preshrink;
};

struct geometry {
    double preshrink;                       // at least 1
    uint32_t loaded_width, loaded_height;   // after the pre-shrink
    double hshrink, vshrink;                // of the resize; below 1 enlarges
    uint32_t resized_width, resized_height; // before the rotation
    uint32_t width, height;                 // of the thumbnail
};

/* Never fails: every side of the result is at least 1. `rotate`: apply the orientation. */
struct geometry geometry_of(const struct geometry_source *source, const struct size_spec *size,
                            enum crop crop, bool rotate);
