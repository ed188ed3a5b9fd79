#pragma once

/*
 * The ledger as a person would keep it on paper: flat arrays, every rule a loop over all jobs. It
 * follows the real one step by step, and both must say the same. What it leaves to the real one is
 * which of several ready jobs goes next, and which of several workers with room gets it.
 */

#include "ventilator/ledger.h"

#define REFERENCE_JOBS 40
#define REFERENCE_WORKERS 6

enum reference_state {
    REF_UNPLANNED,
    REF_READY,
    REF_PUSHED,
    REF_SENT,
    REF_TAKEN,
    REF_DONE,
    REF_LOOK,
    REF_SETTLING,
    REF_RECORDED,
    REF_STATES
};

struct reference_attempt {
    enum reference_state state; // of a backup: UNPLANNED (there is none), READY, SENT, TAKEN
    uint32_t number, by;        // by: number of the worker; NO_WORKER
    usec since;
    bool running;
};

struct reference_job {
    struct reference_attempt first, backup; // first: says the job's state, too
    uint32_t attempts;
    uint64_t size;
    usec overtaken_at;
    uint64_t avoid, done_order;
    uint32_t full, blame, deaths, unrecorded;
    bool retry, stray, overtaken, untold, quarantined;
};

/* An attempt whose worker is to be told CANCEL. */
struct reference_cancel {
    uint32_t worker, job, number;
};

struct reference_worker {
    bool known, leaving;
    uint64_t incarnation;
    uint32_t capacity;
    usec heard;
};

struct reference {
    uint32_t job_count, worker_count;
    struct reference_job jobs[REFERENCE_JOBS];
    struct reference_worker workers[REFERENCE_WORKERS];
    usec now;
    bool paused, draining, no_more;
    uint32_t probes; // pushes that must go through one by one
    uint64_t orders, retries, returns, backups;
    double mean_time, mean_size;
    struct reference_cancel cancels[2 * REFERENCE_JOBS];
    uint32_t cancel_count;
    uint64_t changes; // counts them: a step that changes nothing leaves it alone
};

uint64_t reference_window(const struct reference *reference);
/* Workers that are known. */
uint32_t reference_known(const struct reference *reference);
/* Whether some job may be pushed now. */
bool reference_may_push(const struct reference *reference);
/* Whether the job waits for PUSH; else, if READY, for the sure way. */
bool reference_waits_for_push(const struct reference_job *job);
/* From this job on, the first that is with a worker, or on its way to one; and its worker if it has
 * one. Leaves both alone if there is none. */
void reference_next_out(const struct reference *reference, uint32_t *job, uint32_t *worker);
/* Whether the job may be sent to this worker. */
bool reference_may_send(const struct reference *reference, uint32_t job, uint32_t worker);
/* The same of its backup. */
bool reference_may_back_up(const struct reference *reference, uint32_t job, uint32_t worker);
/* Whether it waits to run alone, or does. */
bool reference_is_alone(const struct reference_job *job);
bool reference_any_ready(const struct reference *reference);
bool reference_any_pushed(const struct reference *reference);
/* The attempt with that number if this worker may speak about it; else NULL. */
struct reference_attempt *reference_live(struct reference *reference, uint32_t worker, uint32_t job,
                                         uint32_t number);

void reference_plan(struct reference *reference, uint32_t job, uint64_t size);
void reference_no_more(struct reference *reference);
/* To a worker, or pushed: NO_WORKER. */
void reference_out(struct reference *reference, uint32_t job, uint32_t worker);
void reference_backup_out(struct reference *reference, uint32_t job, uint32_t worker);
bool reference_taken(struct reference *reference, uint32_t worker, uint32_t job, uint32_t attempt);
void reference_done(struct reference *reference, uint32_t worker, uint32_t job, uint32_t attempt);
enum returned_action reference_returned(struct reference *reference, uint32_t worker, uint32_t job,
                                        uint32_t attempt, enum return_reason reason);
bool reference_recorded(struct reference *reference, uint32_t job);
/* A beat lists it: false if the attempt is not live. */
bool reference_listed(struct reference *reference, uint32_t worker, uint32_t job, uint32_t number,
                      bool running);
/* After everything that the beat lists. */
void reference_beat(struct reference *reference, uint32_t worker, const bool *listed);
/* False: that CANCEL is not due. Else it is said. */
bool reference_cancelled(struct reference *reference, uint32_t worker, uint32_t job,
                         uint32_t number);
void reference_capacity(struct reference *reference, uint32_t worker, uint32_t capacity);
void reference_retry(struct reference *reference, uint32_t job);
void reference_leaving(struct reference *reference, uint32_t worker);
void reference_left(struct reference *reference, uint32_t worker);
/* What is overdue but leases. */
void reference_expire(struct reference *reference);
void reference_idle(struct reference *reference);
void reference_count(const struct reference *reference, struct ledger_counts *counts);
