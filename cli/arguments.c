/*
 * The defaults of the command line.
 */

#include "cli/arguments.h"

#include <sched.h>
#include <unistd.h>

#include "common/protocol.h"

/* The cores this process may use. */
static uint32_t usable_cores(void)
{
    cpu_set_t cores;
    // Fails with more than CPU_SETSIZE (1024) cores: far more than one worker has slots.
    if (sched_getaffinity(0, sizeof cores, &cores) != 0)
        return SLOTS_MAX;
    const int count = CPU_COUNT(&cores);
    return count < SLOTS_MAX ? (uint32_t)count : SLOTS_MAX;
}

static uint64_t half_the_memory(void)
{
    return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
}

void arguments_init(struct arguments *arguments)
{
    *arguments = (struct arguments){
        .jobs = usable_cores(),
        .workers = 1,
        .memory = half_the_memory(),
        .head_timeout = HEAD_TIMEOUT,
    };
    run_options_init(&arguments->options);
}
