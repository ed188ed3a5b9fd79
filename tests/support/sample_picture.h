#pragma once

/*
 * Pictures to try things on, the same pixels for the same seed: clouds over a gradient with some
 * grain, in colours of the seed's own; they compress like photographs.
 */

#include <vips/vips.h>

struct sample_bytes {
    void *data; // owned, g_free()
    size_t size;
};

/* 8-bit sRGB. Ends the program when libvips cannot. The caller unrefs. */
VipsImage *sample_picture(int seed, int width, int height);

/* The same with transparency that grows from left to right. */
VipsImage *sample_picture_alpha(int seed, int width, int height);

/* Takes the image and encodes it: ".jpg[Q=85]". No data: this libvips cannot write the format. */
struct sample_bytes sample_encode(VipsImage **image, const char *saver);
