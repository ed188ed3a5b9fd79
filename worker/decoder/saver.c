/*
 * What a saver is told comes in one option string: ours first, then the user's, since of an option
 * given twice the later one counts. libvips 8.14 can only strip all metadata or none; to keep some,
 * the other fields are removed from a copy of the image.
 */

#include "worker/decoder/saver.h"

#include <stdio.h>
#include <string.h>

#include "common/image_format.h"
#include "worker/decoder/messages.h"

/* The side of the image that saver options are tried on: enough for every format's blocks. */
#define TRIAL_SIDE 16

static const char *const suffixes[FORMATS] = {
    [FORMAT_JPEG] = ".jpg",  [FORMAT_PNG] = ".png",  [FORMAT_WEBP] = ".webp",
    [FORMAT_GIF] = ".gif",   [FORMAT_TIFF] = ".tif", [FORMAT_HEIF] = ".heic",
    [FORMAT_AVIF] = ".avif", [FORMAT_JP2] = ".jp2",  [FORMAT_JXL] = ".jxl",
};

enum image_format saver_format(const char *text)
{
    char suffix[FORMAT_SIZE];
    snprintf(suffix, sizeof suffix, "%.*s", (int)strcspn(text, "["), text);
    return format_of_name(suffix);
}

/* The sRGB colours need no tag; those of a profile that the user chose do. */
static uint32_t kept(const struct run_options *options)
{
    bool tagged = options->profile[0] && strcmp(options->profile, "srgb") != 0;
    return options->keep | (tagged ? KEEP_ICC : 0);
}

/* AVIF is HEIF with another compression, which libvips 8.14 knows by suffix only for files. */
static void compose(struct saver *saver, const char *text, const uint8_t background[3])
{
    bool avif = saver_format(text) == FORMAT_AVIF;
    size_t suffix = strcspn(text, "[");
    const char *options = text[suffix] == '[' ? text + suffix + 1 : "]";
    snprintf(saver->text, sizeof saver->text, "%.*s[%s%sbackground=%u %u %u%s%s",
             avif ? (int)strlen(".heic") : (int)suffix, avif ? ".heic" : text,
             avif ? "compression=av1," : "", saver->keep == KEEP_NONE ? "strip," : "",
             background[0], background[1], background[2], options[0] == ']' ? "" : ",", options);
}

static VipsImage *trial_image(const char *profile)
{
    VipsImage *black = NULL, *coloured = NULL, *exported = NULL;
    if (!vips_black(&black, TRIAL_SIDE, TRIAL_SIDE, "bands", 3, NULL) &&
        !vips_copy(black, &coloured, "interpretation", VIPS_INTERPRETATION_sRGB, NULL))
        (void)vips_thumbnail_image(coloured, &exported, TRIAL_SIDE, "export_profile",
                                   profile[0] ? profile : NULL, NULL);
    VIPS_UNREF(coloured);
    VIPS_UNREF(black);
    return exported;
}

/* What libvips would only grumble about (a value out of range) is an error here. */
static enum status tried(bool ok, const char *what, struct reason *why)
{
    struct messages said;
    messages_take(&said);
    if (ok && !said.warnings[0])
        return STATUS_OK;
    char line[IMAGE_ERROR_SIZE];
    messages_join(line, sizeof line, said.errors[0] ? said.errors : said.warnings);
    return reason_set(why, STATUS_USAGE, "%s: %s", what, line[0] ? line : "cannot be written");
}

static bool encodes(const struct saver *saver, VipsImage *image)
{
    void *bytes = NULL;
    size_t size = 0;
    bool ok = saver_encode(saver, image, &bytes, &size);
    g_free(bytes);
    return ok && size > 0;
}

static enum status try_options(const struct saver *saver, const char *text, const char *profile,
                               struct reason *why)
{
    messages_take(NULL);
    VipsImage *image = trial_image(profile);
    enum status status = tried(image != NULL, profile, why);
    if (status == STATUS_OK)
        status = tried(encodes(saver, image), text, why);
    VIPS_UNREF(image);
    return status;
}

enum status saver_open(struct saver *saver, const char *text, const struct run_options *options,
                       struct reason *why)
{
    if (!format_is_output(saver_format(text)))
        return reason_set(why, STATUS_USAGE, "%s: not a format that can be written", text);
    size_t suffix = strcspn(text, "[");
    if (text[suffix] == '[' && text[strlen(text) - 1] != ']')
        return reason_set(why, STATUS_USAGE, "%s: saver options end with ]", text);

    saver->keep = kept(options);
    compose(saver, text, options->background);
    return try_options(saver, text, options->profile, why);
}

bool saver_writes(enum image_format format)
{
    if (!suffixes[format])
        return false;
    static const uint8_t white[3] = {255, 255, 255};
    struct saver saver = {.keep = KEEP_NONE};
    compose(&saver, suffixes[format], white);
    return try_options(&saver, suffixes[format], "", NULL) == STATUS_OK;
}

static bool starts_with(const char *name, const char *beginning)
{
    return strncmp(name, beginning, strlen(beginning)) == 0;
}

/* The bit that keeps a field; 0 for what describes the pixels and stays. The orientation is EXIF's;
 * without it the pixels are as they are. */
static uint32_t keeper_of(const char *field)
{
    if (starts_with(field, "exif-") || strcmp(field, VIPS_META_ORIENTATION) == 0 ||
        strcmp(field, "jpeg-thumbnail-data") == 0)
        return KEEP_EXIF;
    if (strcmp(field, VIPS_META_XMP_NAME) == 0)
        return KEEP_XMP;
    if (strcmp(field, VIPS_META_IPTC_NAME) == 0)
        return KEEP_IPTC;
    if (strcmp(field, VIPS_META_ICC_NAME) == 0)
        return KEEP_ICC;
    if (strcmp(field, VIPS_META_PHOTOSHOP_NAME) == 0 ||
        strcmp(field, VIPS_META_IMAGEDESCRIPTION) == 0 || starts_with(field, "png-comment") ||
        strcmp(field, "gif-comment") == 0)
        return KEEP_OTHER;
    return KEEP_NONE;
}

static void remove_metadata(VipsImage *image, uint32_t keep)
{
    char **fields = vips_image_get_fields(image);
    for (char **field = fields; field && *field; field++) {
        uint32_t keeper = keeper_of(*field);
        if (keeper != KEEP_NONE && !(keep & keeper))
            vips_image_remove(image, *field);
    }
    g_strfreev(fields);
}

bool saver_encode(const struct saver *saver, VipsImage *image, void **bytes, size_t *size)
{
    VipsImage *copy = NULL;
    if (vips_copy(image, &copy, NULL))
        return false;
    if (saver->keep != KEEP_NONE)
        remove_metadata(copy, saver->keep);
    bool ok = vips_image_write_to_buffer(copy, saver->text, bytes, size, NULL) == 0;
    g_object_unref(copy);
    return ok;
}
