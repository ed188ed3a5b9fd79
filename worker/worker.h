#pragma once

/*
 * The worker role: one thread that owns the sockets, a bounded queue, N slot threads with a
 * decoder process each.
 */

#include "common/address.h"
#include "common/channel.h"
#include "common/stop.h"
#include "worker/mapping.h"

/* Most slots of one worker: more than the cores of any machine we know of. */
#define WORKER_SLOTS_MAX 256

struct worker_config {
    struct context *context;
    struct stop *stop;
    struct address head;
    const char *name;    // NULL: host name
    uint32_t slots;      // 1..WORKER_SLOTS_MAX
    uint64_t memory;     // bytes for all decoders together
    const char *decoder; // path of the decoder program
    usec head_timeout;   // without a head for so long: STATUS_MACHINE
    bool stay;           // wait for the next run after END
    const struct root_mapping *source_roots;
    uint32_t source_root_count;
    const struct root_mapping *dest_roots;
    uint32_t dest_root_count;
};

/* Runs until END (or with `stay`, a stop). STATUS_OK at the end of the run or a drained stop. */
enum status worker_run(const struct worker_config *config, struct reason *why) MUST_USE;
