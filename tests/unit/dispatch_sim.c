/*
 * How good dispatch is, in virtual time, on the real ledger: fleets of unequal slots and speeds,
 * with PUSH alone beside it for contrast; workers that stop, join and leave. Nothing here depends
 * on the speed of the machine: the same seed gives the same figures everywhere.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/support/fleet.h"

/* The share of the slots' time that must be used while there is work for all. */
#define STEADY_MIN 0.97

#define TYPICAL (15 * US_PER_MS) // median time of a job, most of the tests

static void say(const char *what, const char *how, const struct fleet_outcome *outcome)
{
    print_message("%-42s %-5s %.3f of capacity, a job: %.2f returned, %.3f sent to a chosen one\n",
                  what, how, outcome->efficiency, outcome->returns, outcome->chosen);
}

/* What every run keeps, whatever happens in it. */
static void run(const struct fleet_plan *plan, struct fleet_outcome *outcome)
{
    assert_true(fleet_run(plan, outcome));
    assert_int_equal(outcome->recorded, plan->jobs);
}

static struct fleet_plan fleet_of(uint32_t workers, uint32_t slots, uint32_t jobs_a_slot)
{
    struct fleet_plan plan = {.worker_count = workers,
                              .jobs = workers * slots * jobs_a_slot,
                              .median = TYPICAL,
                              .ahead = 1,
                              .seed = 1};

    for (uint32_t i = 0; i < workers; i++) {
        plan.workers[i].slots = slots;
        plan.workers[i].speed = 1;
    }
    return plan;
}

/* Dispatch must be at least STEADY_MIN; PUSH alone at most `plain_max`. */
static void compare(const char *what, struct fleet_plan plan, double plain_max)
{
    struct fleet_outcome outcome, plain;

    run(&plan, &outcome);
    plan.plain = true;
    run(&plan, &plain);
    say(what, "", &outcome);
    say(what, "PUSH", &plain);
    assert_true(outcome.efficiency >= STEADY_MIN);
    assert_true(outcome.efficiency <= 1.0 + 1e-9); // or the simulation is wrong
    assert_int_equal(outcome.most_starts, 1);
    assert_true(plain.efficiency <= plain_max);
}

static void equal_workers_are_kept_busy(void **state)
{
    (void)state;
    compare("8 workers of 8 slots", fleet_of(8, 8, 400), 1.0);
}

static void workers_of_unequal_slots_are_kept_busy(void **state)
{
    struct fleet_plan plan = fleet_of(4, 4, 0);

    (void)state;
    plan.workers[2].slots = plan.workers[3].slots = 64;
    plan.jobs = (4 + 4 + 64 + 64) * 300;
    compare("4, 4, 64 and 64 slots", plan, 0.3);
}

static void workers_of_unequal_speed_are_kept_busy(void **state)
{
    struct fleet_plan plan = fleet_of(8, 8, 400);

    (void)state;
    for (uint32_t i = 4; i < 8; i++)
        plan.workers[i].speed = 1.0 / 3;
    compare("8 workers of 8 slots, half 3 x slower", plan, 0.7);
}

static void a_large_fleet_of_two_speeds_is_kept_busy(void **state)
{
    struct fleet_plan plan = fleet_of(100, 32, 50);

    (void)state;
    for (uint32_t i = 50; i < 100; i++)
        plan.workers[i].speed = 0.5;
    compare("100 workers of 32 slots, half at half speed", plan, 0.8);
}

/* Slots 4 to 96 and speeds 0.3 to 1, each in an order that the other does not follow. */
static void a_large_fleet_of_all_kinds_is_kept_busy(void **state)
{
    struct fleet_plan plan = fleet_of(100, 4, 0);

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        plan.workers[i].slots = 4 + (i * 37) % 93;
        plan.workers[i].speed = 0.3 + 0.7 * ((i * 53) % 100) / 100.0;
        plan.jobs += plan.workers[i].slots * 50;
    }
    compare("100 workers of 4-96 slots, speeds 0.3-1", plan, 0.5);
}

/* A job takes about as long as a round trip: more must be queued ahead to cover it. */
static void short_jobs_are_covered_by_queueing_more_ahead(void **state)
{
    struct fleet_plan plan = fleet_of(8, 8, 2000);

    (void)state;
    plan.median = US_PER_MS;
    plan.ahead = 3;
    for (uint32_t i = 4; i < 8; i++)
        plan.workers[i].speed = 1.0 / 3;
    compare("the same with jobs of 1 ms, 3 queued ahead", plan, 0.7);
}

/* Its pipe swallows jobs that nobody takes: they are delayed, and nobody else's. */
static void a_stopped_worker_delays_nothing_but_what_was_dealt_to_it(void **state)
{
    static const uint32_t pipes[] = {0, 61, 200};
    struct fleet_plan plan = fleet_of(8, 8, 400);
    struct fleet_outcome quiet, stopped;

    (void)state;
    run(&plan, &quiet);
    plan.event = FLEET_STOPS;
    plan.who = 3;
    plan.when = 1 * US_PER_S;
    for (size_t i = 0; i < sizeof pipes / sizeof *pipes; i++) {
        plan.pipe = pipes[i];
        run(&plan, &stopped);
        say("7 beside one that is stopped", "", &stopped);
        assert_true(stopped.efficiency >= STEADY_MIN);
        /* The others' jobs wait as they do in a quiet fleet: well below the time for TAKEN. */
        assert_true(quiet.longest_wait < TAKEN_DEADLINE_MIN / 2);
        assert_true(stopped.longest_wait < TAKEN_DEADLINE_MIN / 2);
        /* Its own are free when its lease ends, or when they were not TAKEN. */
        assert_true(stopped.longest_wait_dealt < LEASE + TAKEN_DEADLINE_MIN);
        assert_true(stopped.most_starts <= 2);
    }
}

static void a_worker_that_joins_has_work_within_a_round_trip(void **state)
{
    struct fleet_plan plan = fleet_of(8, 8, 300);
    struct fleet_outcome outcome;

    (void)state;
    plan.event = FLEET_JOINS;
    plan.who = 3;
    plan.when = 1 * US_PER_S;
    run(&plan, &outcome);
    say("8 from when the last one joined", "", &outcome);
    assert_true(outcome.first_job > 0 && outcome.first_job <= 2 * FLEET_LATENCY);
    assert_true(outcome.efficiency >= STEADY_MIN);
    assert_int_equal(outcome.most_starts, 1);
}

static void a_worker_that_leaves_hands_back_and_nothing_is_repeated(void **state)
{
    struct fleet_plan plan = fleet_of(8, 8, 300);
    struct fleet_outcome outcome;

    (void)state;
    plan.event = FLEET_LEAVES;
    plan.who = 3;
    for (plan.when = US_PER_S; plan.when < US_PER_S + 20 * US_PER_MS; plan.when += US_PER_MS) {
        run(&plan, &outcome);
        assert_int_equal(outcome.most_starts, 1);
        assert_true(outcome.leaving > 0 && outcome.leaving < LEAVE_DEADLINE);
        assert_true(outcome.efficiency >= STEADY_MIN);
    }
    say("7 beside one that left", "", &outcome);
}

/* Whether it falls silent with jobs in hand, or goes on beating, while the last jobs are done. */
static void a_straggler_near_the_end_delays_it_by_no_more_than_the_lease(void **state)
{
    static const enum fleet_event ways[] = {FLEET_STOPS, FLEET_FREEZES};
    struct fleet_plan plan = fleet_of(8, 8, 100);
    struct fleet_outcome quiet, slow;

    (void)state;
    run(&plan, &quiet);
    plan.who = 3;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        usec latest = 0;

        plan.event = ways[i];
        for (usec before = 10 * US_PER_MS; before <= US_PER_S; before += 10 * US_PER_MS) {
            plan.when = quiet.elapsed - before;
            run(&plan, &slow);
            assert_int_equal(slow.early_backups, 0);
            latest = slow.elapsed > latest ? slow.elapsed : latest;
        }
        print_message("%-42s %.2f s late at most\n",
                      i == 0 ? "one that stops in the last second" : "one that freezes but beats",
                      (double)(latest - quiet.elapsed) / (double)US_PER_S);
        assert_true(latest - quiet.elapsed <= LEASE);
    }
}

/* Long jobs, of which many take longer than BACKUP_AFTER_MIN, and some workers are slow. */
static void backups_cost_nothing_while_there_is_other_work(void **state)
{
    struct fleet_plan plan = fleet_of(8, 8, 60);
    struct fleet_outcome outcome;

    (void)state;
    plan.median = 400 * US_PER_MS;
    for (uint32_t i = 4; i < 8; i++)
        plan.workers[i].speed = 0.5;
    run(&plan, &outcome);
    say("long jobs, half of the workers slow", "", &outcome);
    print_message("%u backups of %u jobs, %u of them early\n", outcome.backups, plan.jobs,
                  outcome.early_backups);
    assert_int_equal(outcome.early_backups, 0);
    assert_true(outcome.backups <= plan.jobs / 100);
    assert_true(outcome.efficiency >= STEADY_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_workers_are_kept_busy),
        cmocka_unit_test(workers_of_unequal_slots_are_kept_busy),
        cmocka_unit_test(workers_of_unequal_speed_are_kept_busy),
        cmocka_unit_test(a_large_fleet_of_two_speeds_is_kept_busy),
        cmocka_unit_test(a_large_fleet_of_all_kinds_is_kept_busy),
        cmocka_unit_test(short_jobs_are_covered_by_queueing_more_ahead),
        cmocka_unit_test(a_stopped_worker_delays_nothing_but_what_was_dealt_to_it),
        cmocka_unit_test(a_worker_that_joins_has_work_within_a_round_trip),
        cmocka_unit_test(a_worker_that_leaves_hands_back_and_nothing_is_repeated),
        cmocka_unit_test(a_straggler_near_the_end_delays_it_by_no_more_than_the_lease),
        cmocka_unit_test(backups_cost_nothing_while_there_is_other_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
