/*
 * The ledger on paper, written: what each event does to it. Nothing here is clever: it is here to
 * be right.
 */

#include "tests/support/ledger_reference.h"

/* Round trips are not modelled: the time for TAKEN is the shortest. */
#define OVERTAKEN_FOR (1 * US_PER_S)

static const struct reference_attempt nothing = {.state = REF_UNPLANNED, .by = NO_WORKER};

static bool is_with(const struct reference_attempt *attempt, uint32_t worker)
{
    return (attempt->state == REF_SENT || attempt->state == REF_TAKEN) && attempt->by == worker;
}

static void enter(struct reference *reference, struct reference_attempt *attempt,
                  enum reference_state state, uint32_t worker)
{
    if (attempt->state == REF_PUSHED && reference->probes > 0)
        reference->probes--;
    attempt->state = state;
    attempt->by = worker;
    attempt->since = reference->now;
    attempt->running = false;
    reference->changes++;
    if (!reference_any_pushed(reference))
        reference->paused = false;
}

static void become(struct reference *reference, uint32_t job, enum reference_state state,
                   uint32_t worker)
{
    reference->jobs[job].overtaken = false;
    enter(reference, &reference->jobs[job].first, state, worker);
}

void reference_plan(struct reference *reference, uint32_t job, uint64_t size)
{
    reference->jobs[job] =
        (struct reference_job){.backup = nothing, .attempts = 1, .size = size, .first.number = 1};
    reference->no_more = false;
    become(reference, job, REF_READY, NO_WORKER);
}

void reference_no_more(struct reference *reference)
{
    reference->changes += !reference->no_more;
    reference->no_more = true;
}

static void try_again(struct reference *reference, uint32_t job)
{
    struct reference_job *at = &reference->jobs[job];

    at->retry = true;
    at->first.number = ++at->attempts;
    reference->retries++;
    become(reference, job, REF_READY, NO_WORKER);
}

/* True when the job goes on by its other attempt, so that nothing is left to do. */
static bool goes_on(struct reference *reference, uint32_t job,
                    const struct reference_attempt *ended)
{
    struct reference_job *at = &reference->jobs[job];
    bool first_goes_on = ended == &at->backup;
    bool backup_goes_on = !first_goes_on && at->backup.by != NO_WORKER;

    reference->changes++;
    if (backup_goes_on) {
        at->first = at->backup;
        if (at->first.state == REF_SENT)
            at->first.since = reference->now;
    }
    at->backup = nothing;
    return first_goes_on || backup_goes_on;
}

static void lose(struct reference *reference, uint32_t job, const struct reference_attempt *lost)
{
    reference->jobs[job].stray = true;
    if (!goes_on(reference, job, lost))
        try_again(reference, job);
}

static void settle(struct reference *reference, uint32_t job, bool quarantined)
{
    reference->jobs[job].untold = true;
    reference->jobs[job].quarantined = quarantined;
    become(reference, job, REF_SETTLING, NO_WORKER);
}

static bool may_speak(const struct reference_attempt *attempt, uint32_t worker, uint32_t number)
{
    return attempt->number == number && (attempt->state == REF_PUSHED || is_with(attempt, worker));
}

struct reference_attempt *reference_live(struct reference *reference, uint32_t worker, uint32_t job,
                                         uint32_t number)
{
    struct reference_job *at = &reference->jobs[job];

    if (!reference->workers[worker].known)
        return NULL;
    if (may_speak(&at->first, worker, number))
        return &at->first;
    return may_speak(&at->backup, worker, number) ? &at->backup : NULL;
}

void reference_out(struct reference *reference, uint32_t job, uint32_t worker)
{
    become(reference, job, worker == NO_WORKER ? REF_PUSHED : REF_SENT, worker);
}

void reference_backup_out(struct reference *reference, uint32_t job, uint32_t worker)
{
    reference->backups++;
    enter(reference, &reference->jobs[job].backup, REF_SENT, worker);
}

bool reference_taken(struct reference *reference, uint32_t worker, uint32_t job, uint32_t number)
{
    struct reference_attempt *attempt = reference_live(reference, worker, job, number);

    if (attempt != NULL && attempt->state != REF_TAKEN)
        enter(reference, attempt, REF_TAKEN, worker);
    return attempt != NULL;
}

static void cancel(struct reference *reference, uint32_t job,
                   const struct reference_attempt *attempt)
{
    if (attempt->state != REF_SENT && attempt->state != REF_TAKEN)
        return;
    reference->cancels[reference->cancel_count++] =
        (struct reference_cancel){attempt->by, job, attempt->number};
}

bool reference_cancelled(struct reference *reference, uint32_t worker, uint32_t job,
                         uint32_t number)
{
    for (uint32_t i = 0; i < reference->cancel_count; i++) {
        const struct reference_cancel *at = &reference->cancels[i];

        if (at->worker != worker || at->job != job || at->number != number)
            continue;
        reference->cancels[i] = reference->cancels[--reference->cancel_count];
        return true;
    }
    return false;
}

static void observe(struct reference *reference, usec time, uint64_t size)
{
    double weight = reference->mean_time > 0 ? 1.0 / 64 : 1;
    double seen = time > 0 ? (double)time : 1;

    reference->mean_time += (seen - reference->mean_time) * weight;
    reference->mean_size += ((double)size - reference->mean_size) * weight;
}

void reference_done(struct reference *reference, uint32_t worker, uint32_t job, uint32_t number)
{
    struct reference_job *at = &reference->jobs[job];
    struct reference_attempt *attempt = reference_live(reference, worker, job, number);

    if (attempt == NULL)
        return;
    if (attempt->state == REF_TAKEN)
        observe(reference, reference->now - attempt->since, at->size);
    if (at->backup.state != REF_UNPLANNED)
        at->stray = true;
    cancel(reference, job, attempt == &at->first ? &at->backup : &at->first);
    at->first.number = number;
    at->backup = nothing;
    at->done_order = ++reference->orders;
    become(reference, job, REF_DONE, worker);
}

static enum returned_action blame(struct reference *reference, uint32_t job, bool other)
{
    if (++reference->jobs[job].blame == 2) {
        become(reference, job, REF_SETTLING, NO_WORKER);
        return RETURNED_SETTLE;
    }
    if (!other)
        try_again(reference, job);
    return RETURNED_RETRY;
}

enum returned_action reference_returned(struct reference *reference, uint32_t worker, uint32_t job,
                                        uint32_t number, enum return_reason reason)
{
    struct reference_job *at = &reference->jobs[job];
    struct reference_attempt *attempt = reference_live(reference, worker, job, number);

    if (reason == RETURN_TROUBLE)
        reference_capacity(reference, worker, 0);
    if (attempt == NULL)
        return RETURNED_IGNORED;
    bool other = goes_on(reference, job, attempt);
    if (reason == RETURN_CRASHED || reason == RETURN_OVERRAN || reason == RETURN_MISSING)
        at->avoid = reference->workers[worker].incarnation;
    reference->returns += reason == RETURN_FULL;
    if (reason == RETURN_CRASHED || reason == RETURN_OVERRAN)
        return blame(reference, job, other);
    if (other)
        return RETURNED_RETRY;
    if (reason == RETURN_MISSING) {
        become(reference, job, REF_LOOK, NO_WORKER);
        return RETURNED_LOOK;
    }
    if (reason == RETURN_FULL) {
        at->full++;
        at->first.number = ++at->attempts;
        become(reference, job, REF_READY, NO_WORKER);
    } else {
        try_again(reference, job);
    }
    return RETURNED_RETRY;
}

bool reference_recorded(struct reference *reference, uint32_t job)
{
    struct reference_job *at = &reference->jobs[job];
    bool tells =
        at->first.state == REF_DONE && at->first.by != NO_WORKER && !at->overtaken && !at->stray;

    for (uint32_t i = 0; i < reference->job_count && tells; i++) {
        struct reference_job *other = &reference->jobs[i];

        if (other->first.state == REF_DONE && other->first.by == at->first.by &&
            !other->overtaken && other->done_order < at->done_order) {
            other->overtaken = true;
            other->overtaken_at = reference->now;
        }
    }
    if (at->first.state == REF_RECORDED || at->first.state == REF_UNPLANNED)
        return false;
    if (at->stray || at->backup.state != REF_UNPLANNED) {
        cancel(reference, job, &at->first);
        cancel(reference, job, &at->backup);
    }
    at->backup = nothing;
    at->untold = false;
    become(reference, job, REF_RECORDED, NO_WORKER);
    return true;
}

static void back_up_a_straggler(struct reference *reference, uint32_t job)
{
    struct reference_job *at = &reference->jobs[job];
    usec age = reference->now - at->first.since;
    double share = (double)at->size / reference->mean_size;
    double expected = reference->mean_time * (reference->mean_size > 0 && share > 1 ? share : 1);

    if (!reference->no_more || reference->draining || reference_any_ready(reference) ||
        at->first.state != REF_TAKEN || at->backup.state != REF_UNPLANNED || at->blame > 0 ||
        at->deaths > 0 || reference->mean_time == 0 || age <= BACKUP_AFTER_MIN ||
        (double)age <= 3 * expected)
        return;
    enter(reference, &at->backup, REF_READY, NO_WORKER);
    at->backup.number = ++at->attempts;
}

bool reference_listed(struct reference *reference, uint32_t worker, uint32_t job, uint32_t number,
                      bool running)
{
    if (!reference_taken(reference, worker, job, number))
        return false;
    struct reference_attempt *attempt = reference_live(reference, worker, job, number);
    reference->changes += attempt->running != running;
    attempt->running = running;
    if (attempt == &reference->jobs[job].first)
        back_up_a_straggler(reference, job);
    return true;
}

void reference_beat(struct reference *reference, uint32_t worker, const bool *listed)
{
    reference->changes += reference->workers[worker].heard != reference->now;
    reference->workers[worker].heard = reference->now;
    for (uint32_t i = 0; i < reference->job_count; i++) {
        struct reference_job *job = &reference->jobs[i];
        struct reference_attempt *its = is_with(&job->backup, worker) ? &job->backup : &job->first;

        if (its->state == REF_TAKEN && its->by == worker && !listed[i])
            lose(reference, i, its);
    }
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
    if (reference->jobs[job].first.state == REF_LOOK)
        try_again(reference, job);
}

void reference_leaving(struct reference *reference, uint32_t worker)
{
    if (!reference->workers[worker].known || reference->workers[worker].leaving)
        return;
    reference->changes++;
    reference->workers[worker].leaving = true;
    reference->paused = reference_any_pushed(reference);
}

static void lose_worker(struct reference *reference, uint32_t job, struct reference_attempt *its,
                        bool leaving)
{
    struct reference_job *at = &reference->jobs[job];
    bool suspect = its->running || (reference_is_alone(at) && its->state == REF_TAKEN);

    at->deaths += suspect && !leaving;
    if (at->deaths == 6) {
        at->stray = true;
        settle(reference, job, true);
    } else {
        lose(reference, job, its);
    }
}

void reference_left(struct reference *reference, uint32_t worker)
{
    bool leaving = reference->workers[worker].leaving;

    reference->changes++;
    reference->workers[worker] = (struct reference_worker){0};
    for (uint32_t i = 0; i < reference->job_count; i++) {
        struct reference_job *job = &reference->jobs[i];

        if (is_with(&job->first, worker))
            lose_worker(reference, i, &job->first, leaving);
        else if (is_with(&job->backup, worker))
            lose_worker(reference, i, &job->backup, leaving);
        else if (job->first.by == worker)
            job->first.by = NO_WORKER;
    }
}

static void lose_result(struct reference *reference, uint32_t job)
{
    if (++reference->jobs[job].unrecorded == 3)
        settle(reference, job, false);
    else
        lose(reference, job, &reference->jobs[job].first);
}

static bool is_untaken(const struct reference *reference, const struct reference_attempt *attempt)
{
    return (attempt->state == REF_PUSHED || attempt->state == REF_SENT) &&
           attempt->since + TAKEN_DEADLINE_MIN <= reference->now;
}

void reference_expire(struct reference *reference)
{
    bool doubt = false;

    for (uint32_t i = 0; i < reference->job_count; i++) {
        struct reference_job *job = &reference->jobs[i];

        if (is_untaken(reference, &job->backup))
            lose(reference, i, &job->backup);
        bool stuck = job->first.state == REF_PUSHED;
        if (is_untaken(reference, &job->first)) {
            lose(reference, i, &job->first);
            doubt = doubt || stuck;
        } else if (job->first.state == REF_DONE && job->overtaken &&
                   job->overtaken_at + OVERTAKEN_FOR <= reference->now)
            lose_result(reference, i);
    }
    if (doubt)
        reference->probes = 2 * reference_known(reference);
}

void reference_idle(struct reference *reference)
{
    for (uint32_t i = 0; i < reference->job_count; i++) {
        const struct reference_job *job = &reference->jobs[i];

        if (job->first.state == REF_DONE && !job->overtaken &&
            job->first.since + SINK_IDLE <= reference->now)
            lose_result(reference, i);
    }
}
