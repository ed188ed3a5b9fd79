/*
 * The arithmetic of queueing ahead. Both measurements are smoothed as TCP smooths its round trip
 * (RFC 6298, section 2: a gain of 1/8), so that one slow image or one late answer moves nothing.
 */

#include "worker/capacity.h"

#include "common/protocol.h"

#define SMOOTHING 8 // a new measurement weighs 1/8

void capacity_init(struct capacity *capacity, uint32_t slots)
{
    *capacity = (struct capacity){.slots = slots};
}

static usec smoothed(usec mean, usec measured)
{
    if (measured < 1)
        measured = 1; // 0 means "not measured"
    return mean == 0 ? measured : mean + (measured - mean) / SMOOTHING;
}

void capacity_round_trip(struct capacity *capacity, usec measured)
{
    capacity->round_trip = smoothed(capacity->round_trip, measured);
}

void capacity_service(struct capacity *capacity, usec measured)
{
    capacity->service = smoothed(capacity->service, measured);
}

/* One image, so that the hand-over does not show, and as many more as take three round trips: in
 * simulation (docs/DECISIONS.md) two left short jobs waiting, for both times scatter widely. */
static uint32_t ahead(const struct capacity *capacity)
{
    if (capacity->service == 0)
        return AHEAD_MIN;
    usec wanted = AHEAD_MIN + 3 * capacity->round_trip / capacity->service;
    return wanted > AHEAD_MAX ? AHEAD_MAX : (uint32_t)wanted;
}

uint32_t capacity_wanted(const struct capacity *capacity)
{
    uint32_t wanted = capacity->slots * (1 + ahead(capacity));
    return wanted > ATTEMPTS_MAX ? ATTEMPTS_MAX : wanted;
}
