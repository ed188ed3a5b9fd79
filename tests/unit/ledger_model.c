/*
 * The ledger against the ledger on paper (tests/support/ledger_reference.h), after every step of
 * random schedules, and of every schedule of 2 jobs and 2 workers up to DEPTH steps. Each schedule
 * is then brought to its end: from wherever it stands, every job can still be recorded.
 *
 * The exhaustive search turns back at a step that changes nothing.
 */

#include "tests/support/ledger_kit.h"
#include "tests/support/ledger_reference.h"
#include "tests/support/schedule.h"

/* Steps of the exhaustive search. */
#define DEPTH 5

#define RANDOM_SCHEDULES 2000
#define RANDOM_STEPS 800

struct world {
    struct ledger *ledger;
    struct reference reference;
    worker_index index[REFERENCE_WORKERS]; // in the ledger
    uint64_t first_id, incarnations;
    uint64_t recorded_before, retries_before, returns_before;
    struct schedule schedule;
};

static uint32_t choose(struct world *world, uint32_t bound)
{
    return schedule_choose(&world->schedule, bound);
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
    if (world->schedule.seed != 0 && choose(world, 8) > 0)
        reference_next_out(&world->reference, job, worker);
    else if (world->schedule.seed != 0)
        older = choose(world, 2);
    return (struct attempt){world->first_id + *job, world->reference.jobs[*job].attempt - older};
}

/* --- steps: each does the same to both --- */

static void step_plan(struct world *world)
{
    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        struct reference_job *job = &world->reference.jobs[i];

        if (job->state != REF_UNPLANNED)
            continue;
        struct job planned = {.id = world->first_id + i};
        assert_int_equal(ledger_plan(world->ledger, &planned), STATUS_OK);
        *job = (struct reference_job){.state = REF_READY, .attempt = 1, .by = NO_WORKER};
        return;
    }
}

static uint32_t job_of(struct world *world, const struct job *job)
{
    uint32_t number = (uint32_t)(job->id - world->first_id);

    assert_true(job->id >= world->first_id && number < world->reference.job_count);
    assert_int_equal(job->attempt, world->reference.jobs[number].attempt);
    return number;
}

static void step_push(struct world *world)
{
    const struct job *job = ledger_next_push(world->ledger, world->reference.now);

    assert_int_equal(job != NULL, reference_may_push(&world->reference));
    if (job == NULL)
        return;
    uint32_t number = job_of(world, job);
    assert_true(reference_waits_for_push(&world->reference.jobs[number]));
    ledger_pushed(world->ledger, job->id, world->reference.now);
    reference_out(&world->reference, number, NO_WORKER);
}

static void step_send(struct world *world)
{
    worker_index index;
    const struct job *job = ledger_next_sure(world->ledger, world->reference.now, &index);
    uint32_t worker = 0;

    if (job == NULL)
        return;
    while (world->index[worker] != index || !world->reference.workers[worker].known)
        worker++;
    assert_true(worker < world->reference.worker_count);
    uint32_t number = job_of(world, job);
    assert_true(reference_may_send(&world->reference, number, worker));
    ledger_sent(world->ledger, job->id, index, world->reference.now);
    reference_out(&world->reference, number, worker);
}

static void step_taken(struct world *world)
{
    uint32_t job, worker;
    struct attempt attempt = choose_attempt(world, &worker, &job);

    assert_int_equal(
        ledger_taken(world->ledger, world->index[worker], attempt, world->reference.now),
        reference_taken(&world->reference, worker, job, attempt.attempt));
}

static void step_done(struct world *world)
{
    uint32_t job, worker;
    struct attempt attempt = choose_attempt(world, &worker, &job);

    ledger_done(world->ledger, world->index[worker], attempt, world->reference.now);
    reference_done(&world->reference, worker, job, attempt.attempt);
}

static void step_return(struct world *world)
{
    uint32_t job, worker;
    struct returned returned = {.attempt = choose_attempt(world, &worker, &job), .room = 1};

    if (world->schedule.seed == 0 || choose(world, 2) == 0) // else FULL, so that threes come about
        returned.reason = choose(world, RETURN_REASONS);
    assert_int_equal(
        ledger_returned(world->ledger, world->index[worker], &returned, world->reference.now),
        reference_returned(&world->reference, worker, job, returned.attempt.attempt,
                           returned.reason));
}

static void step_recorded(struct world *world)
{
    uint32_t job = choose(world, world->reference.job_count);

    assert_int_equal(ledger_recorded(world->ledger, world->first_id + job),
                     reference_recorded(&world->reference, job));
}

/* It lists what it holds, or not; and may list what nobody knows that it took. */
static void step_beat(struct world *world)
{
    static struct beat beat;
    uint32_t worker = choose_worker(world), style = choose(world, 3);
    bool listed[REFERENCE_JOBS] = {false};
    struct reference_worker *at = &world->reference.workers[worker];

    beat.capacity = at->capacity;
    beat.held.count = 0;
    for (uint32_t i = 0; i < world->reference.job_count && at->known; i++) {
        struct reference_job *job = &world->reference.jobs[i];
        bool held = job->state == REF_TAKEN && job->by == worker;

        if (style == 0 || (!held && style == 1) ||
            (world->schedule.seed != 0 && choose(world, 9) == 0))
            continue;
        beat.running[beat.held.count] = style == 1;
        beat.held.list[beat.held.count++] = (struct attempt){world->first_id + i, job->attempt};
        listed[i] = reference_taken(&world->reference, worker, i, job->attempt);
        if (listed[i])
            reference_runs(&world->reference, i, style == 1);
    }
    ledger_beat(world->ledger, world->index[worker], &beat, world->reference.now);
    if (at->known)
        reference_beat(&world->reference, worker, listed);
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

static void step_join_or_leave(struct world *world)
{
    uint32_t worker = choose_worker(world);

    if (world->reference.workers[worker].known)
        leave(world, worker);
    else
        join(world, worker, 1 + choose(world, 2));
}

static void step_leaving(struct world *world)
{
    uint32_t worker = choose_worker(world);

    ledger_worker_leaving(world->ledger, world->index[worker]);
    reference_leaving(&world->reference, worker);
}

static void step_capacity(struct world *world)
{
    uint32_t worker = choose_worker(world), capacity = choose(world, 3);

    ledger_worker_capacity(world->ledger, world->index[worker], capacity);
    reference_capacity(&world->reference, worker, capacity);
}

static void step_time(struct world *world)
{
    static const usec passes[] = {TAKEN_DEADLINE_MIN, LEASE, 1, TAKEN_DEADLINE_MIN / 2};
    worker_index gone[REFERENCE_WORKERS];
    uint32_t overdue = 0;

    world->reference.changes++;
    world->reference.now += passes[choose(world, world->schedule.seed != 0 ? 4 : 2)];
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

static void compare(struct world *world)
{
    struct ledger_counts real = kit_counts(world->ledger), paper;

    kit_sound(world->ledger);
    reference_count(&world->reference, &paper);
    real.planned -= world->recorded_before;
    real.recorded -= world->recorded_before;
    real.retries -= world->retries_before;
    real.returns -= world->returns_before;
    assert_memory_equal(&real, &paper, sizeof real);
}

static void step(struct world *world)
{
    static void (*const steps[])(struct world *) = {
        step_push,     step_send, step_taken,   step_done,          step_return,
        step_recorded, step_beat, step_time,    step_join_or_leave, step_leaving,
        step_capacity, step_idle, step_settled, step_look,          step_plan,
    };

    steps[choose(world, sizeof steps / sizeof *steps)](world);
    compare(world);
}

/* Two workers, and all jobs planned; each schedule goes on in the same ledger. */
static void begin(struct world *world, uint32_t jobs, uint32_t workers)
{
    struct ledger_counts counts = kit_counts(world->ledger);

    world->first_id += world->reference.job_count;
    world->recorded_before = counts.recorded;
    world->retries_before = counts.retries;
    world->returns_before = counts.returns;
    world->reference =
        (struct reference){.job_count = jobs, .worker_count = workers, .now = world->reference.now};
    for (uint32_t i = 0; i < workers; i++)
        join(world, i, 1);
    for (uint32_t i = 0; i < jobs; i++)
        step_plan(world);
}

/* The workers leave, one comes that does everything. */
static void bring_to_the_end(struct world *world)
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
    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        step_send(world);
        step_push(world);
    }
    for (uint32_t i = 0; i < world->reference.job_count; i++) {
        const struct reference_job *job = &world->reference.jobs[i];
        struct attempt attempt = {world->first_id + i, job->attempt};

        assert_int_not_equal(job->state, REF_READY);
        ledger_done(world->ledger, world->index[0], attempt, world->reference.now);
        reference_done(&world->reference, 0, i, job->attempt);
        assert_int_equal(ledger_recorded(world->ledger, attempt.job),
                         reference_recorded(&world->reference, i));
    }
    compare(world);
    assert_true(ledger_is_settled(world->ledger));
    leave(world, 0);
}

static void random_schedules_agree_with_the_ledger_on_paper(void **state)
{
    static struct world world;

    (void)state;
    world = (struct world){.ledger = kit_open(), .first_id = 1};
    for (uint64_t seed = 1; seed <= RANDOM_SCHEDULES; seed++) {
        world.schedule.seed = world.schedule.random = seed;
        begin(&world, 1 + choose(&world, REFERENCE_JOBS), 1 + choose(&world, REFERENCE_WORKERS));
        for (int i = 0; i < RANDOM_STEPS; i++)
            step(&world);
        bring_to_the_end(&world);
    }
    ledger_close(&world.ledger);
}

static void every_short_schedule_agrees_with_the_ledger_on_paper(void **state)
{
    static struct world world;
    uint64_t schedules = 0;

    (void)state;
    world = (struct world){.ledger = kit_open(), .first_id = 1};
    do {
        begin(&world, 2, 2);
        for (int i = 0; i < DEPTH; i++) {
            uint64_t changes = world.reference.changes;

            step(&world);
            if (changes == world.reference.changes)
                break;
        }
        bring_to_the_end(&world);
        schedules++;
    } while (schedule_next(&world.schedule));
    print_message("%llu schedules\n", (unsigned long long)schedules);
    ledger_close(&world.ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_schedules_agree_with_the_ledger_on_paper),
        cmocka_unit_test(every_short_schedule_agrees_with_the_ledger_on_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
