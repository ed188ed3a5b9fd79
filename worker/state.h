#pragma once

/*
 * What the worker's thread has: the state behind worker_run(), shared by the files of its loop.
 *
 *   worker.c   the loop: events, time, stops
 *   orders.c   what the head says
 *   report.c   what is said to head and sink
 *
 * No other thread touches any of it.
 */

#include "common/channel.h"
#include "common/message.h"
#include "common/wire.h"
#include "worker/capacity.h"
#include "worker/crew.h"
#include "worker/holdings.h"
#include "worker/session.h"
#include "worker/worker.h"

/* Results that wait for the sink to take them; behind these the slots wait. */
#define OUTBOX_MAX 64

/* Tasks whose results are to be sent, in order; the holdings own them. */
struct outbox {
    uint32_t first, count;
    struct task *ring[OUTBOX_MAX];
};

struct worker {
    const struct worker_config *config;
    char name[WORKER_NAME_SIZE];
    struct session session;
    struct channel *jobs, *results;    // NULL: not connected
    char jobs_endpoint[ENDPOINT_SIZE]; // what they are connected to
    char results_endpoint[ENDPOINT_SIZE];
    usec results_moved; // when a result was accepted, or the channel opened
    struct crew *crew;  // NULL: no run
    struct holdings holdings;
    struct outbox outbox;
    struct attempts taken, done; // to be said to the head
    struct buffer buffer;        // of results
    struct capacity capacity;
    uint32_t announced; // capacity as last said, while well
    bool in_trouble;
    struct reason trouble; // empty while well
    bool greeting;         // HELLO is said until WELCOME comes
    usec hello_due, beat_due;
    usec beat_sent; // when the last BEAT was; 0: none in this run
    bool measuring; // its ALIVE will tell the round trip
    uint64_t ended; // epoch of the last run that ended
    bool leaving;   // told to drain
    bool may_go;    // the head said GO
    usec leave_at;  // then it goes anyway
    enum stop_level seen;
    bool over; // the loop ends, with `status` and `why`
    enum status status;
    struct reason why;
    struct message in, out;
};

/* The loop ends with this. */
void worker_end(struct worker *worker, enum status status);
/* Forgets the run: decoders killed, tasks dropped, sockets to it closed. */
void worker_drop_run(struct worker *worker);

/* Hears what waits on control and on jobs, up to a bound. */
void orders_hear(struct worker *worker);
/* Sends results there from now on; what the former channel accepted still leaves. */
void orders_connect_results(struct worker *worker, const char *endpoint);

/* Each says it now; what cannot be said is covered by a later BEAT or HELLO. */
void report_hello(struct worker *worker, usec now);
void report_beat(struct worker *worker, usec now);
void report_leaving(struct worker *worker);
/* A job goes back; free places are counted without it. */
void report_return(struct worker *worker, struct attempt attempt, enum return_reason reason,
                   const char *detail);
/* Every task that no slot took yet goes back. */
void report_return_queued(struct worker *worker, enum return_reason reason, const char *detail);
/* Collects what the slots finished, sends results, and says TAKEN and DONE. */
void report_turn(struct worker *worker);
/* TAKEN or DONE could not be said yet. */
bool report_is_waiting(const struct worker *worker);
