#pragma once

/*
 * Looking at many recorded outputs at once: threads with a decoder each, behind a bounded queue.
 */

#include <stdint.h>

#include "cli/recorded.h"
#include "common/status.h"

struct inspection;

struct inspection_config {
    const struct recorded *recorded; // with a DEST
    const char *decoder;             // program
    uint32_t jobs;                   // threads, 1 or more
    uint64_t memory;                 // bytes for all decoders
    uint32_t timeout_ms;             // of one output in its decoder
};

struct inspection_counts {
    uint64_t outputs, wrong;
    uint64_t bytes; // of the outputs, as recorded
};

enum status inspection_open(struct inspection **inspection, const struct inspection_config *config,
                            struct reason *why) MUST_USE;
/* Takes a copy of one output of an image; waits for room. What is wrong with it will stand on
 * standard output, a line. STATUS_CLOSED: a thread cannot go on, inspection_finish says why. */
enum status inspection_put(struct inspection *inspection, const struct record_image *image,
                           const struct record_output *output) MUST_USE;
/* Waits until all that was put is looked at. */
enum status inspection_finish(struct inspection *inspection, struct inspection_counts *counts,
                              struct reason *why) MUST_USE;
void inspection_close(struct inspection **inspection);
