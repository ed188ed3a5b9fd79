#pragma once

/*
 * The sink role: waits for START, records every outcome once, acknowledges what is committed,
 * agrees with the ventilator on the counts, and reports. One thread owns its sockets, another (the
 * clerk) the record.
 */

#include "common/address.h"
#include "common/channel.h"
#include "common/message.h"
#include "common/stop.h"
#include "common/summary.h"

struct sink_config {
    struct context *context;
    struct stop *stop;
    struct address head;   // where control is
    struct address bind;   // where results are collected (its base: results is port + 3)
    struct address listen; // a second one, for `run --listen`; port and host empty: none
    bool has_listen;
    const char *advertise; // host that workers are told; NULL: where the head sees this sink
    const char *record;    // its file; NULL: the one below the run's DEST
    usec head_timeout;     // without a head for so long: STATUS_MACHINE
    /* Called when a run begins, with what START says of it; the setup is valid during the call.
     * From the sink's clerk's thread, as `outcome`. Any of the three may be NULL. */
    void (*started)(void *context, const struct run_setup *setup);
    /* Called at most 10 times a second, and at the start and end, from the sink's thread. */
    void (*progress)(void *context, const struct summary *summary);
    /* Called for every image that failed or was quarantined, and for damaged ones, as they come. */
    void (*outcome)(void *context, enum image_state state, const char *source, const char *error);
    void *observer; // the context of all three
};

/* Runs until FINISHED and END, or a stop. STATUS_OK: summary is final. STATUS_CLOSED: the
 * ventilator could not go on, and says itself why. */
enum status sink_run(const struct sink_config *config, struct summary *summary,
                     struct reason *why) MUST_USE;
