/*
 * The defaults of a run, the readers of single values, and what makes sense together.
 */

#include "common/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/image_format.h"
#include "common/naming.h"

#define DEFAULT_SIZE "256x256>"
#define DEFAULT_MAX_PIXELS (200ull * 1000 * 1000)
#define DEFAULT_MAX_BYTES (512ull << 20)
#define DEFAULT_TIMEOUT_MS (30 * 1000)

/* The longest word of a list separated by commas: a size with its suffix, the name of a format. */
#define WORD_SIZE 64

static const char *const crop_names[CROPS] = {
    [CROP_NONE] = "none",           [CROP_CENTRE] = "centre", [CROP_ENTROPY] = "entropy",
    [CROP_ATTENTION] = "attention", [CROP_LOW] = "low",       [CROP_HIGH] = "high",
};

static const char *const fail_on_names[FAIL_ONS] = {
    [FAIL_ON_NONE] = "none",
    [FAIL_ON_TRUNCATED] = "truncated",
    [FAIL_ON_ERROR] = "error",
    [FAIL_ON_WARNING] = "warning",
};

void run_options_init(struct run_options *options)
{
    *options = (struct run_options){
        .size_count = 1,
        .format = "jpg",
        .background = {255, 255, 255},
        .rotate = true,
        .max_pixels = DEFAULT_MAX_PIXELS,
        .max_bytes = DEFAULT_MAX_BYTES,
        .timeout_ms = DEFAULT_TIMEOUT_MS,
        .allow = FORMATS_DEFAULT,
    };
    if (size_spec_parse(DEFAULT_SIZE, &options->sizes[0], NULL) != STATUS_OK)
        abort(); // a constant of ours
}

/* Takes the next word of a list. Returns false at the end; an empty or endless word is "" . */
static bool next_word(const char **list, char word[WORD_SIZE])
{
    if (*list == NULL)
        return false;
    size_t length = strcspn(*list, ",");
    snprintf(word, WORD_SIZE, "%.*s", length < WORD_SIZE ? (int)length : 0, *list);
    *list = (*list)[length] == ',' ? *list + length + 1 : NULL;
    return true;
}

enum status options_add_sizes(struct run_options *options, const char *text, struct reason *why)
{
    char word[WORD_SIZE];
    for (const char *list = text; next_word(&list, word);) {
        if (options->size_count == SIZES_MAX)
            return reason_set(why, STATUS_USAGE, "%s: more than %d sizes", text, SIZES_MAX);
        enum status status = size_spec_parse(word, &options->sizes[options->size_count], why);
        if (status != STATUS_OK)
            return status;
        options->size_count++;
    }
    return STATUS_OK;
}

/* Returns the index of `word` among names, -1 when it is none of them. */
static int find_name(const char *word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, names[i]) == 0)
            return i;
    }
    return -1;
}

enum status options_set_crop(struct run_options *options, const char *text, struct reason *why)
{
    int crop = find_name(text, crop_names, CROPS);
    if (crop < 0)
        return reason_set(why, STATUS_USAGE,
                          "%s: not a crop; expected none, centre, entropy, attention, low or high",
                          text);
    options->crop = (enum crop)crop;
    return STATUS_OK;
}

enum status options_set_fail_on(struct run_options *options, const char *text, struct reason *why)
{
    int level = find_name(text, fail_on_names, FAIL_ONS);
    if (level < 0)
        return reason_set(why, STATUS_USAGE,
                          "%s: not a level; expected none, truncated, error or warning", text);
    options->fail_on = (enum fail_on)level;
    return STATUS_OK;
}

/* Reads #rgb or #rrggbb. */
static bool read_hex_colour(const char *text, uint8_t colour[3])
{
    const size_t digits = strlen(text + 1);
    if (text[0] != '#' || (digits != 3 && digits != 6) ||
        strspn(text + 1, "0123456789abcdefABCDEF") != digits)
        return false;
    const unsigned long value = strtoul(text + 1, NULL, 16);
    const unsigned bits = digits == 3 ? 4 : 8;
    for (unsigned i = 0; i < 3; i++) {
        unsigned channel = value >> (2 - i) * bits & ((1u << bits) - 1);
        colour[i] = (uint8_t)(digits == 3 ? channel * 0x11 : channel);
    }
    return true;
}

/* Reads R,G,B, each 0..255. */
static bool read_decimal_colour(const char *text, uint8_t colour[3])
{
    char word[WORD_SIZE];
    const char *list = text;
    for (int i = 0; i < 3; i++) {
        if (!next_word(&list, word))
            return false;
        const size_t length = strlen(word);
        const unsigned long value = strtoul(word, NULL, 10);
        if (length < 1 || length > 3 || strspn(word, "0123456789") != length || value > 255)
            return false;
        colour[i] = (uint8_t)value;
    }
    return list == NULL;
}

enum status options_set_background(struct run_options *options, const char *text,
                                   struct reason *why)
{
    uint8_t colour[3];
    if (strcmp(text, "white") == 0)
        memset(colour, 255, sizeof colour);
    else if (strcmp(text, "black") == 0)
        memset(colour, 0, sizeof colour);
    else if (text[0] == '\0' ||
             (!read_hex_colour(text, colour) && !read_decimal_colour(text, colour)))
        return reason_set(why, STATUS_USAGE,
                          "%s: not a colour; expected white, black, #rgb, #rrggbb or R,G,B", text);
    memcpy(options->background, colour, sizeof colour);
    return STATUS_OK;
}

enum status options_set_keep(struct run_options *options, const char *text, struct reason *why)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } kinds[] = {{"none", KEEP_NONE}, {"all", KEEP_ALL}, {"exif", KEEP_EXIF},  {"xmp", KEEP_XMP},
                 {"iptc", KEEP_IPTC}, {"icc", KEEP_ICC}, {"other", KEEP_OTHER}};
    const size_t count = sizeof kinds / sizeof *kinds;
    uint32_t keep = KEEP_NONE;
    char word[WORD_SIZE];
    for (const char *list = text; next_word(&list, word);) {
        size_t i = 0;
        while (i < count && strcmp(word, kinds[i].name) != 0)
            i++;
        if (i == count)
            return reason_set(
                why, STATUS_USAGE,
                "%s: not metadata; expected none, all, or some of exif,xmp,iptc,icc,other", text);
        keep |= kinds[i].bits;
    }
    options->keep = keep;
    return STATUS_OK;
}

enum status options_add_allow(struct run_options *options, const char *text, struct reason *why)
{
    uint32_t allow = options->allow;
    char word[WORD_SIZE];
    for (const char *list = text; next_word(&list, word);) {
        enum image_format format = format_of_word(word);
        if (format == FORMAT_UNKNOWN)
            return reason_set(why, STATUS_USAGE,
                              "%s: not a format; expected names such as tiff, heif, avif, svg, pdf",
                              text);
        allow |= FORMAT_BIT(format);
    }
    options->allow = allow;
    return STATUS_OK;
}

const char *crop_name(enum crop crop)
{
    return (unsigned)crop < CROPS ? crop_names[crop] : "unknown";
}

const char *fail_on_name(enum fail_on fail_on)
{
    return (unsigned)fail_on < FAIL_ONS ? fail_on_names[fail_on] : "unknown";
}

/* Sizes as size_spec_parse makes them; a peer may have sent anything, and labels become names. */
static enum status check_sizes(const struct run_options *options, struct reason *why)
{
    if (options->size_count < 1 || options->size_count > SIZES_MAX)
        return reason_set(why, STATUS_USAGE, "--size: expected 1 to %d sizes", SIZES_MAX);
    for (uint32_t i = 0; i < options->size_count; i++) {
        const struct size_spec *size = &options->sizes[i];
        struct size_spec again;
        if (memchr(size->label, '\0', sizeof size->label) == NULL ||
            size_spec_parse(size->label, &again, NULL) != STATUS_OK || again.mode != SIZE_BOTH ||
            (unsigned)size->mode > SIZE_FORCE || size->width < 1 || size->width > SIZE_FREE ||
            size->height < 1 || size->height > SIZE_FREE)
            return reason_set(why, STATUS_USAGE, "--size: number %u is not a size", i + 1);
        if (options->crop != CROP_NONE && (size->width == SIZE_FREE || size->height == SIZE_FREE))
            return reason_set(why, STATUS_USAGE,
                              "--smartcrop %s fills both sides, --size %s leaves one free; give "
                              "WIDTHxHEIGHT",
                              crop_name(options->crop), size->label);
    }
    return STATUS_OK;
}

static enum status check_limits(const struct run_options *options, struct reason *why)
{
    const char *option = options->max_pixels == 0   ? "--max-pixels"
                         : options->max_bytes == 0  ? "--max-bytes"
                         : options->timeout_ms == 0 ? "--timeout"
                                                    : NULL;
    if (option != NULL)
        return reason_set(why, STATUS_USAGE, "%s: 0 allows nothing; expected more", option);
    return STATUS_OK;
}

static bool terminated(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

enum status run_options_check(const struct run_options *options, struct reason *why)
{
    if ((unsigned)options->crop >= CROPS || (unsigned)options->fail_on >= FAIL_ONS ||
        (options->keep & ~(uint32_t)KEEP_ALL) != 0 || options->allow >= FORMAT_BIT(FORMATS))
        return reason_set(why, STATUS_USAGE, "options: a value out of its range");
    if (!terminated(options->output, sizeof options->output) ||
        !terminated(options->format, sizeof options->format) ||
        !terminated(options->profile, sizeof options->profile))
        return reason_set(why, STATUS_USAGE, "options: a text without an end");
    enum status status = check_sizes(options, why);
    if (status == STATUS_OK)
        status = check_limits(options, why);
    if (status == STATUS_OK)
        status = naming_check(options, why);
    return status;
}
