/*
 * Steps that are about jobs.
 */

#include "tests/support/ledger_world_internal.h"

/* An attempt, and the worker that speaks of it. Drawn at random both are mostly those that fit. */
static struct attempt choose_attempt(struct world *world, uint32_t *worker, uint32_t *job)
{
    uint32_t older = 0;

    *worker = world_choose_worker(world);
    *job = world_choose(world, world->reference.job_count);
    bool fits = world_is_random(world) && world_choose(world, 8) > 0;
    if (fits)
        reference_next_out(&world->reference, job, worker);
    else if (world_is_random(world))
        older = world_choose(world, 2);
    const struct reference_job *at = &world->reference.jobs[*job];
    const struct reference_attempt *attempt = &at->first;
    if (at->backup.by != NO_WORKER && at->backup.state != REF_UNPLANNED &&
        world_choose(world, 2) == 1) {
        attempt = &at->backup;
        *worker = fits ? attempt->by : *worker;
    }
    return (struct attempt){world->first_id + *job, attempt->number - older};
}

void world_step_plan(struct world *world)
{
    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        if (world->reference.jobs[i].first.state != REF_UNPLANNED)
            continue;
        struct job planned = {.id = world->first_id + i, .size = 1 + i % 3};
        reference_plan(&world->reference, i, planned.size);
        assert_int_equal(ledger_plan(world->ledger, &planned), STATUS_OK);
        return;
    }
}

void world_no_more(struct world *world)
{
    ledger_no_more(world->ledger);
    reference_no_more(&world->reference);
}

static uint32_t job_of(struct world *world, const struct job *job)
{
    uint32_t number = (uint32_t)(job->id - world->first_id);

    assert_true(job->id >= world->first_id && number < world->reference.job_count);
    return number;
}

void world_push(struct world *world)
{
    const struct job *job = ledger_next_push(world->ledger, world->reference.now);

    assert_int_equal(job != NULL, reference_may_push(&world->reference));
    if (job == NULL)
        return;
    uint32_t number = job_of(world, job);
    assert_int_equal(job->attempt, world->reference.jobs[number].first.number);
    assert_true(reference_waits_for_push(&world->reference.jobs[number]));
    ledger_pushed(world->ledger, job->id, world->reference.now);
    reference_out(&world->reference, number, NO_WORKER);
}

void world_send(struct world *world)
{
    worker_index index;
    const struct job *job = ledger_next_sure(world->ledger, world->reference.now, &index);

    if (job == NULL)
        return;
    uint32_t worker = world_worker_of(world, index), number = job_of(world, job);
    struct reference_job *at = &world->reference.jobs[number];
    if (at->first.state == REF_READY) {
        assert_int_equal(job->attempt, at->first.number);
        assert_true(reference_may_send(&world->reference, number, worker));
        reference_out(&world->reference, number, worker);
    } else {
        assert_int_equal(job->attempt, at->backup.number);
        assert_true(reference_may_back_up(&world->reference, number, worker));
        reference_backup_out(&world->reference, number, worker);
    }
    ledger_sent(world->ledger, job->id, index, world->reference.now);
}

static void taken(struct world *world, uint32_t worker, uint32_t job, struct attempt attempt)
{
    assert_int_equal(
        ledger_taken(world->ledger, world->index[worker], attempt, world->reference.now),
        reference_taken(&world->reference, worker, job, attempt.attempt));
}

void world_taken(struct world *world, uint32_t worker, uint32_t job)
{
    uint32_t number = world->reference.jobs[job].first.number;

    taken(world, worker, job, (struct attempt){world->first_id + job, number});
}

void world_step_taken(struct world *world)
{
    uint32_t job, worker;
    struct attempt attempt = choose_attempt(world, &worker, &job);

    taken(world, worker, job, attempt);
}

void world_say_done(struct world *world, uint32_t worker, uint32_t job, struct attempt attempt)
{
    ledger_done(world->ledger, world->index[worker], attempt, world->reference.now);
    reference_done(&world->reference, worker, job, attempt.attempt);
}

void world_step_done(struct world *world)
{
    uint32_t job, worker;
    struct attempt attempt = choose_attempt(world, &worker, &job);

    if (world->slow && world_passes_over(world))
        return;
    world_say_done(world, worker, job, attempt);
}

void world_step_return(struct world *world)
{
    uint32_t job, worker;
    struct returned returned = {.attempt = choose_attempt(world, &worker, &job), .room = 1};

    if (world->slow && world_passes_over(world))
        return;
    if (!world_is_random(world) ||
        world_choose(world, 2) == 0) // else FULL, so that threes come about
        returned.reason = world_choose(world, RETURN_REASONS);
    assert_int_equal(
        ledger_returned(world->ledger, world->index[worker], &returned, world->reference.now),
        reference_returned(&world->reference, worker, job, returned.attempt.attempt,
                           returned.reason));
}

void world_recorded(struct world *world, uint32_t job)
{
    assert_int_equal(ledger_recorded(world->ledger, world->first_id + job),
                     reference_recorded(&world->reference, job));
}

void world_step_recorded(struct world *world)
{
    uint32_t job = world_choose(world, world->reference.job_count);
    bool early = world->reference.jobs[job].first.state < REF_DONE;

    if (!early || !world_passes_over(world))
        world_recorded(world, job);
}

void world_step_idle(struct world *world)
{
    ledger_sink_idle(world->ledger, world->reference.now);
    reference_idle(&world->reference);
}

void world_step_look(struct world *world)
{
    uint32_t job = world_choose(world, world->reference.job_count);

    ledger_retry(world->ledger, world->first_id + job, world->reference.now);
    reference_retry(&world->reference, job);
}

void world_step_settled(struct world *world)
{
    enum image_state state;
    const struct job *job;

    while ((job = ledger_next_settled(world->ledger, &state)) != NULL) {
        struct reference_job *at = &world->reference.jobs[job_of(world, job)];

        assert_true(at->untold);
        assert_int_equal(state, at->quarantined ? IMAGE_QUARANTINED : IMAGE_FAILED);
        at->untold = false;
        world->reference.changes++;
    }
    for (uint32_t i = 0; i < world->reference.job_count; i++)
        assert_false(world->reference.jobs[i].untold);
}
