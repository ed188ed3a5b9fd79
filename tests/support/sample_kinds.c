/*
 * Tables of what to make; what libvips does not write is written by hand.
 */

#include "tests/support/sample_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/sample_file.h"
#include "tests/support/sample_picture.h"

#define WIDTH 400
#define HEIGHT 300
#define WIDE 20000
#define LACKING 12
#define NAME_BYTES 255 // the longest that file systems take

enum pixels {
    PIXELS_RGB,
    PIXELS_ALPHA,
    PIXELS_GREY,
    PIXELS_GREY_ALPHA,
    PIXELS_SIXTEEN,
    PIXELS_CMYK,
    PIXELS_P3, // with the profile of Display P3
    PIXELS_ONE,
    PIXELS_WIDE,
    PIXELS_FRAMES // four, one below the other
};

static const struct {
    const char *name, *saver;
    enum pixels pixels;
    int cut; // keep so many per cent; 0: all
} encoded[] = {
    {"photo.jpg", ".jpg", PIXELS_RGB, 0},
    {"progressive.jpg", ".jpg[interlace]", PIXELS_RGB, 0},
    {"grey.jpg", ".jpg", PIXELS_GREY, 0},
    {"cmyk.jpg", ".jpg", PIXELS_CMYK, 0},
    {"profile.jpg", ".jpg", PIXELS_P3, 0},
    {"photo.png", ".png", PIXELS_RGB, 0},
    {"alpha.png", ".png", PIXELS_ALPHA, 0},
    {"grey-alpha.png", ".png", PIXELS_GREY_ALPHA, 0},
    {"sixteen.png", ".png", PIXELS_SIXTEEN, 0},
    {"interlaced.png", ".png[interlace]", PIXELS_RGB, 0},
    {"photo.webp", ".webp", PIXELS_RGB, 0},
    {"alpha.webp", ".webp[lossless]", PIXELS_ALPHA, 0},
    {"animated.webp", ".webp", PIXELS_FRAMES, 0},
    {"photo.gif", ".gif", PIXELS_RGB, 0},
    {"animated.gif", ".gif", PIXELS_FRAMES, 0},
    {"photo.tif", ".tif", PIXELS_RGB, 0},
    {"photo.heic", ".heic", PIXELS_RGB, 0},
    {"photo.avif", ".heic[compression=av1]", PIXELS_RGB, 0},
    {"photo.jp2", ".jp2", PIXELS_RGB, 0},
    {"photo.jxl", ".jxl", PIXELS_RGB, 0},
    {"one-pixel.png", ".png", PIXELS_ONE, 0},
    {"one-pixel.jpg", ".jpg", PIXELS_ONE, 0},
    {"wide.jpg", ".jpg", PIXELS_WIDE, 0},
    {"wide.png", ".png", PIXELS_WIDE, 0},
    {"truncated.jpg", ".jpg", PIXELS_RGB, 60},
    {"truncated-progressive.jpg", ".jpg[interlace]", PIXELS_RGB, 60},
    {"truncated.png", ".png", PIXELS_RGB, 60},
    {"truncated-interlaced.png", ".png[interlace]", PIXELS_RGB, 60},
    {"truncated.webp", ".webp", PIXELS_RGB, 60},
    {"truncated.gif", ".gif", PIXELS_RGB, 60},
    {"truncated.tif", ".tif", PIXELS_RGB, 60},
    {"disguised-tiff.jpg", ".tif", PIXELS_RGB, 0},
    {"really-a-png.jpg", ".png", PIXELS_RGB, 0},
    {"new\nline.jpg", ".jpg", PIXELS_RGB, 0},
    {"a.jpg[n=-1].jpg", ".jpg", PIXELS_RGB, 0},
    {"-leading.jpg", ".jpg", PIXELS_RGB, 0},
    {"invalid-\xff\xfe-utf8.jpg", ".jpg", PIXELS_RGB, 0},
};

static const char drawing[] =
    "<?xml version=\"1.0\"?>\n<!-- a drawing -->\n"
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"400\" height=\"300\">"
    "<rect width=\"400\" height=\"300\" fill=\"#336699\"/>"
    "<circle cx=\"200\" cy=\"150\" r=\"100\" fill=\"#ffcc00\"/></svg>\n";

/* One page of 400 x 300 points with a rectangle. Its offsets are not listed; readers rebuild them.
 */
static const char page[] =
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R>>endobj\n"
    "4 0 obj<</Length 35>>stream\n0.2 0.4 0.6 rg 50 50 300 200 re f  \nendstream endobj\n"
    "trailer<</Root 1 0 R>>\n%%EOF\n";

static const char text[] = "This is a text, whatever its name says.\n";

/* Everything fails in the same way: there is no such picture. */
static VipsImage *changed(VipsImage *image, int failed, VipsImage *result)
{
    if (failed)
        vips_error_exit("thumbmill-samples: cannot convert");
    g_object_unref(image);
    return result;
}

static VipsImage *in_space(VipsImage *image, VipsInterpretation space)
{
    VipsImage *result = NULL;
    int failed = vips_colourspace(image, &result, space, NULL);
    return changed(image, failed, result);
}

static VipsImage *in_profile(VipsImage *image, const char *profile)
{
    VipsImage *result = NULL;
    int failed = vips_icc_transform(image, &result, profile, "input_profile", "srgb", NULL);
    return changed(image, failed, result);
}

static VipsImage *frames(void)
{
    VipsImage *image = sample_picture(9, WIDTH, 4 * HEIGHT);
    VipsImage *result = NULL;
    int failed = vips_copy(image, &result, NULL);
    result = changed(image, failed, result);
    vips_image_set_int(result, VIPS_META_PAGE_HEIGHT, HEIGHT);
    return result;
}

static VipsImage *picture_of(enum pixels pixels)
{
    switch (pixels) {
    case PIXELS_ALPHA:
        return sample_picture_alpha(2, WIDTH, HEIGHT);
    case PIXELS_GREY:
        return in_space(sample_picture(3, WIDTH, HEIGHT), VIPS_INTERPRETATION_B_W);
    case PIXELS_GREY_ALPHA:
        return in_space(sample_picture_alpha(4, WIDTH, HEIGHT), VIPS_INTERPRETATION_B_W);
    case PIXELS_SIXTEEN:
        return in_space(sample_picture(5, WIDTH, HEIGHT), VIPS_INTERPRETATION_RGB16);
    case PIXELS_CMYK:
        return in_profile(sample_picture(6, WIDTH, HEIGHT), "cmyk");
    case PIXELS_P3:
        return in_profile(sample_picture(7, WIDTH, HEIGHT), "p3");
    case PIXELS_ONE:
        return sample_picture(8, 1, 1);
    case PIXELS_WIDE:
        return sample_picture(10, WIDE, 16);
    case PIXELS_FRAMES:
        return frames();
    default:
        return sample_picture(1, WIDTH, HEIGHT);
    }
}

static void write_encoded(const char *folder)
{
    for (size_t i = 0; i < sizeof encoded / sizeof encoded[0]; i++) {
        VipsImage *image = picture_of(encoded[i].pixels);
        struct sample_bytes bytes = sample_encode(&image, encoded[i].saver);
        size_t size = encoded[i].cut ? bytes.size * (size_t)encoded[i].cut / 100 : bytes.size;
        if (bytes.data)
            sample_file_write(folder, encoded[i].name, bytes.data, size);
        g_free(bytes.data);
    }
}

static void write_orientations(const char *folder)
{
    for (int orientation = 1; orientation <= 8; orientation++) {
        char name[] = "orientation-0.jpg";
        *strchr(name, '0') = (char)('0' + orientation);
        VipsImage *image = sample_picture(20, WIDTH, HEIGHT);
        vips_image_set_int(image, VIPS_META_ORIENTATION, orientation);
        struct sample_bytes bytes = sample_encode(&image, ".jpg");
        sample_file_write(folder, name, bytes.data, bytes.size);
        g_free(bytes.data);
    }
}

/* Three files out of a good JPEG: one whose name is as long as can be, one that lacks some bytes
 * just before its end marker, one whose header claims 64250 x 64250 pixels (in its start of frame:
 * marker, length, precision, height, width). */
static void write_changed_jpegs(const char *folder)
{
    VipsImage *image = sample_picture(1, WIDTH, HEIGHT);
    struct sample_bytes bytes = sample_encode(&image, ".jpg");

    char name[NAME_BYTES + 1];
    memset(name, 'x', sizeof name);
    strcpy(name + NAME_BYTES - 4, ".jpg");
    sample_file_write(folder, name, bytes.data, bytes.size);

    unsigned char *lacking = g_malloc(bytes.size);
    memcpy(lacking, bytes.data, bytes.size);
    memcpy(lacking + bytes.size - LACKING - 2, "\xff\xd9", 2);
    sample_file_write(folder, "last-row.jpg", lacking, bytes.size - LACKING);
    g_free(lacking);

    unsigned char *frame = memmem(bytes.data, bytes.size, "\xff\xc0", 2);
    if (frame)
        memcpy(frame + 5, "\xfa\xfa\xfa\xfa", 4);
    sample_file_write(folder, "claims-64250.jpg", bytes.data, bytes.size);
    g_free(bytes.data);
}

void sample_kinds(const char *folder)
{
    sample_folder(folder);
    write_encoded(folder);
    write_orientations(folder);
    write_changed_jpegs(folder);
    sample_file_write(folder, "drawing.svg", drawing, strlen(drawing));
    sample_file_write(folder, "page.pdf", page, strlen(page));
    sample_file_write(folder, "disguised-svg.jpg", drawing, strlen(drawing));
    sample_file_write(folder, "disguised-pdf.png", page, strlen(page));
    sample_file_write(folder, "not-an-image.jpg", text, strlen(text));
    sample_file_write(folder, "zero-byte.jpg", "", 0);
}
