/*
 * Three planes (Perlin noise, height above the horizon, grain) mixed into three colours by weights
 * that the seed chooses.
 */

#include "tests/support/sample_picture.h"

#include <stdio.h>
#include <stdlib.h>

/* Noise cells across a picture: few enough to look like clouds. */
#define CELLS 5
#define CLOUD_PIXELS 8
/* Grain is the same all over: one tile of it is repeated. */
#define GRAIN 6.0
#define GRAIN_TILE 256

static VipsImage *need(VipsImage *image, int failed)
{
    if (failed || !image)
        vips_error_exit("thumbmill-samples: cannot draw");
    return image;
}

/* A number of 0..1 that belongs to a seed and a place; Knuth's multiplicative hash. */
static double chosen(int seed, int place)
{
    unsigned hash = ((unsigned)seed * 97u + (unsigned)place + 1u) * 2654435761u;
    return (hash >> 8 & 0xffff) / 65535.0;
}

/* Clouds are smooth: they are drawn small and enlarged. */
static VipsImage *clouds(int seed, int width, int height)
{
    int columns = width / CLOUD_PIXELS + 1, rows = height / CLOUD_PIXELS + 1;
    int longest = columns > rows ? columns : rows;
    int cell = longest / CELLS > 1 ? longest / CELLS : 1;
    VipsImage *small = NULL, *large = NULL, *image = NULL;
    int failed = vips_perlin(&small, columns, rows, "cell_size", cell, "seed", seed, NULL) ||
                 vips_resize(small, &large, CLOUD_PIXELS, NULL) ||
                 vips_extract_area(large, &image, 0, 0, width, height, NULL);
    VIPS_UNREF(large);
    VIPS_UNREF(small);
    return need(image, failed);
}

static VipsImage *horizon(int width, int height)
{
    VipsImage *places = NULL, *rows = NULL, *image = NULL;
    int failed = vips_xyz(&places, width, height, NULL) ||
                 vips_extract_band(places, &rows, 1, NULL) ||
                 vips_linear1(rows, &image, 1.0 / height, 0, NULL);
    VIPS_UNREF(rows);
    VIPS_UNREF(places);
    return need(image, failed);
}

static VipsImage *grain(int seed, int width, int height)
{
    VipsImage *tile = NULL, *tiles = NULL, *image = NULL;
    int failed =
        vips_gaussnoise(&tile, GRAIN_TILE, GRAIN_TILE, "mean", 0.0, "sigma", GRAIN, "seed", seed,
                        NULL) ||
        vips_replicate(tile, &tiles, width / GRAIN_TILE + 1, height / GRAIN_TILE + 1, NULL) ||
        vips_extract_area(tiles, &image, 0, 0, width, height, NULL);
    VIPS_UNREF(tiles);
    VIPS_UNREF(tile);
    return need(image, failed);
}

/* Each colour: a ground, more or less towards the horizon, more or less where clouds are. */
static VipsImage *weights(int seed)
{
    double matrix[9];
    for (int band = 0; band < 3; band++) {
        matrix[3 * band] = 90 * (chosen(seed, band) - 0.3);
        matrix[3 * band + 1] = 200 * (chosen(seed, 3 + band) - 0.5);
        matrix[3 * band + 2] = 1;
    }
    return need(vips_image_new_matrix_from_array(3, 3, matrix, 9), 0);
}

VipsImage *sample_picture(int seed, int width, int height)
{
    VipsImage *planes[3] = {clouds(seed, width, height), horizon(width, height),
                            grain(seed, width, height)};
    VipsImage *matrix = weights(seed);
    VipsImage *stack = NULL, *mixed = NULL, *lit = NULL, *bytes = NULL, *image = NULL;
    double gain[3] = {1, 1, 1}, ground[3];
    for (int band = 0; band < 3; band++)
        ground[band] = 70 + 110 * chosen(seed, 6 + band);
    int failed = vips_bandjoin(planes, &stack, 3, NULL) ||
                 vips_recomb(stack, &mixed, matrix, NULL) ||
                 vips_linear(mixed, &lit, gain, ground, 3, NULL) ||
                 vips_cast(lit, &bytes, VIPS_FORMAT_UCHAR, NULL) ||
                 vips_copy(bytes, &image, "interpretation", VIPS_INTERPRETATION_sRGB, NULL);
    VipsImage *parts[] = {planes[0], planes[1], planes[2], matrix, stack, mixed, lit, bytes};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        VIPS_UNREF(parts[i]);
    return need(image, failed);
}

VipsImage *sample_picture_alpha(int seed, int width, int height)
{
    VipsImage *picture = sample_picture(seed, width, height);
    VipsImage *places = NULL, *columns = NULL, *ramp = NULL, *alpha = NULL, *image = NULL;
    int failed = vips_xyz(&places, width, height, NULL) ||
                 vips_extract_band(places, &columns, 0, NULL) ||
                 vips_linear1(columns, &ramp, 255.0 / width, 0, NULL) ||
                 vips_cast(ramp, &alpha, VIPS_FORMAT_UCHAR, NULL) ||
                 vips_bandjoin2(picture, alpha, &image, NULL);
    VipsImage *parts[] = {picture, places, columns, ramp, alpha};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        VIPS_UNREF(parts[i]);
    return need(image, failed);
}

struct sample_bytes sample_encode(VipsImage **image, const char *saver)
{
    struct sample_bytes bytes = {0};
    if (vips_image_write_to_buffer(*image, saver, &bytes.data, &bytes.size, NULL)) {
        fprintf(stderr, "thumbmill-samples: no %s: %s", saver, vips_error_buffer());
        vips_error_clear();
        bytes = (struct sample_bytes){0};
    }
    VIPS_UNREF(*image);
    return bytes;
}
