/*
 * The prediction of dimensions against libvips itself: images of many sizes in the formats whose
 * loaders can shrink, each asked for many thumbnails. Prints the first differences and counts.
 *
 *   compare-geometry [IMAGES [THUMBNAILS]]     (60 images, 200 thumbnails of each)
 */

#include <stdio.h>
#include <stdlib.h>

#include <vips/vips.h>

#include "worker/decoder/geometry.h"

#define LONGEST_SIDE 3000
#define LARGEST_BOX 900
#define DIFFERENCES_SHOWN 20

static const struct {
    const char *saver;
    enum preshrink preshrink;
} formats[] = {
    {".jpg", PRESHRINK_JPEG}, {".webp", PRESHRINK_WEBP}, {".png[compression=1]", PRESHRINK_NONE}};

/* xorshift (Marsaglia 2003): the same sizes every time. */
static uint32_t next_number(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static uint32_t number_up_to(uint32_t largest)
{
    return 1 + next_number() % largest;
}

static struct size_spec some_size(enum crop crop)
{
    struct size_spec size = {.width = number_up_to(LARGEST_BOX),
                             .height = number_up_to(LARGEST_BOX),
                             .mode = (enum size_mode)(next_number() % 4)};
    if (size.mode != SIZE_FORCE && crop == CROP_NONE) {
        uint32_t side = next_number() % 4;
        if (side == 0)
            size.width = SIZE_FREE;
        else if (side == 1)
            size.height = SIZE_FREE;
    }
    return size;
}

/* A flat image: only its sides matter. Not every format carries the orientation: what came through
 * is the source's from then on. */
static void *encode(struct geometry_source *source, const char *saver, size_t *bytes)
{
    VipsImage *image = NULL;
    void *data = NULL;
    if (vips_black(&image, (int)source->width, (int)source->height, "bands", 3, NULL))
        vips_error_exit("compare-geometry: black");
    vips_image_set_int(image, VIPS_META_ORIENTATION, source->orientation);
    if (vips_image_write_to_buffer(image, saver, &data, bytes, NULL))
        vips_error_exit("compare-geometry: %s", saver);
    VIPS_UNREF(image);
    if (!(image = vips_image_new_from_buffer(data, *bytes, "", NULL)))
        vips_error_exit("compare-geometry: %s", saver);
    source->orientation = vips_image_get_orientation(image);
    g_object_unref(image);
    return data;
}

static bool agrees(const struct geometry_source *source, const struct size_spec *size,
                   enum crop crop, void *data, size_t bytes)
{
    static const VipsSize modes[] = {VIPS_SIZE_BOTH, VIPS_SIZE_DOWN, VIPS_SIZE_UP, VIPS_SIZE_FORCE};
    struct geometry expected = geometry_of(source, size, crop, true);
    VipsImage *made = NULL;
    if (vips_thumbnail_buffer(data, bytes, &made, (int)size->width, "height", (int)size->height,
                              "size", modes[size->mode], "crop",
                              crop == CROP_NONE ? VIPS_INTERESTING_NONE : VIPS_INTERESTING_CENTRE,
                              NULL))
        vips_error_exit("compare-geometry: thumbnail");
    bool same = made->Xsize == (int)expected.width && made->Ysize == (int)expected.height;
    if (!same)
        printf("%u x %u, orientation %d, preshrink %d, into %u x %u, mode %d, crop %d: "
               "%u x %u, libvips %d x %d\n",
               source->width, source->height, source->orientation, source->preshrink, size->width,
               size->height, size->mode, crop, expected.width, expected.height, made->Xsize,
               made->Ysize);
    g_object_unref(made);
    return same;
}

int main(int argc, char **argv)
{
    int images = argc > 1 ? atoi(argv[1]) : 60;
    int thumbnails = argc > 2 ? atoi(argv[2]) : 200;
    int asked = 0, different = 0;
    if (VIPS_INIT(argv[0]))
        vips_error_exit("compare-geometry: libvips");
    vips_concurrency_set(1);
    vips_cache_set_max(0);

    for (int i = 0; i < images && different < DIFFERENCES_SHOWN; i++) {
        size_t bytes = 0;
        size_t format = (size_t)i % (sizeof formats / sizeof formats[0]);
        struct geometry_source source = {number_up_to(LONGEST_SIDE), number_up_to(LONGEST_SIDE),
                                         (int)number_up_to(8), formats[format].preshrink};
        void *data = encode(&source, formats[format].saver, &bytes);
        for (int t = 0; t < thumbnails && different < DIFFERENCES_SHOWN; t++, asked++) {
            enum crop crop = next_number() % 3 ? CROP_NONE : CROP_CENTRE;
            struct size_spec size = some_size(crop);
            /* An enlargement of a sliver would be a gigabyte of pixels. */
            struct geometry expected = geometry_of(&source, &size, crop, true);
            if ((uint64_t)expected.resized_width * expected.resized_height < 4000000)
                different += !agrees(&source, &size, crop, data, bytes);
        }
        g_free(data);
    }
    printf("%d thumbnails asked for, %d of other dimensions\n", asked, different);
    return different ? 1 : 0;
}
