#pragma once

/*
 * The size grammar: vipsthumbnail's, exactly.
 *
 *   256      fit into 256 x 256          800x600   fit into 800 x 600
 *   800x     800 wide, height free       x600      600 high, width free
 *   suffix > only shrink     < only enlarge     ! ignore the aspect
 *
 * Pure.
 */

#include <stdint.h>

#include "common/status.h"

/* A side left free; also libvips' longest side (VIPS_MAX_COORD). */
#define SIZE_FREE 10000000u

/* The order is part of the decoder protocol and of the wire: add at the end. */
enum size_mode { SIZE_BOTH, SIZE_DOWN, SIZE_UP, SIZE_FORCE };

/* The longest label is two numbers of 8 digits and an x. */
#define SIZE_LABEL_SIZE 20

struct size_spec {
    uint32_t width, height; // 1..SIZE_FREE
    enum size_mode mode;
    char label[SIZE_LABEL_SIZE]; // as it was written, without its suffix: "256", "800x600", "800x"
};

/* Reads one size. STATUS_USAGE with the reason when it is not one. */
enum status size_spec_parse(const char *text, struct size_spec *spec, struct reason *why) MUST_USE;
