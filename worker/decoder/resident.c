/* /proc/self/statm: pages in all, pages resident, ... (proc(5)). */

#include "worker/decoder/resident.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int statm = -1;

bool resident_open(void)
{
    statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    return statm >= 0;
}

uint32_t resident_kb(void)
{
    char text[128];
    unsigned long all, resident;
    ssize_t got = pread(statm, text, sizeof text - 1, 0);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    if (sscanf(text, "%lu %lu", &all, &resident) != 2)
        return 0;
    return (uint32_t)(resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}
