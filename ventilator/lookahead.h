#pragma once

/*
 * The look-ahead: a bounded heap of jobs from which the largest comes first, so that the one image
 * that takes long is not picked up last. Pure.
 */

#include "common/job.h"
#include "common/status.h"

/* Jobs looked over at once. Measured choice: docs/DECISIONS.md. */
#define LOOKAHEAD_SIZE 2048

struct lookahead {
    struct job *heap; // by size, largest first; equal sizes in order of id
    size_t count;
};

enum status lookahead_open(struct lookahead *lookahead) MUST_USE;
void lookahead_close(struct lookahead *lookahead); // frees the jobs in it
bool lookahead_is_full(const struct lookahead *lookahead);
/* Takes the job (zeroes it). Must not be full. */
void lookahead_put(struct lookahead *lookahead, struct job *job);
/* The largest; the caller owns it. False when empty. */
bool lookahead_take(struct lookahead *lookahead, struct job *job);
