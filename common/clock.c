/*
 * The one clock that leases and deadlines are measured by.
 */

#include "common/clock.h"

#include <time.h>

#define NS_PER_US 1000

usec clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now); // cannot fail: the kernel has it since 2.6.39
    return now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}
