/*
 * What follows from the counts of a run.
 */

#include "common/summary.h"

uint64_t summary_settled(const struct summary *summary)
{
    uint64_t settled = 0;
    for (int state = IMAGE_PENDING + 1; state < IMAGE_STATES; state++)
        settled += summary->states[state];
    return settled;
}
