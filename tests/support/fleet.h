#pragma once

/*
 * A fleet in virtual time: the real ledger gives out jobs to simulated workers, event by event.
 *
 * PUSH is round robin over the connected workers, whatever they do; every message takes LATENCY one
 * way. A worker has slots of some speed, holds its capacity and RETURNs what exceeds it. Job times
 * are log-normal, as thumbnail times are, from a seeded generator: every run is repeatable.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

#define FLEET_LATENCY 500 // microseconds, one way
#define FLEET_WORKERS_MAX 128

/* STOPS: nothing of it moves any more. FREEZES: it beats, but no image is done any more. */
enum fleet_event { FLEET_QUIET, FLEET_STOPS, FLEET_FREEZES, FLEET_JOINS, FLEET_LEAVES };

struct fleet_plan {
    uint32_t worker_count;
    struct {
        uint32_t slots;
        double speed; // of a slot; 1 is the speed job times are given for
    } workers[FLEET_WORKERS_MAX];
    uint32_t jobs;
    usec median;    // time of a job
    uint32_t ahead; // jobs queued ahead, a slot
    uint64_t seed;
    bool plain; // PUSH alone: workers take whatever comes, nobody RETURNs

    enum fleet_event event; // what happens once, to whom, when
    uint32_t who;
    usec when;     // 0 for QUIET
    uint32_t pipe; // STOPS: jobs that its pipe swallows before PUSH passes it over
};

struct fleet_outcome {
    uint32_t recorded;    // distinct jobs
    uint32_t most_starts; // of any one job
    /* Work done over what the slots could do, from the event (or the start) until no job is left
     * that was never pushed. After STOPS, FREEZES and LEAVES, of those who stay. */
    double efficiency;
    double returns, chosen; // a job: RETURNs for want of room, jobs sent the sure way
    uint32_t backups;       // sent, all in all
    uint32_t early_backups; // of them, while a job was left that was never pushed
    usec elapsed;           // until the last job is recorded
    usec first_job;         // JOINS: from its HELLO until its first job is there
    usec leaving;           // LEAVES: from its LEAVING until nothing of it is left
    /* STOPS: the longest time from a job's first push until it starts to run where it is recorded
     * from: of those never dealt to the stopped worker, and of those that were. */
    usec longest_wait, longest_wait_dealt;
};

/* False when the ledger broke a promise on the way: said on standard error. */
bool fleet_run(const struct fleet_plan *plan, struct fleet_outcome *outcome);
