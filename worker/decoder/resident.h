#pragma once

/* How much memory this process has resident; its descriptor is opened before any sandbox closes. */

#include <stdbool.h>
#include <stdint.h>

bool resident_open(void);
/* Kilobytes; 0 when it is not known. */
uint32_t resident_kb(void);
