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

struct reference_job {
    enum reference_state state;
    uint32_t attempt, by; // by: number of the worker; NO_WORKER
    usec since, overtaken_at;
    uint64_t avoid, done_order;
    uint32_t full, blame, deaths, unrecorded;
    bool retry, stray, running, overtaken, untold, quarantined;
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
    bool paused, draining;
    uint64_t orders, retries, returns;
    uint64_t changes; // counts them: a step that changes nothing leaves it alone
};

uint64_t reference_window(const struct reference *reference);
/* Whether some job may be pushed now. */
bool reference_may_push(const struct reference *reference);
/* Whether the job waits for PUSH; else, if READY, for the sure way. */
bool reference_waits_for_push(const struct reference_job *job);
/* From this job on, the first that is with a worker, or on its way to one; and its worker if it has
 * one. Leaves both alone if there is none. */
void reference_next_out(const struct reference *reference, uint32_t *job, uint32_t *worker);
/* Whether the job may be sent to this worker. */
bool reference_may_send(const struct reference *reference, uint32_t job, uint32_t worker);

void reference_out(struct reference *reference, uint32_t job, uint32_t worker);
bool reference_taken(struct reference *reference, uint32_t worker, uint32_t job, uint32_t attempt);
void reference_done(struct reference *reference, uint32_t worker, uint32_t job, uint32_t attempt);
enum returned_action reference_returned(struct reference *reference, uint32_t worker, uint32_t job,
                                        uint32_t attempt, enum return_reason reason);
bool reference_recorded(struct reference *reference, uint32_t job);
/* After the TAKEN of everything that the beat lists. */
void reference_beat(struct reference *reference, uint32_t worker, const bool *listed);
void reference_runs(struct reference *reference, uint32_t job, bool running);
void reference_capacity(struct reference *reference, uint32_t worker, uint32_t capacity);
void reference_retry(struct reference *reference, uint32_t job);
void reference_leaving(struct reference *reference, uint32_t worker);
void reference_left(struct reference *reference, uint32_t worker);
/* What is overdue but leases. */
void reference_expire(struct reference *reference);
void reference_idle(struct reference *reference);
void reference_count(const struct reference *reference, struct ledger_counts *counts);
