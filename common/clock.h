#pragma once

/*
 * The clock of leases, deadlines and latencies: microseconds, monotonic, counting through a
 * suspend (CLOCK_BOOTTIME), so that a lease runs out in a laptop that sleeps.
 * Pure cores never call it: they are told the time.
 */

#include <stdint.h>

#define US_PER_MS 1000LL
#define US_PER_S 1000000LL

typedef int64_t usec; // microseconds: an instant on this clock, or a span

usec clock_now(void);
