/*
 * Steps of schedules, each done to the ledger and to the ledger on paper.
 */

#include "tests/support/ledger_world.h"

/* --- choices --- */

static uint32_t choose(struct world *world, uint32_t bound)
{
    return schedule_choose(&world->schedule, bound);
}

static bool is_random(const struct world *world)
{
    return world->schedule.seed != 0;
}

/* What, drawn at random as often as the rest, would keep anything else from going on for long. */
static bool is_passed_over(struct world *world)
{
    return is_random(world) && choose(world, 8) > 0;
}

static uint32_t choose_worker(struct world *world)
{
    return choose(world, world->reference.worker_count);
}

/* An attempt, and the worker that speaks of it. Drawn at random both are mostly those that fit. */
static struct attempt choose_attempt(struct world *world, uint32_t *worker, uint32_t *job)
{
    uint32_t older = 0;

    *worker = choose_worker(world);
    *job = choose(world, world->reference.job_count);
    bool fits = is_random(world) && choose(world, 8) > 0;
    if (fits)
        reference_next_out(&world->reference, job, worker);
    else if (is_random(world))
        older = choose(world, 2);
    const struct reference_job *at = &world->reference.jobs[*job];
    const struct reference_attempt *attempt = &at->first;
    if (at->backup.by != NO_WORKER && at->backup.state != REF_UNPLANNED && choose(world, 2) == 1) {
        attempt = &at->backup;
        *worker = fits ? attempt->by : *worker;
    }
    return (struct attempt){world->first_id + *job, attempt->number - older};
}

/* --- steps --- */

static void step_plan(struct world *world)
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

static uint32_t worker_of(const struct world *world, worker_index index)
{
    uint32_t worker = 0;

    while (worker < world->reference.worker_count &&
           (world->index[worker] != index || !world->reference.workers[worker].known))
        worker++;
    assert_true(worker < world->reference.worker_count);
    return worker;
}

void world_send(struct world *world)
{
    worker_index index;
    const struct job *job = ledger_next_sure(world->ledger, world->reference.now, &index);

    if (job == NULL)
        return;
    uint32_t worker = worker_of(world, index), number = job_of(world, job);
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

static void step_taken(struct world *world)
{
    uint32_t job, worker;
    struct attempt attempt = choose_attempt(world, &worker, &job);

    taken(world, worker, job, attempt);
}

static void done(struct world *world, uint32_t worker, uint32_t job, struct attempt attempt)
{
    ledger_done(world->ledger, world->index[worker], attempt, world->reference.now);
    reference_done(&world->reference, worker, job, attempt.attempt);
}

static void step_done(struct world *world)
{
    uint32_t job, worker;
    struct attempt attempt = choose_attempt(world, &worker, &job);

    if (world->slow && is_passed_over(world))
        return;
    done(world, worker, job, attempt);
}

static void step_return(struct world *world)
{
    uint32_t job, worker;
    struct returned returned = {.attempt = choose_attempt(world, &worker, &job), .room = 1};

    if (world->slow && is_passed_over(world))
        return;
    if (!is_random(world) || choose(world, 2) == 0) // else FULL, so that threes come about
        returned.reason = choose(world, RETURN_REASONS);
    assert_int_equal(
        ledger_returned(world->ledger, world->index[worker], &returned, world->reference.now),
        reference_returned(&world->reference, worker, job, returned.attempt.attempt,
                           returned.reason));
}

static void recorded(struct world *world, uint32_t job)
{
    assert_int_equal(ledger_recorded(world->ledger, world->first_id + job),
                     reference_recorded(&world->reference, job));
}

static void step_recorded(struct world *world)
{
    uint32_t job = choose(world, world->reference.job_count);
    bool early = world->reference.jobs[job].first.state < REF_DONE;

    if (!early || !is_passed_over(world))
        recorded(world, job);
}

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
            (is_random(world) && choose(world, 9) == 0))
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

static void step_beat(struct world *world)
{
    uint32_t worker = choose_worker(world), style = choose(world, BEAT_STYLES);

    if (style != LISTS_WHAT_RUNS && world->slow && is_passed_over(world))
        return;
    beat(world, worker, style);
}

static void join(struct world *world, uint32_t worker, uint32_t capacity)
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

static void leave(struct world *world, uint32_t worker)
{
    ledger_worker_left(world->ledger, world->index[worker], world->reference.now);
    reference_left(&world->reference, worker);
    world->index[worker] = NO_WORKER;
}

void world_replace(struct world *world, uint32_t worker)
{
    leave(world, worker);
    join(world, worker, 1);
}

static void step_join_or_leave(struct world *world)
{
    uint32_t worker = choose_worker(world);

    if (!world->reference.workers[worker].known)
        join(world, worker, 1 + choose(world, 2));
    else if (!is_passed_over(world))
        leave(world, worker);
}

static void step_leaving(struct world *world)
{
    uint32_t worker = choose_worker(world);

    if (is_passed_over(world))
        return;
    ledger_worker_leaving(world->ledger, world->index[worker]);
    reference_leaving(&world->reference, worker);
}

static void step_capacity(struct world *world)
{
    uint32_t worker = choose_worker(world), capacity = choose(world, 3);

    if (capacity == 0 && is_passed_over(world))
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
        leave(world, i);
        overdue++;
    }
    assert_int_equal(count, overdue);
    assert_true(ledger_next_deadline(world->ledger) > world->reference.now);
}

static void step_time(struct world *world)
{
    static const usec passes[] = {TAKEN_DEADLINE_MIN, LEASE, 1, TAKEN_DEADLINE_MIN / 2,
                                  BACKUP_AFTER_MIN};
    uint32_t chosen = choose(world, is_random(world) ? 5 : 2);

    if (passes[chosen] < LEASE || !is_passed_over(world))
        world_pass(world, passes[chosen]);
}

static void step_idle(struct world *world)
{
    ledger_sink_idle(world->ledger, world->reference.now);
    reference_idle(&world->reference);
}

static void step_look(struct world *world)
{
    uint32_t job = choose(world, world->reference.job_count);

    ledger_retry(world->ledger, world->first_id + job, world->reference.now);
    reference_retry(&world->reference, job);
}

static void step_settled(struct world *world)
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

/* --- schedules --- */

/* The CANCELs that are due, all of them and no other. */
static void compare_cancels(struct world *world)
{
    worker_index index;
    struct attempt attempt;

    while (ledger_next_cancel(world->ledger, &index, &attempt))
        assert_true(reference_cancelled(&world->reference, worker_of(world, index),
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
        world_push,    world_send, step_taken,    step_done,          step_return,
        step_recorded, step_beat,  step_time,     step_join_or_leave, step_leaving,
        step_capacity, step_idle,  step_settled,  step_look,          step_plan,
        world_no_more,
    };

    steps[choose(world, sizeof steps / sizeof *steps)](world);
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
                                          .mean_time = world->reference.mean_time,
                                          .mean_size = world->reference.mean_size};
    for (uint32_t i = 0; i < workers; i++)
        join(world, i, 1);
    for (uint32_t i = 0; i < jobs; i++)
        step_plan(world);
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
        done(world, 0, i, (struct attempt){world->first_id + i, number});
        recorded(world, i);
        count++;
    }
    return count;
}

void world_end(struct world *world)
{
    for (uint32_t i = 0; i < world->reference.worker_count; i++)
        leave(world, i);
    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        step_plan(world);
        ledger_retry(world->ledger, world->first_id + i, world->reference.now);
        reference_retry(&world->reference, i);
    }
    world->reference.now += LEASE;
    (void)ledger_expire(world->ledger, world->reference.now, NULL, 0);
    reference_expire(&world->reference);
    join(world, 0, REFERENCE_JOBS);
    while (!ledger_is_settled(world->ledger))
        assert_true(do_what_can_be_done(world) > 0);
    compare(world);
    leave(world, 0);
}
