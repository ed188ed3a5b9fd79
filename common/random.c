#include "common/random.h"

#include <sys/random.h>

uint64_t random_id(void)
{
    uint64_t id = 0;
    while (id == 0)
        if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
            id = 0;
    return id;
}
