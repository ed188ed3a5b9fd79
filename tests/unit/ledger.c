/*
 * The ledger's promises: which jobs go out, how many at once, and whose word counts.
 * The other tests/unit/ledger_*.c go on.
 */

#include "tests/support/ledger_kit.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static int open_ledger(void **state)
{
    *state = kit_open();
    return 0;
}

static int close_ledger(void **state)
{
    ledger_close((struct ledger **)state);
    return *state != NULL;
}

static void closing_nothing_does_nothing(void **state)
{
    struct ledger *none = NULL;

    (void)state;
    ledger_close(&none);
    assert_null(none);
}

static void a_job_goes_out_comes_back_and_is_forgotten(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 7, 1, 2, 0);

    assert_true(ledger_is_settled(ledger));
    kit_plan(ledger, 1, 1);
    assert_false(ledger_is_settled(ledger));
    assert_int_equal(kit_counts(ledger).ready, 1);
    struct attempt attempt = kit_push(ledger, 1);
    assert_int_equal(attempt.attempt, 1);
    assert_int_equal(kit_counts(ledger).pushed, 1);
    assert_true(ledger_taken(ledger, worker, attempt, 2));
    assert_int_equal(kit_counts(ledger).taken, 1);
    ledger_done(ledger, worker, attempt, 3);
    assert_int_equal(kit_counts(ledger).done, 1);
    assert_false(ledger_is_settled(ledger));
    assert_string_equal(ledger_job(ledger, 1)->path, "a/b.jpg");
    assert_true(ledger_recorded(ledger, 1));
    assert_null(ledger_job(ledger, 1));
    assert_true(ledger_is_settled(ledger));
    assert_int_equal(kit_counts(ledger).recorded, 1);
}

static void what_is_recorded_twice_counts_once(void **state)
{
    struct ledger *ledger = *state;

    kit_plan(ledger, 1, 2);
    assert_true(ledger_recorded(ledger, 1));
    assert_false(ledger_recorded(ledger, 1));
    assert_false(ledger_recorded(ledger, 99));
    assert_int_equal(kit_counts(ledger).recorded, 1);
    kit_sound(ledger);
}

static void an_id_is_planned_once(void **state)
{
    struct ledger *ledger = *state;
    struct job again = {.id = 1};

    kit_plan(ledger, 1, 1);
    assert_true(job_set_path(&again, "x", 1));
    assert_int_equal(ledger_plan(ledger, &again), STATUS_MALFORMED);
    assert_non_null(again.path);
    job_clear(&again);
    assert_int_equal(kit_counts(ledger).planned, 1);
}

static void any_number_of_jobs_may_wait(void **state)
{
    struct ledger *ledger = *state;

    kit_plan(ledger, 1, 5000);
    for (uint64_t id = 1; id <= 5000; id += 2)
        assert_true(ledger_recorded(ledger, id));
    kit_plan(ledger, 5001, 9000);
    for (uint64_t id = 2; id <= 5000; id += 2)
        assert_int_equal(ledger_job(ledger, id)->size, id);
    kit_sound(ledger);
}

static void nothing_is_given_out_without_a_well_worker(void **state)
{
    struct ledger *ledger = *state;

    kit_plan(ledger, 1, 1);
    assert_true(kit_none_to_push(ledger, 0));
    worker_index worker = kit_join(ledger, 7, 1, 0, 0);
    assert_true(kit_none_to_push(ledger, 0));
    ledger_worker_capacity(ledger, worker, 1);
    assert_false(kit_none_to_push(ledger, 0));
}

static void the_window_is_the_capacity_of_those_who_are_well_and_stay(void **state)
{
    struct ledger *ledger = *state;
    worker_index one = kit_join(ledger, 1, 2, 4, 0), two = kit_join(ledger, 2, 1, 2, 0);
    struct attempt first;

    kit_join(ledger, 3, 8, 0, 0);
    kit_plan(ledger, 1, 6);
    assert_int_equal(kit_counts(ledger).capacity, 6);
    first = kit_push(ledger, 0);
    for (int i = 1; i < 6; i++)
        assert_true(ledger_taken(ledger, i < 4 ? one : two, kit_push(ledger, 0), 0));
    assert_true(kit_none_to_push(ledger, 0));
    assert_false(ledger_window_is_open(ledger));
    assert_true(ledger_taken(ledger, one, first, 0));
    assert_true(kit_none_to_push(ledger, 0));
    ledger_done(ledger, one, first, 0);
    assert_true(ledger_window_is_open(ledger));
    kit_plan(ledger, 7, 7);
    assert_false(ledger_window_is_open(ledger)); // the free place is that one's
    kit_push(ledger, 0);
    assert_true(kit_none_to_push(ledger, 0));
}

static void what_a_worker_in_trouble_holds_takes_no_place_from_the_others(void **state)
{
    struct ledger *ledger = *state;
    worker_index ill = kit_join(ledger, 1, 2, 2, 0);

    kit_join(ledger, 2, 2, 2, 0);
    kit_plan(ledger, 1, 9);
    kit_take(ledger, ill, 0);
    kit_take(ledger, ill, 0);
    ledger_worker_capacity(ledger, ill, 0);
    kit_push(ledger, 0);
    kit_push(ledger, 0);
    assert_true(kit_none_to_push(ledger, 0));
}

static void pushing_stops_when_too_much_is_done_and_not_recorded(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 2, 0);

    kit_plan(ledger, 1, DONE_MAX + 1);
    for (uint64_t i = 0; i < DONE_MAX; i++) {
        struct attempt attempt = {ledger_next_push(ledger, 0)->id, 1};

        ledger_pushed(ledger, attempt.job, 0);
        ledger_done(ledger, worker, attempt, 0);
    }
    assert_true(kit_none_to_push(ledger, 0));
    assert_true(ledger_recorded(ledger, DONE_MAX));
    assert_false(kit_none_to_push(ledger, 0));
    kit_sound(ledger);
}

/* What is said of attempts that are not live, or by others, changes nothing. */
static void only_a_live_attempt_of_its_own_worker_is_listened_to(void **state)
{
    struct ledger *ledger = *state;
    worker_index holder = kit_join(ledger, 1, 4, 8, 0), other = kit_join(ledger, 2, 4, 8, 0);
    struct attempt held;

    kit_plan(ledger, 1, 2);
    held = kit_take(ledger, holder, 0);
    const struct {
        worker_index worker;
        struct attempt attempt;
    } cases[] = {
        {other, held},           {holder, {held.job, held.attempt + 1}},
        {holder, {held.job, 0}}, {holder, {2, 1}}, // READY
        {holder, {77, 1}},       {5, held},
        {NO_WORKER, held},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_false(ledger_taken(ledger, cases[i].worker, cases[i].attempt, 1));
        ledger_done(ledger, cases[i].worker, cases[i].attempt, 1);
        assert_int_equal(
            kit_return(ledger, cases[i].worker, cases[i].attempt, RETURN_CRASHED, 0, 1),
            RETURNED_IGNORED);
        assert_int_equal(kit_counts(ledger).taken, 1);
        assert_int_equal(kit_counts(ledger).ready, 1);
    }
    assert_true(ledger_taken(ledger, holder, held, 1)); // said twice
}

static void a_worker_holds_no_more_than_its_beats_can_list(void **state)
{
    struct ledger *ledger = *state;
    worker_index greedy = kit_join(ledger, 1, 1, UINT32_MAX, 0);

    assert_int_equal(kit_counts(ledger).capacity, ATTEMPTS_MAX);
    kit_join(ledger, 2, 1, 1, 0);
    kit_plan(ledger, 1, ATTEMPTS_MAX + 1);
    for (uint32_t i = 0; i < ATTEMPTS_MAX; i++)
        assert_true(ledger_taken(ledger, greedy, kit_push(ledger, 0), 0));
    assert_false(ledger_taken(ledger, greedy, kit_push(ledger, 0), 0));
    assert_int_equal(kit_counts(ledger).pushed, 1);
}

static void a_draining_ledger_gives_out_nothing_and_awaits_what_is_out(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 2, 4, 0);

    kit_plan(ledger, 1, 4);
    struct attempt done = kit_take(ledger, worker, 0), back = kit_take(ledger, worker, 0);
    ledger_drain(ledger);
    assert_true(kit_none_to_push(ledger, 0));
    kit_return(ledger, worker, back, RETURN_LEAVING, 0, 0);
    assert_true(kit_none_to_send(ledger, 0));
    assert_false(ledger_is_settled(ledger));
    ledger_done(ledger, worker, done, 0);
    assert_false(ledger_is_settled(ledger));
    assert_true(ledger_recorded(ledger, done.job));
    assert_true(ledger_is_settled(ledger));
    assert_int_equal(kit_counts(ledger).ready, 3);
}

static void a_job_may_end_without_a_worker(void **state)
{
    struct ledger *ledger = *state;

    kit_join(ledger, 1, 1, 1, 0);
    kit_plan(ledger, 1, 1);
    ledger_settle(ledger, 1);
    ledger_settle(ledger, 99);
    assert_true(kit_none_to_push(ledger, 0));
    assert_int_equal(kit_counts(ledger).settling, 1);
    assert_false(ledger_is_settled(ledger));
    assert_true(ledger_recorded(ledger, 1));
    assert_true(ledger_is_settled(ledger));
}

static void a_worker_that_joins_twice_is_one_worker(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 1, 0);

    assert_int_equal(kit_join(ledger, 1, 4, 8, 1), worker);
    assert_int_equal(kit_counts(ledger).workers, 1);
    assert_int_equal(kit_counts(ledger).capacity, 8);
}

static void so_many_workers_are_known_and_no_more(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = NO_WORKER;
    struct ledger_worker seen;

    for (uint64_t incarnation = 1; incarnation <= WORKERS_MAX; incarnation++)
        assert_int_equal(ledger_worker_joined(ledger, incarnation, 1, 2, 0, &worker), STATUS_OK);
    kit_sound(ledger);
    assert_int_equal(ledger_worker_joined(ledger, WORKERS_MAX + 1, 1, 2, 0, &worker), STATUS_AGAIN);
    worker = ledger_worker_find(ledger, 100);
    ledger_worker_left(ledger, worker, 0);
    assert_false(ledger_worker_at(ledger, worker, &seen));
    assert_int_equal(ledger_worker_find(ledger, 100), NO_WORKER);
    assert_int_equal(kit_join(ledger, WORKERS_MAX + 1, 3, 6, 0), worker);
    assert_true(ledger_worker_at(ledger, worker, &seen));
    assert_int_equal(seen.incarnation, WORKERS_MAX + 1);
    assert_int_equal(seen.slots, 3);
    assert_int_equal(seen.capacity, 6);
}

static void what_a_worker_has_is_told(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 2, 4, 5);
    struct ledger_worker seen;
    struct attempt held[2];

    kit_plan(ledger, 1, 3);
    kit_do(ledger, worker, 5);
    held[0] = kit_take(ledger, worker, 5);
    held[1] = kit_take(ledger, worker, 5);
    kit_beat(ledger, worker, 4, held, 1, true, 6);
    assert_true(ledger_worker_at(ledger, worker, &seen));
    assert_int_equal(seen.held, 1);
    assert_int_equal(seen.running, 1);
    assert_int_equal(seen.images, 1);
    assert_int_equal(seen.heard, 6);
    assert_false(seen.leaving);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, open_ledger, close_ledger)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(closing_nothing_does_nothing),
        PROMISE(a_job_goes_out_comes_back_and_is_forgotten),
        PROMISE(what_is_recorded_twice_counts_once),
        PROMISE(an_id_is_planned_once),
        PROMISE(any_number_of_jobs_may_wait),
        PROMISE(nothing_is_given_out_without_a_well_worker),
        PROMISE(the_window_is_the_capacity_of_those_who_are_well_and_stay),
        PROMISE(what_a_worker_in_trouble_holds_takes_no_place_from_the_others),
        PROMISE(pushing_stops_when_too_much_is_done_and_not_recorded),
        PROMISE(only_a_live_attempt_of_its_own_worker_is_listened_to),
        PROMISE(a_worker_holds_no_more_than_its_beats_can_list),
        PROMISE(a_draining_ledger_gives_out_nothing_and_awaits_what_is_out),
        PROMISE(a_job_may_end_without_a_worker),
        PROMISE(a_worker_that_joins_twice_is_one_worker),
        PROMISE(so_many_workers_are_known_and_no_more),
        PROMISE(what_a_worker_has_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
