#pragma once

/* The inside of the simulated fleet, for tests/support/fleet*.c alone. */

#include <stddef.h>

#include "tests/support/fleet.h"
#include "ventilator/ledger.h"

enum event_kind {
    AT_WORKER_JOB,
    AT_WORKER_FINISH,
    AT_WORKER_BEAT_DUE,
    AT_WORKER_START, // it says HELLO
    AT_WORKER_STOP,
    AT_WORKER_FREEZE,
    AT_WORKER_CANCEL,
    AT_WORKER_LEAVE,
    AT_WORKER_GO,
    AT_HEAD_HELLO,
    AT_HEAD_TAKEN,
    AT_HEAD_RETURN,
    AT_HEAD_DONE,
    AT_HEAD_RECORDED,
    AT_HEAD_BEAT,
    AT_HEAD_LEAVING,
    AT_HEAD_CLOSED, // its jobs socket
    AT_HEAD_LEFT,
    EVENT_KINDS
};

struct event {
    usec at;
    uint64_t order; // of equal times, the one made first is first
    enum event_kind kind;
    uint32_t worker;
    struct attempt attempt;
    enum return_reason reason;
    uint32_t room;
    struct beat *beat; // owned
};

struct running {
    struct attempt attempt;
    usec since;
};

struct sim_worker {
    struct attempt *queue; // a ring
    uint32_t queue_first, queue_count, queue_size;
    struct running running[ATTEMPTS_MAX];
    uint32_t running_count;
    uint32_t capacity;
    worker_index index;                           // in the ledger
    bool connected;                               // PUSH deals to it
    bool stopped, frozen, leaving, told_go, gone; // as it sees itself
    bool go_sent;                                 // as the head sees it
    uint32_t swallowed;
    double busy; // microseconds of its slots within the time that is measured
};

struct sim_job {
    usec takes, pushed, started;
    uint32_t starts;
    bool recorded, dealt; // dealt: to the stopped worker
};

struct fleet {
    const struct fleet_plan *plan;
    struct fleet_outcome *outcome;
    struct ledger *ledger;
    struct event *events; // a heap
    size_t event_count, event_size;
    uint64_t order;
    usec now, measured_from, measured_until; // until 0: still measuring
    struct sim_job *jobs;                    // by id, from 1
    uint32_t planned, turn, chosen;
    bool broken;
    struct sim_worker workers[FLEET_WORKERS_MAX];
};

/* What happens in `in` microseconds; fills in the event's time and order. */
void fleet_post(struct fleet *fleet, usec in, struct event event);
/* The same for a message, which takes FLEET_LATENCY. */
void fleet_say(struct fleet *fleet, enum event_kind kind, uint32_t worker, struct attempt attempt);
/* Takes the first one out; there must be one. */
struct event fleet_next_event(struct fleet *fleet);
/* The memory, or the end of the program. */
void *fleet_checked(void *memory);

/* What happens at a worker. */
void fleet_worker_handle(struct fleet *fleet, const struct event *event);
/* Adds to `busy` the part of a run until now that lies within the time that is measured. */
void fleet_worker_account(struct fleet *fleet, struct sim_worker *worker,
                          const struct running *running);
