/*
 * The ledger on paper. Nothing here is clever: it is here to be right.
 */

#include "tests/support/ledger_reference.h"

/* Round trips are not modelled: the time for TAKEN is the shortest. */
#define OVERTAKEN_FOR (1 * US_PER_S)

static uint32_t limit_of(const struct reference_worker *worker)
{
    return worker->known && !worker->leaving ? worker->capacity : 0;
}

static uint32_t in_state(const struct reference *reference, enum reference_state state)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < reference->job_count; i++)
        count += reference->jobs[i].state == state;
    return count;
}

static uint32_t held_by(const struct reference *reference, uint32_t worker)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < reference->job_count; i++) {
        const struct reference_job *job = &reference->jobs[i];

        count += (job->state == REF_SENT || job->state == REF_TAKEN) && job->by == worker;
    }
    return count;
}

uint64_t reference_window(const struct reference *reference)
{
    uint64_t window = 0;

    for (uint32_t i = 0; i < reference->worker_count; i++)
        window += limit_of(&reference->workers[i]);
    return window;
}

bool reference_waits_for_push(const struct reference_job *job)
{
    return job->state == REF_READY && !job->retry && job->avoid == 0 &&
           (job->full == 0 || job->full % 3 != 0);
}

bool reference_may_push(const struct reference *reference)
{
    uint64_t out = in_state(reference, REF_PUSHED);
    bool waits = false;

    for (uint32_t i = 0; i < reference->worker_count; i++) {
        uint32_t held = held_by(reference, i), limit = limit_of(&reference->workers[i]);

        out += held < limit ? held : limit;
    }
    for (uint32_t i = 0; i < reference->job_count; i++)
        waits = waits || reference_waits_for_push(&reference->jobs[i]);
    return waits && out < reference_window(reference) && !reference->paused && !reference->draining;
}

static bool is_out(const struct reference_job *job)
{
    return job->state == REF_PUSHED || job->state == REF_SENT || job->state == REF_TAKEN;
}

void reference_next_out(const struct reference *reference, uint32_t *job, uint32_t *worker)
{
    uint32_t at = *job;

    for (uint32_t i = 0; i < reference->job_count && !is_out(&reference->jobs[at]); i++)
        at = (at + 1) % reference->job_count;
    if (!is_out(&reference->jobs[at]))
        return;
    *job = at;
    if (reference->jobs[at].by != NO_WORKER)
        *worker = reference->jobs[at].by;
}

bool reference_may_send(const struct reference *reference, uint32_t job, uint32_t worker)
{
    const struct reference_job *at = &reference->jobs[job];
    uint32_t others = 0;

    for (uint32_t i = 0; i < reference->worker_count; i++)
        others += i != worker && limit_of(&reference->workers[i]) > 0;
    return at->state == REF_READY && !reference_waits_for_push(at) && !reference->draining &&
           held_by(reference, worker) < limit_of(&reference->workers[worker]) &&
           (others == 0 || at->avoid == 0 || at->avoid != reference->workers[worker].incarnation);
}

static void enter(struct reference *reference, uint32_t job, enum reference_state state,
                  uint32_t worker)
{
    struct reference_job *at = &reference->jobs[job];

    at->state = state;
    at->by = worker;
    at->since = reference->now;
    at->running = at->overtaken = false;
    reference->changes++;
    if (in_state(reference, REF_PUSHED) == 0)
        reference->paused = false;
}

static void try_again(struct reference *reference, uint32_t job, bool unseen)
{
    struct reference_job *at = &reference->jobs[job];

    at->stray = at->stray || unseen;
    at->retry = true;
    at->attempt++;
    reference->retries++;
    enter(reference, job, REF_READY, NO_WORKER);
}

static void settle(struct reference *reference, uint32_t job, bool quarantined)
{
    reference->jobs[job].untold = true;
    reference->jobs[job].quarantined = quarantined;
    enter(reference, job, REF_SETTLING, NO_WORKER);
}

static bool is_live(const struct reference *reference, uint32_t worker, uint32_t job,
                    uint32_t attempt)
{
    const struct reference_job *at = &reference->jobs[job];
    bool its_own = (at->state == REF_SENT || at->state == REF_TAKEN) && at->by == worker;

    return reference->workers[worker].known && at->attempt == attempt &&
           (at->state == REF_PUSHED || its_own);
}

void reference_out(struct reference *reference, uint32_t job, uint32_t worker)
{
    enter(reference, job, worker == NO_WORKER ? REF_PUSHED : REF_SENT, worker);
}

bool reference_taken(struct reference *reference, uint32_t worker, uint32_t job, uint32_t attempt)
{
    if (!is_live(reference, worker, job, attempt))
        return false;
    if (reference->jobs[job].state != REF_TAKEN)
        enter(reference, job, REF_TAKEN, worker);
    return true;
}

void reference_done(struct reference *reference, uint32_t worker, uint32_t job, uint32_t attempt)
{
    if (!is_live(reference, worker, job, attempt))
        return;
    reference->jobs[job].done_order = ++reference->orders;
    enter(reference, job, REF_DONE, worker);
}

enum returned_action reference_returned(struct reference *reference, uint32_t worker, uint32_t job,
                                        uint32_t attempt, enum return_reason reason)
{
    struct reference_job *at = &reference->jobs[job];
    bool live = is_live(reference, worker, job, attempt);

    if (reason == RETURN_TROUBLE)
        reference_capacity(reference, worker, 0);
    if (!live)
        return RETURNED_IGNORED;
    if (reason == RETURN_CRASHED || reason == RETURN_OVERRAN || reason == RETURN_MISSING)
        at->avoid = reference->workers[worker].incarnation;
    if (reason == RETURN_MISSING) {
        enter(reference, job, REF_LOOK, NO_WORKER);
        return RETURNED_LOOK;
    }
    if (reason == RETURN_CRASHED || reason == RETURN_OVERRAN) {
        if (++at->blame == 2) {
            enter(reference, job, REF_SETTLING, NO_WORKER);
            return RETURNED_SETTLE;
        }
    }
    if (reason == RETURN_FULL) {
        at->full++;
        at->attempt++;
        reference->returns++;
        enter(reference, job, REF_READY, NO_WORKER);
    } else {
        try_again(reference, job, false);
    }
    return RETURNED_RETRY;
}

bool reference_recorded(struct reference *reference, uint32_t job)
{
    struct reference_job *at = &reference->jobs[job];
    bool tells = at->state == REF_DONE && at->by != NO_WORKER && !at->overtaken && !at->stray;

    for (uint32_t i = 0; i < reference->job_count && tells; i++) {
        struct reference_job *other = &reference->jobs[i];

        if (other->state == REF_DONE && other->by == at->by && !other->overtaken &&
            other->done_order < at->done_order) {
            other->overtaken = true;
            other->overtaken_at = reference->now;
        }
    }
    if (at->state == REF_RECORDED || at->state == REF_UNPLANNED)
        return false;
    at->untold = false;
    enter(reference, job, REF_RECORDED, NO_WORKER);
    return true;
}

void reference_beat(struct reference *reference, uint32_t worker, const bool *listed)
{
    reference->changes += reference->workers[worker].heard != reference->now;
    reference->workers[worker].heard = reference->now;
    for (uint32_t i = 0; i < reference->job_count; i++) {
        const struct reference_job *job = &reference->jobs[i];

        if (job->state == REF_TAKEN && job->by == worker && !listed[i])
            try_again(reference, i, true);
    }
}

void reference_runs(struct reference *reference, uint32_t job, bool running)
{
    reference->changes += reference->jobs[job].running != running;
    reference->jobs[job].running = running;
}

void reference_capacity(struct reference *reference, uint32_t worker, uint32_t capacity)
{
    struct reference_worker *at = &reference->workers[worker];

    if (!at->known || at->capacity == capacity)
        return;
    reference->changes++;
    at->capacity = capacity;
}

void reference_retry(struct reference *reference, uint32_t job)
{
    if (reference->jobs[job].state == REF_LOOK)
        try_again(reference, job, false);
}

void reference_leaving(struct reference *reference, uint32_t worker)
{
    if (!reference->workers[worker].known || reference->workers[worker].leaving)
        return;
    reference->changes++;
    reference->workers[worker].leaving = true;
    reference->paused = in_state(reference, REF_PUSHED) > 0;
}

void reference_left(struct reference *reference, uint32_t worker)
{
    bool leaving = reference->workers[worker].leaving;

    reference->changes++;
    reference->workers[worker] = (struct reference_worker){0};
    for (uint32_t i = 0; i < reference->job_count; i++) {
        struct reference_job *job = &reference->jobs[i];

        if (job->by != worker)
            continue;
        job->by = NO_WORKER;
        if (job->state == REF_DONE)
            continue;
        job->deaths += job->running && !leaving;
        if (job->deaths == 5)
            settle(reference, i, true);
        else
            try_again(reference, i, true);
    }
}

static void lose_result(struct reference *reference, uint32_t job)
{
    if (++reference->jobs[job].unrecorded == 3)
        settle(reference, job, false);
    else
        try_again(reference, job, true);
}

void reference_expire(struct reference *reference)
{
    for (uint32_t i = 0; i < reference->job_count; i++) {
        const struct reference_job *job = &reference->jobs[i];
        bool untaken = job->state == REF_PUSHED || job->state == REF_SENT;

        if (untaken && job->since + TAKEN_DEADLINE_MIN <= reference->now)
            try_again(reference, i, true);
        else if (job->state == REF_DONE && job->overtaken &&
                 job->overtaken_at + OVERTAKEN_FOR <= reference->now)
            lose_result(reference, i);
    }
}

void reference_idle(struct reference *reference)
{
    for (uint32_t i = 0; i < reference->job_count; i++) {
        const struct reference_job *job = &reference->jobs[i];

        if (job->state == REF_DONE && !job->overtaken && job->since + SINK_IDLE <= reference->now)
            lose_result(reference, i);
    }
}

void reference_count(const struct reference *reference, struct ledger_counts *counts)
{
    *counts = (struct ledger_counts){
        .planned = reference->job_count - in_state(reference, REF_UNPLANNED),
        .ready = in_state(reference, REF_READY),
        .pushed = in_state(reference, REF_PUSHED),
        .sent = in_state(reference, REF_SENT),
        .taken = in_state(reference, REF_TAKEN),
        .done = in_state(reference, REF_DONE),
        .settling = in_state(reference, REF_LOOK) + in_state(reference, REF_SETTLING),
        .recorded = in_state(reference, REF_RECORDED),
        .capacity = reference_window(reference),
        .retries = reference->retries,
        .returns = reference->returns,
    };
    for (uint32_t i = 0; i < reference->worker_count; i++) {
        counts->workers += reference->workers[i].known;
        counts->workers_well += limit_of(&reference->workers[i]) > 0;
    }
}
