/* /proc/self/statm: pages in all, pages resident, ... (proc(5)). */

#include "worker/decoder/resident.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
    ssize_t got = pread(statm, text, sizeof text - 1, 0);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    const char *second = strchr(text, ' ');
    unsigned long resident = second ? strtoul(second, NULL, 10) : 0;
    return (uint32_t)(resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}
