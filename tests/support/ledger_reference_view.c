/*
 * The ledger on paper, read: who may be given what, and the counts.
 */

#include "tests/support/ledger_reference.h"

static uint32_t limit_of(const struct reference_worker *worker)
{
    return worker->known && !worker->leaving ? worker->capacity : 0;
}

static uint32_t in_state(const struct reference *reference, enum reference_state state)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < reference->job_count; i++)
        count += reference->jobs[i].first.state == state;
    return count;
}

static bool is_held_by(const struct reference_attempt *attempt, uint32_t worker)
{
    return (attempt->state == REF_SENT || attempt->state == REF_TAKEN) && attempt->by == worker;
}

static uint32_t held_by(const struct reference *reference, uint32_t worker)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < reference->job_count; i++)
        count += is_held_by(&reference->jobs[i].first, worker) ||
                 is_held_by(&reference->jobs[i].backup, worker);
    return count;
}

bool reference_is_alone(const struct reference_job *job)
{
    return job->deaths == 5 && (job->first.state == REF_READY || job->first.state == REF_SENT ||
                                job->first.state == REF_TAKEN);
}

static bool has_room(const struct reference *reference, uint32_t worker)
{
    for (uint32_t i = 0; i < reference->job_count; i++) {
        const struct reference_job *job = &reference->jobs[i];

        if (reference_is_alone(job) && is_held_by(&job->first, worker))
            return false;
    }
    return held_by(reference, worker) < limit_of(&reference->workers[worker]);
}

uint64_t reference_window(const struct reference *reference)
{
    uint64_t window = 0;

    for (uint32_t i = 0; i < reference->worker_count; i++)
        window += limit_of(&reference->workers[i]);
    return window;
}

bool reference_any_ready(const struct reference *reference)
{
    return in_state(reference, REF_READY) > 0;
}

bool reference_any_pushed(const struct reference *reference)
{
    return in_state(reference, REF_PUSHED) > 0;
}

bool reference_waits_for_push(const struct reference_job *job)
{
    return job->first.state == REF_READY && !job->retry && job->avoid == 0 &&
           (job->full == 0 || job->full % 3 != 0);
}

uint32_t reference_known(const struct reference *reference)
{
    uint32_t known = 0;

    for (uint32_t i = 0; i < reference->worker_count; i++)
        known += reference->workers[i].known;
    return known;
}

/* Whether the window has a free place that may be given to just any worker. */
static bool has_place(const struct reference *reference)
{
    uint64_t out = in_state(reference, REF_PUSHED);
    bool alone = false;

    for (uint32_t i = 0; i < reference->worker_count; i++) {
        uint32_t held = held_by(reference, i), limit = limit_of(&reference->workers[i]);

        out += held < limit ? held : limit;
    }
    for (uint32_t i = 0; i < reference->job_count; i++)
        alone = alone || reference_is_alone(&reference->jobs[i]);
    return !alone && out < reference_window(reference) && !reference->paused &&
           !reference->draining;
}

bool reference_may_push(const struct reference *reference)
{
    bool waits = false;

    for (uint32_t i = 0; i < reference->job_count; i++)
        waits = waits || reference_waits_for_push(&reference->jobs[i]);
    return waits && has_place(reference) &&
           (reference->probes == 0 || !reference_any_pushed(reference));
}

static bool is_out(const struct reference_job *job)
{
    return job->first.state == REF_PUSHED || job->first.state == REF_SENT ||
           job->first.state == REF_TAKEN;
}

void reference_next_out(const struct reference *reference, uint32_t *job, uint32_t *worker)
{
    uint32_t at = *job;

    for (uint32_t i = 0; i < reference->job_count && !is_out(&reference->jobs[at]); i++)
        at = (at + 1) % reference->job_count;
    if (!is_out(&reference->jobs[at]))
        return;
    *job = at;
    if (reference->jobs[at].first.by != NO_WORKER)
        *worker = reference->jobs[at].first.by;
}

bool reference_may_send(const struct reference *reference, uint32_t job, uint32_t worker)
{
    const struct reference_job *at = &reference->jobs[job];
    uint32_t others = 0;

    for (uint32_t i = 0; i < reference->worker_count; i++)
        others += i != worker && limit_of(&reference->workers[i]) > 0;
    if (reference_is_alone(at) &&
        (held_by(reference, worker) > 0 || reference_any_pushed(reference)))
        return false;
    bool sure = reference->probes > 0 && has_place(reference);

    return at->first.state == REF_READY && (sure || !reference_waits_for_push(at)) &&
           !reference->draining && has_room(reference, worker) &&
           (others == 0 || at->avoid == 0 || at->avoid != reference->workers[worker].incarnation);
}

bool reference_may_back_up(const struct reference *reference, uint32_t job, uint32_t worker)
{
    const struct reference_job *at = &reference->jobs[job];

    return at->backup.state == REF_READY && !reference_any_ready(reference) &&
           !reference->draining && at->first.by != worker && has_room(reference, worker);
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
        .backups = reference->backups,
    };
    for (uint32_t i = 0; i < reference->worker_count; i++) {
        counts->workers += reference->workers[i].known;
        counts->workers_well += limit_of(&reference->workers[i]) > 0;
    }
}
