#pragma once

/*
 * What is known of an image before its pixels are decoded. A plain value, filled by the lane.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"
#include "worker/decoder/geometry.h"

/* The bytes of one file, owned by whoever read them; they outlive every use of this. */
struct image_bytes {
    const void *data;
    size_t size;
    enum image_format format; // by their own beginning
};

struct image_header {
    struct geometry_source source; // sides of one frame or page as stored, and its orientation
    uint32_t frames;      // of an animation; pages of a document do not count, one is decoded
    uint32_t pixel_bytes; // of a pixel when decoded, all bands
    bool whole;           // progressive or interlaced: no row is ready before the last byte is read
    bool versions; // holds smaller versions of itself, or is drawn at any scale: each thumbnail is
                   // loaded from the version that suits it
    bool grey;     // with or without alpha
    bool profile;  // brings a colour profile of its own that fits
};
