/*
 * libvips' start, tuned for one operation at a time and memory that is given back, and the policy
 * of loaders. Blocking alone is not enough: a blocked loader still sniffs the bytes. So the caller
 * looks at the magic bytes first, and modules that are not needed are never loaded.
 *
 * libvips' vector code stays on: what breaks in 8.14 is its compiling from two threads at once, and
 * here one operation is built at a time. It saves a tenth of the processor time of small images and
 * gives the very pixels of vipsthumbnail.
 */

#include "worker/decoder/loader.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <stdlib.h>
#include <string.h>

#include "common/image_format.h"

/* The class of loaders (its file, buffer and source variants are below it) of each format, and the
 * module it lives in where libvips was built with modules. */
static const struct {
    const char *class_name, *module;
} loaders[FORMATS] = {
    [FORMAT_JPEG] = {"VipsForeignLoadJpeg", NULL},
    [FORMAT_PNG] = {"VipsForeignLoadPng", NULL},
    [FORMAT_WEBP] = {"VipsForeignLoadWebp", NULL},
    [FORMAT_GIF] = {"VipsForeignLoadNsgif", NULL},
    [FORMAT_TIFF] = {"VipsForeignLoadTiff", NULL},
    [FORMAT_HEIF] = {"VipsForeignLoadHeif", "vips-heif"},
    [FORMAT_AVIF] = {"VipsForeignLoadHeif", "vips-heif"},
    [FORMAT_SVG] = {"VipsForeignLoadSvg", NULL},
    [FORMAT_PDF] = {"VipsForeignLoadPdf", "vips-poppler"},
    [FORMAT_JP2] = {"VipsForeignLoadJp2k", NULL},
    [FORMAT_JXL] = {"VipsForeignLoadJxl", "vips-jxl"},
};

/* The modules' folder lies beside the library itself: LIBDIR/vips-modules-8.14. */
static bool open_module(const char *name)
{
    Dl_info library;
    void *symbol = dlsym(RTLD_DEFAULT, "vips_version_string");
    if (!symbol || !dladdr(symbol, &library) || !library.dli_fname)
        return false;
    char *folder = g_path_get_dirname(library.dli_fname);
    char *path = g_strdup_printf("%s/vips-modules-%d.%d/%s.%s", folder, vips_version(0),
                                 vips_version(1), name, G_MODULE_SUFFIX);
    GModule *module = g_module_open(path, G_MODULE_BIND_LAZY);
    if (module)
        g_module_make_resident(module);
    g_free(path);
    g_free(folder);
    return module != NULL;
}

bool loader_reads(enum image_format format)
{
    return loaders[format].class_name && g_type_from_name(loaders[format].class_name) != 0;
}

static void need(enum image_format format)
{
    if (loaders[format].module && !loader_reads(format))
        (void)open_module(loaders[format].module);
}

void loader_want_all(void)
{
    for (int format = FORMAT_UNKNOWN + 1; format < FORMATS; format++)
        need(format);
}

static bool start_libvips(void)
{
    /* No modules at the start, and never a temporary file: what does not fit our memory limits was
     * refused before it was decoded. */
    setenv("VIPSHOME", "/nonexistent", 1);
    setenv("VIPS_DISC_THRESHOLD", "1000000g", 1);
    if (VIPS_INIT("thumbmill-decoder"))
        return false;
    unsetenv("VIPSHOME");

    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    return true;
}

enum status loader_open(uint32_t allow, enum image_format output, struct reason *why)
{
    if (!start_libvips())
        return reason_set(why, STATUS_MACHINE, "libvips does not start: %s", vips_error_buffer());

    need(output);
    for (int format = FORMAT_UNKNOWN + 1; format < FORMATS; format++)
        if (allow & FORMAT_BIT(format))
            need(format);

    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (int format = FORMAT_UNKNOWN + 1; format < FORMATS; format++) {
        if (!(allow & FORMAT_BIT(format)))
            continue;
        if (!loader_reads(format) && !(FORMATS_DEFAULT & FORMAT_BIT(format)))
            return reason_set(why, STATUS_USAGE, "--allow %s: libvips %s cannot read it here",
                              format_name(format), vips_version_string());
        if (loader_reads(format))
            vips_operation_block_set(loaders[format].class_name, FALSE);
    }
    return STATUS_OK;
}

const char *loader_options(enum fail_on fail_on)
{
    switch (fail_on) {
    case FAIL_ON_TRUNCATED:
        return "[fail_on=truncated]";
    case FAIL_ON_ERROR:
        return "[fail_on=error]";
    case FAIL_ON_WARNING:
        return "[fail_on=warning]";
    default:
        return "[fail_on=none]";
    }
}

static int number_of(VipsImage *image, const char *name)
{
    int value = 0;
    if (vips_image_get_typeof(image, name) && vips_image_get_int(image, name, &value))
        value = 0;
    return value;
}

/* A frame of a WebP animation that does not fill its canvas stops libvips from scaling on load. */
static bool webp_scales(const struct image_bytes *bytes, VipsImage *image)
{
    if (vips_image_get_n_pages(image) == 1)
        return true;
    VipsImage *half = NULL;
    if (vips_webpload_buffer((void *)bytes->data, bytes->size, &half, "scale", 0.5, NULL))
        return false;
    bool scales = half->Xsize < image->Xsize || half->Ysize < image->Ysize;
    g_object_unref(half);
    return scales;
}

static bool has_thumbnail(const struct image_bytes *bytes, VipsImage *image)
{
    VipsImage *thumbnail = NULL;
    if (vips_heifload_buffer((void *)bytes->data, bytes->size, &thumbnail, "thumbnail", TRUE, NULL))
        return false;
    bool smaller = thumbnail->Xsize < image->Xsize;
    g_object_unref(thumbnail);
    return smaller;
}

static enum preshrink preshrink_of(const struct image_bytes *bytes, VipsImage *image)
{
    if (bytes->format == FORMAT_JPEG)
        return PRESHRINK_JPEG;
    return bytes->format == FORMAT_WEBP && webp_scales(bytes, image) ? PRESHRINK_WEBP
                                                                     : PRESHRINK_NONE;
}

/* Versions at other scales: a drawing, a pyramid of pages or resolutions, an embedded thumbnail. */
static bool has_versions(const struct image_bytes *bytes, VipsImage *image)
{
    switch (bytes->format) {
    case FORMAT_SVG:
    case FORMAT_PDF:
    case FORMAT_JP2:
        return true;
    case FORMAT_TIFF:
        return vips_image_get_n_pages(image) > 1 || vips_image_get_n_subifds(image) > 0;
    case FORMAT_HEIF:
    case FORMAT_AVIF:
        return has_thumbnail(bytes, image);
    default:
        return false;
    }
}

/* A profile that fits the image once it is grey or RGB. One of another kind is common (RGB beside
 * grey pixels) and means nothing; that of CMYK was used when the pixels became RGB. */
static bool has_profile(VipsImage *image)
{
    const void *profile;
    size_t size;
    return image->Type != VIPS_INTERPRETATION_CMYK &&
           vips_image_get_typeof(image, VIPS_META_ICC_NAME) &&
           !vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &size) &&
           vips_icc_is_compatible_profile(image, profile, size);
}

bool loader_read_header(const struct image_bytes *bytes, enum fail_on fail_on,
                        struct image_header *header)
{
    VipsImage *image = vips_image_new_from_buffer(bytes->data, bytes->size, loader_options(fail_on),
                                                  "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    if (!image)
        return false;

    bool animation = bytes->format == FORMAT_GIF || bytes->format == FORMAT_WEBP;
    *header = (struct image_header){
        .source = {(uint32_t)image->Xsize, (uint32_t)vips_image_get_page_height(image),
                   vips_image_get_orientation(image), preshrink_of(bytes, image)},
        .frames = animation ? (uint32_t)vips_image_get_n_pages(image) : 1,
        .pixel_bytes = (uint32_t)VIPS_IMAGE_SIZEOF_PEL(image),
        .whole = number_of(image, "interlaced") || number_of(image, "jpeg-multiscan"),
        .versions = has_versions(bytes, image),
        .grey = image->Bands < 3,
        .profile = has_profile(image),
    };
    g_object_unref(image);
    return true;
}
