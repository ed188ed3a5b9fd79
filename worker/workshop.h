#pragma once

/*
 * What the slots of one crew share. Lent by the crew (worker/crew.c), which opens all of it before
 * the first slot starts and closes it after the last one ended.
 */

#include <stdatomic.h>

#include "common/clock.h"
#include "common/options.h"
#include "common/queue.h"
#include "worker/admission.h"
#include "worker/decoder_pool.h"
#include "worker/destination.h"
#include "worker/trouble.h"

struct workshop {
    struct queue *jobs;     // struct task, from the worker's thread
    struct queue *finished; // struct task, to the worker's thread; slots wait while it is full
    struct decoder_pool *decoders;
    struct admission *admission;
    struct destination *destination;
    struct trouble *trouble;
    struct run_options options; // never change
    char **roots;               // of the run, as they are here; never change
    uint32_t root_count;
    /* Until when outputs may be published: written by the worker's thread at each ALIVE, read by
     * the slots. With `stopping` the only thing that is shared without a lock. */
    _Atomic usec lease_until;
    atomic_bool stopping; // set once, before the queues are stopped
};
