#pragma once

/*
 * The ventilator role: walks the sources, asks the sink what is still to do, gives out the jobs,
 * and stays until everything is recorded. One thread owns its sockets.
 */

#include "common/address.h"
#include "common/channel.h"
#include "common/options.h"
#include "common/stop.h"
#include "common/summary.h"
#include "ventilator/sources.h"

struct ventilator_config {
    struct context *context;
    struct stop *stop;
    const struct sources *sources;
    const struct run_options *options;
    const struct address *binds; // where to listen: inproc, and tcp with --listen
    uint32_t bind_count;         // 1..2
    bool force;                  // nothing counts as fresh
    bool retry_failed;           // what failed unchanged is tried again
    bool hold;                   // wait for START_WANTED before the start signal
    bool hold_terminal;          // ... or for Enter on standard input
    /* Called once it listens, from its thread: for those who must know the port. May be NULL. */
    void (*listening)(void *context, const struct address *address);
    void *listening_context;
    /* Called once the run has started, ten times a second at most, from its thread: the counts that
     * the head knows (no bytes, no times of stages). May be NULL. */
    void (*progress)(void *context, const struct summary *summary);
    void *progress_context;
};

/* Runs until the run is over or stopped. STATUS_OK: it ended (interrupted or not), `summary` is
 * the sink's. Else the reason, and the run could not do its job: exit 3. */
enum status ventilator_run(const struct ventilator_config *config, struct summary *summary,
                           struct reason *why) MUST_USE;
