#pragma once

/*
 * Seeded random numbers for tests: the same everywhere, for ever. SplitMix64: Steele, Lea and
 * Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
 */

#include <math.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

/* 0 .. bound - 1; bound is small, so the bias does not matter. */
static inline uint32_t random_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(random_next(state) % bound);
}

/* Above 0, at most 1. */
static inline double random_unit(uint64_t *state)
{
    return (double)((random_next(state) >> 11) + 1) * 0x1p-53;
}

/* Of mean 0 and variance 1: Box and Muller, 1958. */
static inline double random_normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(random_unit(state)));

    return radius * cos(2 * 3.14159265358979323846 * random_unit(state));
}
