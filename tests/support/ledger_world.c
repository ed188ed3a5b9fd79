/*
 * Schedules: a beginning, steps, an end; after every step both ledgers must agree.
 */

#include "tests/support/ledger_world_internal.h"

uint32_t world_choose(struct world *world, uint32_t bound)
{
    return schedule_choose(&world->schedule, bound);
}

bool world_is_random(const struct world *world)
{
    return world->schedule.seed != 0;
}

/* What, drawn at random as often as the rest, would keep anything else from going on for long. */
bool world_passes_over(struct world *world)
{
    return world_is_random(world) && world_choose(world, 8) > 0;
}

uint32_t world_choose_worker(struct world *world)
{
    return world_choose(world, world->reference.worker_count);
}

uint32_t world_worker_of(const struct world *world, worker_index index)
{
    uint32_t worker = 0;

    while (worker < world->reference.worker_count &&
           (world->index[worker] != index || !world->reference.workers[worker].known))
        worker++;
    assert_true(worker < world->reference.worker_count);
    return worker;
}

/* The CANCELs that are due, all of them and no other. */
static void compare_cancels(struct world *world)
{
    worker_index index;
    struct attempt attempt;

    while (ledger_next_cancel(world->ledger, &index, &attempt))
        assert_true(reference_cancelled(&world->reference, world_worker_of(world, index),
                                        (uint32_t)(attempt.job - world->first_id),
                                        attempt.attempt));
    assert_int_equal(world->reference.cancel_count, 0);
}

static void compare(struct world *world)
{
    struct ledger_counts real = kit_counts(world->ledger), paper;

    compare_cancels(world);
    kit_sound(world->ledger);
    reference_count(&world->reference, &paper);
    real.planned -= world->recorded_before;
    real.recorded -= world->recorded_before;
    real.retries -= world->retries_before;
    real.returns -= world->returns_before;
    real.backups -= world->backups_before;
    assert_memory_equal(&real, &paper, sizeof real);
}

void world_step(struct world *world)
{
    static void (*const steps[])(struct world *) = {
        world_push,         world_send,          world_step_taken,
        world_step_done,    world_step_return,   world_step_recorded,
        world_step_beat,    world_step_time,     world_step_join_or_leave,
        world_step_leaving, world_step_capacity, world_step_idle,
        world_step_settled, world_step_look,     world_step_plan,
        world_no_more,
    };

    steps[world_choose(world, sizeof steps / sizeof *steps)](world);
    compare(world);
}

void world_begin(struct world *world, uint32_t jobs, uint32_t workers)
{
    struct ledger_counts counts = kit_counts(world->ledger);

    world->first_id += world->reference.job_count;
    world->recorded_before = counts.recorded;
    world->retries_before = counts.retries;
    world->returns_before = counts.returns;
    world->backups_before = counts.backups;
    world->reference = (struct reference){.job_count = jobs,
                                          .worker_count = workers,
                                          .now = world->reference.now,
                                          .probes = world->reference.probes,
                                          .mean_time = world->reference.mean_time,
                                          .mean_size = world->reference.mean_size};
    for (uint32_t i = 0; i < workers; i++)
        world_join(world, i, 1);
    for (uint32_t i = 0; i < jobs; i++)
        world_step_plan(world);
}

/* Gives out what may be, does it, and records it and whatever else waits only for that. */
static uint32_t do_what_can_be_done(struct world *world)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        world_send(world);
        world_push(world);
    }
    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        if (world->reference.jobs[i].first.state == REF_READY ||
            world->reference.jobs[i].first.state == REF_RECORDED)
            continue;
        world_taken(world, 0, i);
        uint32_t number = world->reference.jobs[i].first.number;
        world_say_done(world, 0, i, (struct attempt){world->first_id + i, number});
        world_recorded(world, i);
        count++;
    }
    return count;
}

void world_end(struct world *world)
{
    for (uint32_t i = 0; i < world->reference.worker_count; i++)
        world_leave(world, i);
    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        world_step_plan(world);
        ledger_retry(world->ledger, world->first_id + i, world->reference.now);
        reference_retry(&world->reference, i);
    }
    world->reference.now += LEASE;
    (void)ledger_expire(world->ledger, world->reference.now, NULL, 0);
    reference_expire(&world->reference);
    world_join(world, 0, REFERENCE_JOBS);
    while (!ledger_is_settled(world->ledger))
        assert_true(do_what_can_be_done(world) > 0);
    compare(world);
    world_leave(world, 0);
}
