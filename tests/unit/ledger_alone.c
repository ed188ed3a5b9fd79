/*
 * The ledger's promises about an image that takes machines down: after five deaths it runs once
 * more, with nothing beside it, and the sixth ends it.
 */

#include "tests/support/ledger_kit.h"

#define DEATHS 5

/* Workers that die have incarnations from here on. */
#define FIRST_VICTIM 100

/* Pushes or sends the job to a new worker, on which it runs as that dies. */
static void kill_a_worker(struct ledger *ledger, uint64_t incarnation)
{
    worker_index victim = kit_join(ledger, incarnation, 1, 1, 0);
    struct attempt held =
        incarnation == FIRST_VICTIM ? kit_push(ledger, 0) : kit_send(ledger, victim, 0);

    assert_true(ledger_taken(ledger, victim, held, 0));
    kit_beat(ledger, victim, 1, &held, 1, true, 0);
    ledger_worker_left(ledger, victim, 0);
    kit_sound(ledger);
}

/* Job 1 was running on five workers as they died; nobody else is there. */
static int open_ledger(void **state)
{
    struct ledger *ledger = kit_open();

    kit_plan(ledger, 1, 1);
    for (uint64_t death = 0; death < DEATHS; death++)
        kill_a_worker(ledger, FIRST_VICTIM + death);
    *state = ledger;
    return 0;
}

static int close_ledger(void **state)
{
    ledger_close((struct ledger **)state);
    return *state != NULL;
}

static void after_five_deaths_it_goes_to_a_worker_that_holds_nothing(void **state)
{
    struct ledger *ledger = *state;
    enum image_state settled;
    worker_index roomy = kit_join(ledger, 1, 8, 16, 0), idle = kit_join(ledger, 2, 1, 1, 0);

    assert_null(ledger_next_settled(ledger, &settled));
    kit_plan(ledger, 2, 2);
    ledger_worker_capacity(ledger, idle, 0);
    worker_index busy = kit_join(ledger, 3, 1, 1, 0);
    assert_int_equal(kit_send(ledger, roomy, 0).job, 1); // it holds nothing
    ledger_worker_left(ledger, roomy, 0);                // nor did it begin
    ledger_worker_left(ledger, busy, 0);
    ledger_worker_capacity(ledger, idle, 1);
    assert_int_equal(kit_send(ledger, idle, 0).job, 1);
}

static void a_worker_that_holds_something_does_not_get_it(void **state)
{
    struct ledger *ledger = *state;
    worker_index busy = kit_join(ledger, 1, 8, 16, 0), ill = kit_join(ledger, 2, 8, 16, 0);

    ledger_worker_capacity(ledger, ill, 0);
    struct attempt alone = kit_send(ledger, busy, 0);
    kit_plan(ledger, 2, 3);
    ledger_done(ledger, busy, alone, 0);
    struct attempt held = kit_take(ledger, busy, 0);
    ledger_sink_idle(ledger, SINK_IDLE); // its result got lost
    assert_true(kit_none_to_send(ledger, SINK_IDLE));
    assert_true(kit_none_to_push(ledger, SINK_IDLE));
    ledger_done(ledger, busy, held, SINK_IDLE);
    assert_int_equal(kit_send(ledger, busy, SINK_IDLE).job, 1);
}

static void nothing_is_pushed_while_it_waits_or_runs(void **state)
{
    struct ledger *ledger = *state;
    worker_index runs = kit_join(ledger, 1, 8, 16, 0);

    kit_join(ledger, 2, 4, 8, 0);
    kit_plan(ledger, 2, 9);
    assert_true(kit_none_to_push(ledger, 0));
    assert_false(ledger_window_is_open(ledger));
    struct attempt alone = kit_send(ledger, runs, 0);
    assert_true(kit_none_to_push(ledger, 0));
    assert_true(ledger_taken(ledger, runs, alone, 0));
    kit_beat(ledger, runs, 16, &alone, 1, true, 0);
    assert_true(kit_none_to_push(ledger, 0));
    ledger_done(ledger, runs, alone, 0); // it survived
    kit_sound(ledger);
    kit_push(ledger, 0);
}

static void it_waits_until_no_push_is_on_its_way(void **state)
{
    struct ledger *ledger = kit_open();
    usec due = TAKEN_DEADLINE_MIN;

    (void)state;
    kit_plan(ledger, 1, 1);
    for (uint64_t death = 0; death < DEATHS - 1; death++)
        kill_a_worker(ledger, FIRST_VICTIM + death);
    worker_index last = kit_join(ledger, FIRST_VICTIM + DEATHS, 1, 1, 0);
    struct attempt held = kit_send(ledger, last, 0);
    kit_plan(ledger, 2, 2);
    worker_index idle = kit_join(ledger, 1, 1, 2, 0);
    struct attempt pushed = kit_push(ledger, 0);
    kit_beat(ledger, last, 1, &held, 1, true, 0);
    ledger_worker_left(ledger, last, 0);
    assert_true(kit_none_to_send(ledger, 0)); // the push may be on its way to the idle one
    kit_expire(ledger, due);
    assert_false(ledger_taken(ledger, idle, pushed, due));
    assert_int_equal(kit_send(ledger, idle, due).job, 1);
    ledger_close(&ledger);
}

static void its_worker_gets_nothing_else_and_others_do(void **state)
{
    struct ledger *ledger = *state;
    worker_index runs = kit_join(ledger, 1, 8, 16, 0);
    struct attempt alone = kit_send(ledger, runs, 0);
    struct ledger_worker seen;

    worker_index other = kit_join(ledger, 2, 1, 1, 0);
    assert_true(ledger_taken(ledger, runs, alone, 0));
    kit_plan(ledger, 2, 2);
    ledger_done(ledger, runs, alone, 0);
    struct attempt second = kit_take(ledger, other, 0);
    ledger_sink_idle(ledger, SINK_IDLE);
    alone = kit_send(ledger, runs, SINK_IDLE);
    kit_return(ledger, other, second, RETURN_LEAVING, 1, SINK_IDLE);
    kit_send(ledger, other, SINK_IDLE);
    assert_true(ledger_worker_at(ledger, runs, &seen));
    assert_int_equal(seen.held, 1);
    assert_true(kit_none_to_send(ledger, SINK_IDLE));
}

static void a_sixth_death_quarantines_it(void **state)
{
    (void)state;
    for (int said_to_run = 0; said_to_run <= 1; said_to_run++) { // it may be too quick for a beat
        void *opened;
        enum image_state settled = IMAGE_PENDING;

        open_ledger(&opened);
        struct ledger *ledger = opened;
        worker_index last = kit_join(ledger, 1, 4, 8, 0);
        struct attempt alone = kit_send(ledger, last, 0);
        assert_true(ledger_taken(ledger, last, alone, 0));
        if (said_to_run)
            kit_beat(ledger, last, 8, &alone, 1, true, 0);
        ledger_worker_left(ledger, last, 0);
        kit_sound(ledger);
        assert_int_equal(kit_counts(ledger).settling, 1);
        assert_int_equal(ledger_next_settled(ledger, &settled)->id, 1);
        assert_int_equal(settled, IMAGE_QUARANTINED);
        assert_null(ledger_next_settled(ledger, &settled));
        kit_plan(ledger, 2, 2);
        kit_join(ledger, 2, 1, 1, 0);
        kit_push(ledger, 0); // all goes on
        assert_true(ledger_recorded(ledger, 1));
        ledger_close(&ledger);
    }
}

static void a_worker_that_was_leaving_or_had_not_taken_it_is_no_sixth_death(void **state)
{
    struct ledger *ledger = *state;
    enum image_state settled;

    for (uint64_t gone = 1; gone <= 10; gone++) {
        bool takes = gone % 2 == 0;
        worker_index worker = kit_join(ledger, gone, 1, 1, 0);
        struct attempt alone = kit_send(ledger, worker, 0);

        if (takes) {
            assert_true(ledger_taken(ledger, worker, alone, 0));
            ledger_worker_leaving(ledger, worker);
        }
        ledger_worker_left(ledger, worker, 0);
        kit_sound(ledger);
        assert_null(ledger_next_settled(ledger, &settled));
        assert_int_equal(kit_counts(ledger).ready, 1);
    }
}

static void when_it_comes_back_it_waits_to_run_alone_again(void **state)
{
    static const enum return_reason reasons[] = {RETURN_FULL, RETURN_LEAVING, RETURN_CRASHED};
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 2, 4, 0);

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        kit_return(ledger, worker, kit_send(ledger, worker, 0), reasons[i], 4, 0);
        kit_plan(ledger, 10 + i, 10 + i);
        assert_true(kit_none_to_push(ledger, 0));
    }
    assert_int_equal(kit_return(ledger, worker, kit_send(ledger, worker, 0), RETURN_CRASHED, 4, 0),
                     RETURNED_SETTLE);
    kit_push(ledger, 0);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, open_ledger, close_ledger)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(after_five_deaths_it_goes_to_a_worker_that_holds_nothing),
        PROMISE(a_worker_that_holds_something_does_not_get_it),
        PROMISE(nothing_is_pushed_while_it_waits_or_runs),
        cmocka_unit_test(it_waits_until_no_push_is_on_its_way),
        PROMISE(its_worker_gets_nothing_else_and_others_do),
        cmocka_unit_test(a_sixth_death_quarantines_it),
        PROMISE(a_worker_that_was_leaving_or_had_not_taken_it_is_no_sixth_death),
        PROMISE(when_it_comes_back_it_waits_to_run_alone_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
