#pragma once

/*
 * Encoding: one saver of libvips with the run's options, its background and what it keeps of the
 * source's metadata.
 */

#include <vips/vips.h>

#include "common/options.h"

/* ".jpg" with every option we put before the user's own. */
#define SAVER_SIZE (FORMAT_SIZE + 128)

struct saver {
    char text[SAVER_SIZE]; // as libvips takes it: ".jpg[strip,background=255 255 255,Q=85]"
    uint32_t keep;         // bits of enum keep
};

/* `text` is a suffix with saver options, ".jpg[Q=85]". Tries it on a small image: STATUS_USAGE with
 * libvips' own words when the options are not usable. libvips is started (loader_open()). */
enum status saver_open(struct saver *saver, const char *text, const struct run_options *options,
                       struct reason *why) MUST_USE;

/* The format that a suffix with options means: ".jpg[Q=85]" is FORMAT_JPEG. */
enum image_format saver_format(const char *text);

/* True when an image of this format can be written here. */
bool saver_writes(enum image_format format);

/* Encodes into memory that the caller g_free()s. False: libvips has said why. */
bool saver_encode(const struct saver *saver, VipsImage *image, void **bytes, size_t *size);
