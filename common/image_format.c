/*
 * Formats by suffix, by first bytes and by name. The signatures are those of each format's own
 * specification; what only looks a little like a format is unknown.
 */

#include "common/image_format.h"

#include <string.h>
#include <strings.h>

static const char *const names[FORMATS] = {
    [FORMAT_UNKNOWN] = "unknown", [FORMAT_JPEG] = "jpeg", [FORMAT_PNG] = "png",
    [FORMAT_WEBP] = "webp",       [FORMAT_GIF] = "gif",   [FORMAT_TIFF] = "tiff",
    [FORMAT_HEIF] = "heif",       [FORMAT_AVIF] = "avif", [FORMAT_SVG] = "svg",
    [FORMAT_PDF] = "pdf",         [FORMAT_JP2] = "jp2",   [FORMAT_JXL] = "jxl",
};

static const struct {
    const char *suffix;
    enum image_format format;
} suffixes[] = {
    {"jpg", FORMAT_JPEG},  {"jpeg", FORMAT_JPEG}, {"jpe", FORMAT_JPEG},  {"jfif", FORMAT_JPEG},
    {"png", FORMAT_PNG},   {"webp", FORMAT_WEBP}, {"gif", FORMAT_GIF},   {"tif", FORMAT_TIFF},
    {"tiff", FORMAT_TIFF}, {"heic", FORMAT_HEIF}, {"heif", FORMAT_HEIF}, {"hif", FORMAT_HEIF},
    {"avif", FORMAT_AVIF}, {"svg", FORMAT_SVG},   {"pdf", FORMAT_PDF},   {"jp2", FORMAT_JP2},
    {"j2k", FORMAT_JP2},   {"j2c", FORMAT_JP2},   {"jpc", FORMAT_JP2},   {"jpt", FORMAT_JP2},
    {"jxl", FORMAT_JXL},
};

/* Signatures that stand at the very beginning. */
static const struct {
    const char *bytes;
    size_t size;
    enum image_format format;
} signatures[] = {
    {"\xff\xd8\xff", 3, FORMAT_JPEG},
    {"\x89PNG\r\n\x1a\n", 8, FORMAT_PNG},
    {"GIF87a", 6, FORMAT_GIF},
    {"GIF89a", 6, FORMAT_GIF},
    {"II*\0", 4, FORMAT_TIFF},
    {"MM\0*", 4, FORMAT_TIFF},
    {"II+\0", 4, FORMAT_TIFF},
    {"MM\0+", 4, FORMAT_TIFF},
    {"%PDF-", 5, FORMAT_PDF},
    {"\0\0\0\x0cjP  \r\n\x87\n", 12, FORMAT_JP2},
    {"\xff\x4f\xff\x51", 4, FORMAT_JP2},
    {"\xff\x0a", 2, FORMAT_JXL},
    {"\0\0\0\x0cJXL \r\n\x87\n", 12, FORMAT_JXL},
};

/* The brands of ISO/IEC 23008-12 (HEIF) and of the AVIF specification. */
static const char heif_brands[][5] = {"heic", "heix", "heim", "heis", "hevc",
                                      "hevx", "hevm", "hevs", "mif1", "msf1"};
static const char avif_brands[][5] = {"avif", "avis"};

#define BRAND_SIZE 4
#define FTYP_BRANDS 8 // where the brands begin: box size, "ftyp"
#define RIFF_FORM 8   // where "WEBP" stands: "RIFF", size

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_one_of(const char *brand, const char (*brands)[5], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(brand, brands[i], BRAND_SIZE) == 0)
            return true;
    return false;
}

/* An ISO base media file: its major brand, its version, then the brands it is compatible with.
 * AVIF files may call themselves the general mif1, so AVIF is looked for first. */
static enum image_format format_of_ftyp(const unsigned char *bytes, size_t size)
{
    if (size < FTYP_BRANDS + BRAND_SIZE || memcmp(bytes + 4, "ftyp", 4) != 0)
        return FORMAT_UNKNOWN;

    size_t box = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    size_t end = box < size ? box : size;
    enum image_format found = FORMAT_UNKNOWN;
    for (size_t at = FTYP_BRANDS; at + BRAND_SIZE <= end; at += BRAND_SIZE) {
        const char *brand = (const char *)bytes + at;
        if (is_one_of(brand, avif_brands, COUNT(avif_brands)))
            return FORMAT_AVIF;
        if (is_one_of(brand, heif_brands, COUNT(heif_brands)))
            found = FORMAT_HEIF;
    }
    return found;
}

/* Text that begins with '<' (after a byte order mark and blanks) and soon opens an <svg> element;
 * declarations, comments and a document type may come before it. */
static bool looks_like_svg(const unsigned char *bytes, size_t size)
{
    size_t at = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size && memchr(" \t\r\n", bytes[at], 4))
        at++;
    if (at == size || bytes[at] != '<')
        return false;

    size_t end = size < FORMAT_SNIFF_SIZE ? size : FORMAT_SNIFF_SIZE;
    for (; at + 5 <= end; at++)
        if (memcmp(bytes + at, "<svg", 4) == 0 && memchr(" \t\r\n>:", bytes[at + 4], 6))
            return true;
    return false;
}

enum image_format format_of_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    if (!dot)
        return FORMAT_UNKNOWN;
    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (strcasecmp(dot + 1, suffixes[i].suffix) == 0)
            return suffixes[i].format;
    return FORMAT_UNKNOWN;
}

enum image_format format_of_bytes(const void *bytes, size_t size)
{
    for (size_t i = 0; i < COUNT(signatures); i++)
        if (size >= signatures[i].size &&
            memcmp(bytes, signatures[i].bytes, signatures[i].size) == 0)
            return signatures[i].format;

    const unsigned char *at = bytes;
    if (size >= RIFF_FORM + 4 && memcmp(at, "RIFF", 4) == 0 &&
        memcmp(at + RIFF_FORM, "WEBP", 4) == 0)
        return FORMAT_WEBP;

    enum image_format format = format_of_ftyp(at, size);
    if (format == FORMAT_UNKNOWN && looks_like_svg(at, size))
        format = FORMAT_SVG;
    return format;
}

const char *format_name(enum image_format format)
{
    return (unsigned)format < FORMATS ? names[format] : names[FORMAT_UNKNOWN];
}

enum image_format format_of_word(const char *word)
{
    for (int format = FORMAT_UNKNOWN + 1; format < FORMATS; format++)
        if (strcasecmp(word, names[format]) == 0)
            return format;
    /* What people call them, too: "heic", "jpg", "tif". */
    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (strcasecmp(word, suffixes[i].suffix) == 0)
            return suffixes[i].format;
    return FORMAT_UNKNOWN;
}

bool format_is_output(enum image_format format)
{
    return format != FORMAT_UNKNOWN && format != FORMAT_SVG && format != FORMAT_PDF &&
           (unsigned)format < FORMATS;
}
