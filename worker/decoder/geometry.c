/*
 * After vips_thumbnail_calculate_shrink(), vips_thumbnail_find_jpegshrink(), webp's frame size and
 * the output sizes of vips_reduceh() and vips_affine(). The order of the floating point operations
 * is theirs: it decides which way a half is rounded.
 */

#include "worker/decoder/geometry.h"

#include <math.h>

struct box {
    double width, height; // what the image must fit or fill, in the source's own orientation
};

struct shrink {
    double horizontal, vertical;
};

static bool turns_sideways(const struct geometry_source *source, bool rotate)
{
    return rotate && source->orientation >= 5 && source->orientation <= 8;
}

static struct shrink shrink_to(const struct box *box, const struct size_spec *size, enum crop crop,
                               uint32_t width, uint32_t height)
{
    struct shrink shrink = {width / box->width, height / box->height};

    /* To fit, the axis that must shrink most decides; to fill and crop, the other one. */
    bool by_width = shrink.horizontal < shrink.vertical ? crop != CROP_NONE : crop == CROP_NONE;
    if (size->mode != SIZE_FORCE) {
        if (by_width)
            shrink.vertical = shrink.horizontal;
        else
            shrink.horizontal = shrink.vertical;
    }
    if (size->mode == SIZE_UP) {
        shrink.horizontal = fmin(1, shrink.horizontal);
        shrink.vertical = fmin(1, shrink.vertical);
    } else if (size->mode == SIZE_DOWN) {
        shrink.horizontal = fmax(1, shrink.horizontal);
        shrink.vertical = fmax(1, shrink.vertical);
    }

    /* No axis shrinks to nothing. */
    shrink.horizontal = fmin(shrink.horizontal, width);
    shrink.vertical = fmin(shrink.vertical, height);
    return shrink;
}

/* libjpeg's shrink is a plain block shrink; a factor of two is left for the better resize. */
static double jpeg_factor(double shrink)
{
    return shrink >= 16 ? 8 : shrink >= 8 ? 4 : shrink >= 4 ? 2 : 1;
}

static void preshrink(struct geometry *geometry, const struct geometry_source *source,
                      const struct shrink *shrink)
{
    double common = fmin(shrink->horizontal, shrink->vertical);

    geometry->preshrink = 1;
    geometry->loaded_width = source->width;
    geometry->loaded_height = source->height;
    if (source->preshrink == PRESHRINK_JPEG) {
        geometry->preshrink = jpeg_factor(common);
        geometry->loaded_width = source->width / (uint32_t)geometry->preshrink;
        geometry->loaded_height = source->height / (uint32_t)geometry->preshrink;
    } else if (source->preshrink == PRESHRINK_WEBP) {
        geometry->preshrink = fmax(1, common);
        double scale = 1.0 / geometry->preshrink;
        geometry->loaded_width = (uint32_t)rint(source->width * scale);
        geometry->loaded_height = (uint32_t)rint(source->height * scale);
    }
}

/* One axis of vips_resize(): reduce when shrinking, affine when enlarging. */
static uint32_t resized(uint32_t side, double shrink)
{
    double scale = fmax(1.0 / shrink, 1.0 / side);
    if (scale < 1.0)
        return (uint32_t)(side / (1.0 / scale) + 0.5);
    if (scale > 1.0)
        return (uint32_t)(side * scale + 0.5);
    return side;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct geometry geometry_of(const struct geometry_source *source, const struct size_spec *size,
                            enum crop crop, bool rotate)
{
    bool sideways = turns_sideways(source, rotate);
    struct box box = {sideways ? size->height : size->width, sideways ? size->width : size->height};
    struct geometry geometry = {0};

    struct shrink shrink = shrink_to(&box, size, crop, source->width, source->height);
    preshrink(&geometry, source, &shrink);
    shrink = shrink_to(&box, size, crop, geometry.loaded_width, geometry.loaded_height);
    geometry.hshrink = shrink.horizontal;
    geometry.vshrink = shrink.vertical;
    geometry.resized_width = resized(geometry.loaded_width, shrink.horizontal);
    geometry.resized_height = resized(geometry.loaded_height, shrink.vertical);

    geometry.width = sideways ? geometry.resized_height : geometry.resized_width;
    geometry.height = sideways ? geometry.resized_width : geometry.resized_height;
    if (crop != CROP_NONE) {
        geometry.width = smaller(geometry.width, size->width);
        geometry.height = smaller(geometry.height, size->height);
    }
    return geometry;
}
