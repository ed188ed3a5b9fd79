#pragma once

/* Ids of runs, epochs and incarnations: from the kernel's generator, never 0, which says "none". */

#include <stdint.h>

uint64_t random_id(void);
