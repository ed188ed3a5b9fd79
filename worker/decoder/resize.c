/*
 * The steps of libvips' thumbnail operation, once through the operation itself and once one by one
 * on a shared decode: pre-shrink while loading, to 8 bits of sRGB or grey, resize with
 * premultiplied alpha, change colours by profile, turn upright, crop.
 *
 * Each step takes over the image it is given and returns the next; NULL passes through, so a chain
 * of them fails as a whole.
 */

#include "worker/decoder/resize.h"

#include "worker/decoder/loader.h"

/* An output profile is given only where colours have to change: an image without a profile is taken
 * for sRGB and stays as it is. */
static const char *export_profile(const struct image_header *header, const struct run_options *run)
{
    if (run->profile[0])
        return run->profile;
    return header->profile ? "srgb" : NULL;
}

/* What colours without a profile are. Left to itself, libvips goes through XYZ of another white
 * point and shifts them; a profile of RGB does not fit grey. */
static const char *import_profile(const struct image_header *header)
{
    return header->grey ? NULL : "srgb";
}

static VipsInteresting interesting(enum crop crop)
{
    static const VipsInteresting values[CROPS] = {
        [CROP_NONE] = VIPS_INTERESTING_NONE,       [CROP_CENTRE] = VIPS_INTERESTING_CENTRE,
        [CROP_ENTROPY] = VIPS_INTERESTING_ENTROPY, [CROP_ATTENTION] = VIPS_INTERESTING_ATTENTION,
        [CROP_LOW] = VIPS_INTERESTING_LOW,         [CROP_HIGH] = VIPS_INTERESTING_HIGH,
    };
    return values[crop];
}

static VipsSize size_restriction(enum size_mode mode)
{
    static const VipsSize values[] = {
        [SIZE_BOTH] = VIPS_SIZE_BOTH,
        [SIZE_DOWN] = VIPS_SIZE_DOWN,
        [SIZE_UP] = VIPS_SIZE_UP,
        [SIZE_FORCE] = VIPS_SIZE_FORCE,
    };
    return values[mode];
}

/* The result of an operation that took `image`: whatever came of it, `image` is let go. */
static VipsImage *next(VipsImage *image, int failed, VipsImage *result)
{
    g_object_unref(image);
    return failed ? NULL : result;
}

static VipsImage *into_memory(VipsImage *image)
{
    if (!image)
        return NULL;
    VipsImage *copy = vips_image_copy_memory(image);
    return next(image, !copy, copy);
}

VipsImage *resize_from_bytes(const struct image_bytes *bytes, const struct image_header *header,
                             const struct run_options *run, uint32_t index, enum fail_on fail_on)
{
    const struct size_spec *size = &run->sizes[index];
    VipsImage *image = NULL;
    if (vips_thumbnail_buffer((void *)bytes->data, bytes->size, &image, (int)size->width, "height",
                              (int)size->height, "size", size_restriction(size->mode), "no_rotate",
                              !run->rotate, "crop", interesting(run->crop), "export_profile",
                              export_profile(header, run), "import_profile", import_profile(header),
                              "option_string", loader_options(fail_on), NULL))
        return NULL;
    return into_memory(image);
}

static double smallest_preshrink(const struct geometry_source *source,
                                 const struct run_options *run)
{
    double smallest = geometry_of(source, &run->sizes[0], run->crop, run->rotate).preshrink;
    for (uint32_t i = 1; i < run->size_count; i++) {
        struct geometry size = geometry_of(source, &run->sizes[i], run->crop, run->rotate);
        smallest = size.preshrink < smallest ? size.preshrink : smallest;
    }
    return smallest;
}

static VipsImage *load(const struct image_bytes *bytes, const struct geometry_source *source,
                       double preshrink, enum fail_on fail_on)
{
    const char *options = loader_options(fail_on);
    switch (source->preshrink) {
    case PRESHRINK_JPEG:
        return vips_image_new_from_buffer(bytes->data, bytes->size, options, "access",
                                          VIPS_ACCESS_SEQUENTIAL, "shrink", (int)preshrink, NULL);
    case PRESHRINK_WEBP:
        return vips_image_new_from_buffer(bytes->data, bytes->size, options, "access",
                                          VIPS_ACCESS_SEQUENTIAL, "scale", 1.0 / preshrink, NULL);
    default:
        return vips_image_new_from_buffer(bytes->data, bytes->size, options, "access",
                                          VIPS_ACCESS_SEQUENTIAL, NULL);
    }
}

static VipsImage *to_working_colours(VipsImage *image)
{
    if (!image)
        return NULL;
    VipsImage *result = NULL;
    int failed = vips_colourspace(
        image, &result, image->Bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB,
        NULL);
    return next(image, failed, result);
}

bool resize_source_open(struct resize_source *source, const struct image_bytes *bytes,
                        const struct image_header *header, const struct run_options *run,
                        enum fail_on fail_on)
{
    source->geometry = header->source;
    source->preshrink = smallest_preshrink(&source->geometry, run);
    source->export_profile = export_profile(header, run);
    source->import_profile = import_profile(header);
    source->embedded = header->profile;
    VipsImage *loaded = load(bytes, &source->geometry, source->preshrink, fail_on);
    source->image = into_memory(to_working_colours(loaded));
    return source->image != NULL;
}

void resize_source_close(struct resize_source *source)
{
    VIPS_UNREF(source->image);
}

static VipsImage *scaled(VipsImage *image, double horizontal, double vertical)
{
    if (!image)
        return NULL;
    VipsImage *result = NULL;
    int failed = vips_resize(image, &result, horizontal, "vscale", vertical, NULL);
    return next(image, failed, result);
}

static VipsImage *premultiplied(VipsImage *image)
{
    if (!image)
        return NULL;
    VipsImage *result = NULL;
    int failed = vips_premultiply(image, &result, NULL);
    return next(image, failed, result);
}

static VipsImage *unpremultiplied(VipsImage *image)
{
    if (!image)
        return NULL;
    VipsImage *floats = NULL, *result = NULL;
    int failed = vips_unpremultiply(image, &floats, NULL) ||
                 vips_cast(floats, &result, VIPS_FORMAT_UCHAR, NULL);
    VIPS_UNREF(floats);
    return next(image, failed, result);
}

/* Transparent pixels have colours that must not be mixed in. */
static VipsImage *resized(VipsImage *image, double horizontal, double vertical)
{
    if (!image || !vips_image_hasalpha(image) || horizontal == 1.0 || vertical == 1.0)
        return scaled(image, horizontal, vertical);
    return unpremultiplied(scaled(premultiplied(image), horizontal, vertical));
}

/* libjpeg would have dropped the pixels left over at the right and the bottom, and its smaller
 * transforms are close to a block shrink. */
static VipsImage *as_jpeg_loads(VipsImage *image, double ratio, const struct geometry *size)
{
    VipsImage *blocks = NULL, *result = NULL;
    int failed = vips_extract_area(image, &blocks, 0, 0, (int)(size->loaded_width * ratio),
                                   (int)(size->loaded_height * ratio), NULL) ||
                 vips_shrink(blocks, &result, ratio, ratio, NULL);
    VIPS_UNREF(blocks);
    return failed ? NULL : result;
}

/* The shared decode as the loader would have given it for this size alone. */
static VipsImage *as_loaded(const struct resize_source *source, const struct geometry *size)
{
    VipsImage *image = source->image;
    if (source->geometry.preshrink == PRESHRINK_JPEG)
        return as_jpeg_loads(image, size->preshrink / source->preshrink, size);
    g_object_ref(image);
    if (source->geometry.preshrink == PRESHRINK_WEBP)
        return resized(image, (double)size->loaded_width / image->Xsize,
                       (double)size->loaded_height / image->Ysize);
    return image;
}

static VipsImage *recoloured(VipsImage *image, const struct resize_source *source)
{
    if (!image || !source->export_profile)
        return image;
    VipsImage *xyz = NULL, *result = NULL;
    int failed;
    if (source->embedded || source->import_profile)
        failed = vips_icc_transform(image, &result, source->export_profile, "input_profile",
                                    source->import_profile, "embedded", TRUE, "intent",
                                    VIPS_INTENT_RELATIVE, NULL);
    else
        failed = vips_colourspace(image, &xyz, VIPS_INTERPRETATION_XYZ, NULL) ||
                 vips_icc_export(xyz, &result, "output_profile", source->export_profile, "intent",
                                 VIPS_INTENT_RELATIVE, NULL);
    VIPS_UNREF(xyz);
    return next(image, failed, result);
}

/* Turning and cropping look at pixels out of order, so these wait in memory. */
static VipsImage *upright(VipsImage *image, bool rotate)
{
    if (!image || !rotate || vips_image_get_orientation(image) == 1)
        return image;
    VipsImage *still = into_memory(image);
    if (!still)
        return NULL;
    VipsImage *result = NULL;
    int failed = vips_autorot(still, &result, NULL);
    return next(still, failed, result);
}

static VipsImage *cropped(VipsImage *image, enum crop crop, const struct geometry *size)
{
    if (!image || crop == CROP_NONE)
        return image;
    VipsImage *still = into_memory(image);
    if (!still)
        return NULL;
    VipsImage *result = NULL;
    int failed = vips_smartcrop(still, &result, (int)size->width, (int)size->height, "interesting",
                                interesting(crop), NULL);
    return next(still, failed, result);
}

VipsImage *resize_from_source(const struct resize_source *source, const struct run_options *run,
                              uint32_t index)
{
    struct geometry size =
        geometry_of(&source->geometry, &run->sizes[index], run->crop, run->rotate);
    VipsImage *image = resized(as_loaded(source, &size), 1.0 / size.hshrink, 1.0 / size.vshrink);
    image = upright(recoloured(image, source), run->rotate);
    return into_memory(cropped(image, run->crop, &size));
}
