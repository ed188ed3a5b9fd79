/*
 * Steps that are about workers, and time.
 */

#include "tests/support/ledger_world_internal.h"

enum beat_style { LISTS_NOTHING, LISTS_WHAT_RUNS, LISTS_ANYTHING, BEAT_STYLES };

/* It lists what it holds, or not; and may list what nobody knows that it took. */
static void beat(struct world *world, uint32_t worker, enum beat_style style)
{
    static struct beat said;
    bool listed[REFERENCE_JOBS] = {false};
    struct reference_worker *at = &world->reference.workers[worker];

    said.capacity = at->capacity;
    said.held.count = 0;
    for (uint32_t i = 0; i < world->reference.job_count && at->known; i++) {
        struct reference_job *job = &world->reference.jobs[i];
        struct reference_attempt *its = job->backup.by == worker ? &job->backup : &job->first;
        bool held = its->state == REF_TAKEN && its->by == worker;

        if (style == LISTS_NOTHING || (!held && style == LISTS_WHAT_RUNS) ||
            (world_is_random(world) && world_choose(world, 9) == 0))
            continue;
        uint32_t number = its->number;
        said.running[said.held.count] = style == LISTS_WHAT_RUNS;
        said.held.list[said.held.count++] = (struct attempt){world->first_id + i, number};
        listed[i] =
            reference_listed(&world->reference, worker, i, number, style == LISTS_WHAT_RUNS);
    }
    ledger_beat(world->ledger, world->index[worker], &said, world->reference.now);
    if (at->known)
        reference_beat(&world->reference, worker, listed);
}

void world_beat(struct world *world, uint32_t worker)
{
    beat(world, worker, LISTS_WHAT_RUNS);
}

void world_step_beat(struct world *world)
{
    uint32_t worker = world_choose_worker(world), style = world_choose(world, BEAT_STYLES);

    if (style != LISTS_WHAT_RUNS && world->slow && world_passes_over(world))
        return;
    beat(world, worker, style);
}

void world_join(struct world *world, uint32_t worker, uint32_t capacity)
{
    struct reference_worker *at = &world->reference.workers[worker];

    world->reference.changes++;
    *at = (struct reference_worker){.known = true,
                                    .incarnation = ++world->incarnations,
                                    .capacity = capacity,
                                    .heard = world->reference.now};
    assert_int_equal(ledger_worker_joined(world->ledger, at->incarnation, 1, capacity,
                                          world->reference.now, &world->index[worker]),
                     STATUS_OK);
}

void world_leave(struct world *world, uint32_t worker)
{
    ledger_worker_left(world->ledger, world->index[worker], world->reference.now);
    reference_left(&world->reference, worker);
    world->index[worker] = NO_WORKER;
}

void world_replace(struct world *world, uint32_t worker)
{
    world_leave(world, worker);
    world_join(world, worker, 1);
}

void world_step_join_or_leave(struct world *world)
{
    uint32_t worker = world_choose_worker(world);

    if (!world->reference.workers[worker].known)
        world_join(world, worker, 1 + world_choose(world, 2));
    else if (!world_passes_over(world))
        world_leave(world, worker);
}

void world_step_leaving(struct world *world)
{
    uint32_t worker = world_choose_worker(world);

    if (world_passes_over(world))
        return;
    ledger_worker_leaving(world->ledger, world->index[worker]);
    reference_leaving(&world->reference, worker);
}

void world_step_capacity(struct world *world)
{
    uint32_t worker = world_choose_worker(world), capacity = world_choose(world, 3);

    if (capacity == 0 && world_passes_over(world))
        return;
    ledger_worker_capacity(world->ledger, world->index[worker], capacity);
    reference_capacity(&world->reference, worker, capacity);
}

void world_pass(struct world *world, usec time)
{
    worker_index gone[REFERENCE_WORKERS];
    uint32_t overdue = 0;

    world->reference.changes++;
    world->reference.now += time;
    uint32_t count = ledger_expire(world->ledger, world->reference.now, gone, REFERENCE_WORKERS);
    reference_expire(&world->reference);
    for (uint32_t i = 0; i < world->reference.worker_count; i++) {
        const struct reference_worker *worker = &world->reference.workers[i];

        if (!worker->known || worker->heard + LEASE > world->reference.now)
            continue;
        world_leave(world, i);
        overdue++;
    }
    assert_int_equal(count, overdue);
    assert_true(ledger_next_deadline(world->ledger) > world->reference.now);
}

void world_step_time(struct world *world)
{
    static const usec passes[] = {TAKEN_DEADLINE_MIN, LEASE, 1, TAKEN_DEADLINE_MIN / 2,
                                  BACKUP_AFTER_MIN};
    uint32_t chosen = world_choose(world, world_is_random(world) ? 5 : 2);

    if (passes[chosen] < LEASE || !world_passes_over(world))
        world_pass(world, passes[chosen]);
}
