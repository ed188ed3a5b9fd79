#pragma once

/*
 * Which source claimed which output name, in memory: the first claim stands. And which images of
 * this epoch were counted already. Both go to the record once there is one.
 *
 * A claim is kept as a 128-bit digest of the output's path and a word for its owner: 24 bytes a
 * name. Keyed by a random key, so nobody can craft two names that collide.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"
#include "common/options.h"
#include "common/status.h"

/* Numbers of images are below this: ten thousand times the largest collection thought of. */
#define NAMES_NUMBER_END (1ULL << 40)

struct names;

/* Who claims: an image as ASK names it. The same number is the same image asked about again. */
struct claimant {
    uint64_t number; // 1..NAMES_NUMBER_END - 1
    struct text root, path;
};

enum status names_open(struct names **names, struct reason *why) MUST_USE;
void names_close(struct names **names);

/* Claims every output name of an image. STATUS_IMAGE with the sentence when one belongs to another
 * number already or cannot be made (then none is claimed); a number may claim its own again.
 * STATUS_MACHINE when memory is out. */
enum status names_claim(struct names *names, const struct run_options *options,
                        const struct claimant *claimant, struct reason *why) MUST_USE;

/* *first: whether this is the first time it is told of this number (below NAMES_NUMBER_END).
 * STATUS_MACHINE when memory is out. */
enum status names_first(struct names *names, uint64_t number, bool *first) MUST_USE;
