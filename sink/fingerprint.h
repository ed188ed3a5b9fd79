#pragma once

/*
 * Two digests of a run's options, by which the record knows whether what it holds still answers
 * what is asked now. Pure.
 *
 *   outputs   what decides an output's bytes and its name: the sizes, the crop, the template, the
 *             format with its saver options, background, rotation, profile, kept metadata
 *   limits    what decides whether an image is refused: limits, --allow, --fail-on
 *
 * A profile is known by its name: a file that changes under the same name is not noticed. Nor are
 * versions of image libraries in it: an upgrade shall not redo a million images; --force does.
 *
 * To add an option: add it at the END of the encoding in fingerprint.c, only where it differs from
 * its default, so that records made before it stay valid. To change how an existing one acts on
 * the pixels: raise FINGERPRINT_VERSION; every image is then done again once.
 */

#include <stdint.h>

#include "common/options.h"

#define FINGERPRINT_VERSION 1
#define FINGERPRINT_SIZE 16

struct fingerprint {
    uint8_t bytes[FINGERPRINT_SIZE];
};

void fingerprint_outputs(const struct run_options *options, struct fingerprint *fingerprint);
void fingerprint_limits(const struct run_options *options, struct fingerprint *fingerprint);
