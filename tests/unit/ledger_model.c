/*
 * The ledger against the ledger on paper (tests/support/ledger_reference.h), after every step of
 * random schedules, and of every schedule of a few steps from three beginnings: 2 jobs and 2
 * workers; a straggler; a job that five workers died of. Each schedule is then brought to its end:
 * from wherever it stands, every job can still be recorded.
 *
 * The exhaustive search turns back at a step that changes nothing.
 */

#include "tests/support/ledger_world.h"

#define RANDOM_SCHEDULES 8000
#define RANDOM_STEPS 800
/* Jobs and workers of most random schedules, slow ones: so few come to where one is a straggler and
 * nothing else is READY. */
#define FEW 3

static struct world world; // large

static void open_world(void)
{
    world = (struct world){.ledger = kit_open(), .first_id = 1};
}

/* They keep the expected time short, whatever schedules before did. */
static void do_quick_jobs(uint32_t count)
{
    world_begin(&world, count, 1);
    world_end(&world);
}

static void random_schedules_agree_with_the_ledger_on_paper(void **state)
{
    (void)state;
    open_world();
    for (uint64_t seed = 1; seed <= RANDOM_SCHEDULES; seed++) {
        world.schedule.seed = world.schedule.random = seed;
        world.slow = seed % 4 != 0;
        do_quick_jobs(REFERENCE_JOBS);
        world_begin(&world, 1 + schedule_choose(&world.schedule, world.slow ? FEW : REFERENCE_JOBS),
                    1 + schedule_choose(&world.schedule, world.slow ? FEW : REFERENCE_WORKERS));
        for (int i = 0; i < RANDOM_STEPS && !ledger_is_settled(world.ledger); i++)
            world_step(&world);
        world_end(&world);
    }
    uint64_t backups = kit_counts(world.ledger).backups;
    print_message("%llu backups\n", (unsigned long long)backups);
    assert_true(backups > RANDOM_SCHEDULES / 100); // or the schedules miss what they are for
    ledger_close(&world.ledger);
}

/* Every schedule of `depth` steps from where `begin` leads. */
static void search(void (*begin)(void), int depth)
{
    uint64_t schedules = 0;

    do {
        begin();
        for (int i = 0; i < depth; i++) {
            uint64_t changes = world.reference.changes;

            world_step(&world);
            if (changes == world.reference.changes)
                break;
        }
        world_end(&world);
        schedules++;
    } while (schedule_next(&world.schedule));
    print_message("%llu schedules\n", (unsigned long long)schedules);
}

static void two_jobs(void)
{
    world_begin(&world, 2, 2);
}

static void every_short_schedule_agrees_with_the_ledger_on_paper(void **state)
{
    (void)state;
    open_world();
    search(two_jobs, 5);
    ledger_close(&world.ledger);
}

/* The first worker is slow at the last job, and the second has nothing to do. */
static void straggler(void)
{
    do_quick_jobs(4);
    world_begin(&world, 1, 2);
    world_push(&world);
    world_taken(&world, 0, 0);
    world_no_more(&world);
    for (int i = 0; i < 9 && world.reference.jobs[0].backup.state == REF_UNPLANNED; i++) {
        world_pass(&world, BACKUP_AFTER_MIN + 1);
        world_beat(&world, 0);
        world_beat(&world, 1);
    }
    assert_int_equal(world.reference.jobs[0].backup.state, REF_READY);
}

static void every_short_schedule_with_a_straggler_agrees_with_the_ledger_on_paper(void **state)
{
    (void)state;
    open_world();
    search(straggler, 4);
    ledger_close(&world.ledger);
}

static void killer(void)
{
    world_begin(&world, 2, 2);
    world_push(&world);
    for (int death = 1; death <= 5; death++) {
        uint32_t victim = death == 1 ? 0 : world.reference.jobs[0].first.by;

        world_taken(&world, victim, 0);
        world_beat(&world, victim);
        if (death == 5)
            world_push(&world); // the other job is on its way to anyone
        world_replace(&world, victim);
        if (death < 5)
            world_send(&world);
    }
    assert_true(reference_is_alone(&world.reference.jobs[0]));
}

static void every_short_schedule_with_a_killer_agrees_with_the_ledger_on_paper(void **state)
{
    (void)state;
    open_world();
    search(killer, 4);
    ledger_close(&world.ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_schedules_agree_with_the_ledger_on_paper),
        cmocka_unit_test(every_short_schedule_agrees_with_the_ledger_on_paper),
        cmocka_unit_test(every_short_schedule_with_a_straggler_agrees_with_the_ledger_on_paper),
        cmocka_unit_test(every_short_schedule_with_a_killer_agrees_with_the_ledger_on_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
