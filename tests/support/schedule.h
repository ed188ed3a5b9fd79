#pragma once

/*
 * A schedule is a sequence of choices. Seeded ones are drawn; with seed 0 every schedule comes
 * once, in order, as an odometer counts: choose() until the schedule ends, then schedule_next().
 */

#include <stdbool.h>

#include "tests/support/random.h"

/* The most choices in one schedule of the exhaustive kind. */
#define SCHEDULE_CHOICES 64

struct schedule {
    uint64_t seed, random;
    uint32_t digits[SCHEDULE_CHOICES], bounds[SCHEDULE_CHOICES];
    uint32_t used, known; // digits that this schedule took; that are set
};

/* 0 .. bound - 1. */
static inline uint32_t schedule_choose(struct schedule *schedule, uint32_t bound)
{
    if (schedule->seed != 0)
        return random_below(&schedule->random, bound);
    if (schedule->used == schedule->known)
        schedule->digits[schedule->known++] = 0;
    schedule->bounds[schedule->used] = bound;
    return schedule->digits[schedule->used++];
}

/* False after the last. */
static inline bool schedule_next(struct schedule *schedule)
{
    uint32_t last = schedule->used;

    while (last > 0 && schedule->digits[last - 1] + 1 == schedule->bounds[last - 1])
        last--;
    schedule->known = last;
    schedule->used = 0;
    if (last > 0)
        schedule->digits[last - 1]++;
    return last > 0;
}
