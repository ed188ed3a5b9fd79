#pragma once

/*
 * What a run does to each image: the same for every worker, sent whole in START and WELCOME, and
 * to each decoder. A plain value: no pointers, copied freely.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/job.h"
#include "common/size_spec.h"

/* The orders of these are part of the wire: add at the end. */
enum crop { CROP_NONE, CROP_CENTRE, CROP_ENTROPY, CROP_ATTENTION, CROP_LOW, CROP_HIGH, CROPS };
enum fail_on { FAIL_ON_NONE, FAIL_ON_TRUNCATED, FAIL_ON_ERROR, FAIL_ON_WARNING, FAIL_ONS };

/* Known by their magic bytes and their suffixes; see common/image_format.h. */
enum image_format {
    FORMAT_UNKNOWN,
    FORMAT_JPEG,
    FORMAT_PNG,
    FORMAT_WEBP,
    FORMAT_GIF,
    FORMAT_TIFF,
    FORMAT_HEIF,
    FORMAT_AVIF,
    FORMAT_SVG,
    FORMAT_PDF,
    FORMAT_JP2,
    FORMAT_JXL,
    FORMATS
};

#define FORMAT_BIT(format) (1u << (format))
#define FORMATS_DEFAULT                                                                            \
    (FORMAT_BIT(FORMAT_JPEG) | FORMAT_BIT(FORMAT_PNG) | FORMAT_BIT(FORMAT_WEBP) |                  \
     FORMAT_BIT(FORMAT_GIF))

/* What metadata a thumbnail keeps, as bits. */
enum keep {
    KEEP_NONE = 0,
    KEEP_EXIF = 1,
    KEEP_XMP = 2,
    KEEP_IPTC = 4,
    KEEP_ICC = 8,
    KEEP_OTHER = 16,
    KEEP_ALL = 31
};

#define TEMPLATE_SIZE 1024 // of --output
#define FORMAT_SIZE 256    // of --format with its saver options
#define PROFILE_SIZE 1024  // of --profile: a name libvips knows (srgb, p3, cmyk) or a file

struct run_options {
    struct size_spec sizes[SIZES_MAX];
    uint32_t size_count; // 1..SIZES_MAX
    enum crop crop;
    char output[TEMPLATE_SIZE]; // empty: the default naming
    char format[FORMAT_SIZE];   // suffix without dot, with saver options: "jpg[Q=85]"
    uint8_t background[3];      // red, green, blue
    bool rotate;                // apply the orientation
    char profile[PROFILE_SIZE]; // colours of the output; empty: sRGB
    uint32_t keep;              // bits of enum keep
    enum fail_on fail_on;
    uint64_t max_pixels; // of an image, all its frames together
    uint64_t max_bytes;  // of a file
    uint32_t timeout_ms; // of one image in its decoder
    uint32_t allow;      // FORMAT_BITs that may be decoded
    bool sync;           // outputs are made durable before they are reported
};

/* The defaults of the command line (256x256>, jpg, white, 200 MP, 512 MiB, 30 s ...). */
void run_options_init(struct run_options *options);

/* Readers of single values, for the command line; each STATUS_USAGE with the reason. */
enum status options_add_sizes(struct run_options *options, const char *text,
                              struct reason *why) MUST_USE; // one SPEC or several, by commas
enum status options_set_crop(struct run_options *options, const char *text,
                             struct reason *why) MUST_USE;
enum status options_set_background(struct run_options *options, const char *text,
                                   struct reason *why) MUST_USE; // white, #rgb, #rrggbb, R,G,B
enum status options_set_keep(struct run_options *options, const char *text,
                             struct reason *why) MUST_USE; // none, all, exif,xmp,iptc,icc,other
enum status options_set_fail_on(struct run_options *options, const char *text,
                                struct reason *why) MUST_USE;
enum status options_add_allow(struct run_options *options, const char *text,
                              struct reason *why) MUST_USE; // names of formats, by commas

/* The names of the enums, as on the command line. */
const char *crop_name(enum crop crop);
const char *fail_on_name(enum fail_on fail_on);

/* Values that make sense together: a template without two meanings, a writable format, paths that
 * fit. For options from the command line and from the wire alike. */
enum status run_options_check(const struct run_options *options, struct reason *why) MUST_USE;
