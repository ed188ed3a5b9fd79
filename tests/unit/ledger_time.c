/*
 * The ledger's promises about time: what is not TAKEN, workers that leave or fall silent, results
 * that never arrive.
 */

#include "tests/support/ledger_kit.h"

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

static void a_job_not_taken_in_time_goes_the_sure_way(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    struct attempt lost = kit_push(ledger, 10);
    assert_int_equal(ledger_next_deadline(ledger), 10 + TAKEN_DEADLINE_MIN);
    kit_expire(ledger, 10 + TAKEN_DEADLINE_MIN - 1);
    assert_int_equal(kit_counts(ledger).pushed, 1);
    kit_expire(ledger, 10 + TAKEN_DEADLINE_MIN);
    assert_true(kit_none_to_push(ledger, 10 + TAKEN_DEADLINE_MIN));
    struct attempt sent = kit_send(ledger, worker, 10 + TAKEN_DEADLINE_MIN);
    assert_int_equal(sent.attempt, lost.attempt + 1);
    assert_false(ledger_taken(ledger, worker, lost, 10 + TAKEN_DEADLINE_MIN));
    assert_true(ledger_taken(ledger, worker, sent, 10 + TAKEN_DEADLINE_MIN));
    assert_int_equal(kit_counts(ledger).retries, 1);
}

/* The time for TAKEN follows the slowest line, from 250 ms to a lease. */
static void slow_lines_are_given_more_time(void **state)
{
    struct ledger *ledger = *state;
    worker_index near = kit_join(ledger, 1, 1, 1, 0), far = kit_join(ledger, 2, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    kit_push(ledger, 0);
    ledger_worker_round_trip(ledger, near, 1000);
    assert_int_equal(ledger_next_deadline(ledger), TAKEN_DEADLINE_MIN);
    ledger_worker_round_trip(ledger, far, 200 * US_PER_MS);
    assert_int_equal(ledger_next_deadline(ledger), 800 * US_PER_MS);
    ledger_worker_round_trip(ledger, near, 300 * US_PER_MS);
    assert_int_equal(ledger_next_deadline(ledger), 1200 * US_PER_MS);
    ledger_worker_round_trip(ledger, near, 1000);
    assert_int_equal(ledger_next_deadline(ledger), 800 * US_PER_MS);
    ledger_worker_round_trip(ledger, far, INT64_MAX);
    assert_int_equal(ledger_next_deadline(ledger), LEASE);
    ledger_worker_round_trip(ledger, far, -1);
    ledger_worker_left(ledger, far, 0);
    assert_int_equal(ledger_next_deadline(ledger), TAKEN_DEADLINE_MIN);
}

static void a_sent_job_not_taken_in_time_goes_to_another_worker(void **state)
{
    struct ledger *ledger = *state;
    worker_index mute = kit_join(ledger, 1, 9, 9, 0), other = kit_join(ledger, 2, 9, 8, 0);
    usec due = TAKEN_DEADLINE_MIN;

    kit_plan(ledger, 1, 2);
    kit_return(ledger, other, kit_push(ledger, 0), RETURN_LEAVING, 8, 0);
    kit_send(ledger, mute, 0);
    kit_expire(ledger, due);
    kit_send(ledger, other, due);
    kit_expire(ledger, 2 * due);
    assert_true(kit_none_to_send(ledger, 2 * due)); // neither answers
    kit_beat(ledger, mute, 9, NULL, 0, false, 2 * due);
    kit_send(ledger, mute, 2 * due);
}

static void a_beat_renews_the_lease(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    struct attempt held = kit_take(ledger, worker, 0);
    for (usec now = LEASE - 1; now < 10 * LEASE; now += LEASE - 1) {
        kit_beat(ledger, worker, 1, &held, 1, true, now);
        assert_int_equal(kit_expire(ledger, now), 0);
        assert_int_equal(kit_counts(ledger).taken, 1);
    }
}

static void a_hello_said_again_renews_the_lease(void **state)
{
    struct ledger *ledger = *state;

    kit_join(ledger, 1, 1, 1, 0);
    kit_join(ledger, 2, 1, 1, 1);
    kit_join(ledger, 1, 1, 1, 2);
    assert_int_equal(ledger_next_deadline(ledger), LEASE + 1);
    assert_int_equal(kit_expire(ledger, LEASE + 1), 1);
    assert_int_not_equal(ledger_worker_find(ledger, 1), NO_WORKER);
}

static void a_silent_worker_is_gone_and_its_jobs_go_to_others(void **state)
{
    struct ledger *ledger = *state;
    worker_index silent = kit_join(ledger, 1, 2, 2, 0), other = kit_join(ledger, 2, 2, 2, 1);

    kit_plan(ledger, 1, 3);
    kit_take(ledger, silent, 1);
    kit_take(ledger, silent, 1);
    kit_take(ledger, other, 1);
    assert_int_equal(ledger_next_deadline(ledger), LEASE);
    assert_int_equal(kit_expire(ledger, LEASE - 1), 0);
    assert_int_equal(kit_expire(ledger, LEASE), 1);
    assert_int_equal(kit_counts(ledger).ready, 2);
    assert_int_equal(kit_counts(ledger).workers, 1);
    kit_send(ledger, other, LEASE);
    assert_true(kit_none_to_send(ledger, LEASE)); // it is full
}

static void what_a_beat_does_not_list_is_done_again(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 4, 0);

    kit_plan(ledger, 1, 4);
    struct attempt held[] = {kit_take(ledger, worker, 0), kit_take(ledger, worker, 0),
                             kit_push(ledger, 0)};
    kit_beat(ledger, worker, 4, held + 1, 2, false, 1); // the TAKEN of the last one got lost
    assert_int_equal(kit_counts(ledger).taken, 2);
    assert_int_equal(kit_counts(ledger).ready, 2);
    assert_int_equal(kit_send(ledger, worker, 1).job, held[0].job);
    kit_beat(ledger, worker, 4, held + 1, 2, false, 2); // what was SENT may be on its way
    assert_int_equal(kit_counts(ledger).sent, 1);
}

static void deaths_of_workers_that_did_not_run_it_or_were_leaving_do_not_count(void **state)
{
    struct ledger *ledger = *state;

    kit_plan(ledger, 1, 1);
    for (uint64_t death = 1; death <= 20; death++) {
        bool leaving = death % 2 == 0;
        worker_index worker = kit_join(ledger, death, 1, 1, 0);
        struct attempt held = death == 1 ? kit_push(ledger, 0) : kit_send(ledger, worker, 0);

        assert_true(ledger_taken(ledger, worker, held, 0));
        kit_beat(ledger, worker, 1, &held, 1, leaving, 0);
        if (leaving)
            ledger_worker_leaving(ledger, worker);
        ledger_worker_left(ledger, worker, 0);
        assert_int_equal(kit_counts(ledger).ready, 1);
    }
}

static void while_one_is_leaving_nothing_is_pushed_until_nothing_is_on_its_way(void **state)
{
    struct ledger *ledger = *state;
    worker_index goes = kit_join(ledger, 1, 2, 4, 0), stays = kit_join(ledger, 2, 2, 4, 0);

    kit_plan(ledger, 1, 9);
    struct attempt held = kit_take(ledger, goes, 0);
    struct attempt on_its_way[] = {kit_push(ledger, 0), kit_push(ledger, 0)};
    assert_false(ledger_worker_may_go(ledger, goes));
    ledger_worker_leaving(ledger, goes);
    assert_true(kit_none_to_push(ledger, 0));
    assert_int_equal(kit_counts(ledger).capacity, 4);
    kit_return(ledger, goes, on_its_way[0], RETURN_LEAVING, 0, 0);
    assert_false(ledger_worker_may_go(ledger, goes));
    kit_send(ledger, stays, 0); // the sure way stays open
    assert_true(ledger_taken(ledger, stays, on_its_way[1], 0));
    assert_true(ledger_worker_may_go(ledger, goes));
    assert_false(ledger_worker_may_go(ledger, stays));
    kit_push(ledger, 0);
    kit_push(ledger, 0);
    assert_true(kit_none_to_push(ledger, 0)); // the window is that of the one who stays
    ledger_done(ledger, goes, held, 0);
    assert_true(ledger_worker_may_go(ledger, goes));
    ledger_worker_left(ledger, goes, 0);
    assert_false(ledger_worker_may_go(ledger, goes));
    assert_int_equal(kit_counts(ledger).done, 1);
}

static void a_leaving_worker_may_not_go_while_a_job_was_sent_to_it(void **state)
{
    struct ledger *ledger = *state;
    worker_index goes = kit_join(ledger, 1, 1, 4, 0);

    kit_plan(ledger, 1, 1);
    kit_return(ledger, goes, kit_push(ledger, 0), RETURN_LEAVING, 4, 0);
    struct attempt sent = kit_send(ledger, goes, 0);
    ledger_worker_leaving(ledger, goes);
    assert_false(ledger_worker_may_go(ledger, goes));
    kit_return(ledger, goes, sent, RETURN_LEAVING, 4, 0);
    assert_true(ledger_worker_may_go(ledger, goes));
    assert_true(kit_none_to_send(ledger, 0));
}

static void pushes_that_got_lost_delay_a_leave_no_longer_than_their_deadline(void **state)
{
    struct ledger *ledger = *state;
    worker_index goes = kit_join(ledger, 1, 1, 4, 0);

    kit_plan(ledger, 1, 1);
    kit_push(ledger, 0);
    ledger_worker_leaving(ledger, goes);
    kit_expire(ledger, TAKEN_DEADLINE_MIN);
    assert_true(ledger_worker_may_go(ledger, goes));
}

static void a_result_overtaken_by_a_later_one_is_made_again(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 9, 0), other = kit_join(ledger, 2, 1, 1, 0);

    kit_plan(ledger, 1, 5);
    struct attempt lost = kit_do(ledger, worker, 0), late = kit_do(ledger, worker, 0);
    struct attempt elsewhere = kit_do(ledger, other, 0), recorded = kit_do(ledger, worker, 0);
    struct attempt later = kit_do(ledger, worker, 0);
    assert_true(ledger_recorded(ledger, recorded.job));
    kit_sound(ledger);
    assert_int_equal(kit_counts(ledger).done, 4);
    assert_true(ledger_recorded(ledger, late.job)); // of the same commit
    usec due = ledger_next_deadline(ledger);
    kit_expire(ledger, due - 1);
    assert_int_equal(kit_counts(ledger).done, 3);
    kit_expire(ledger, due);
    assert_int_equal(kit_counts(ledger).done, 2);
    assert_int_equal(kit_send(ledger, worker, due).job, lost.job);
    assert_non_null(ledger_job(ledger, elsewhere.job));
    assert_non_null(ledger_job(ledger, later.job));
}

static void a_result_that_another_attempt_may_have_made_overtakes_nothing(void **state)
{
    struct ledger *ledger = *state;
    worker_index slow = kit_join(ledger, 1, 1, 1, 0), quick = kit_join(ledger, 2, 2, 4, 0);

    kit_plan(ledger, 1, 2);
    kit_take(ledger, slow, 0);
    ledger_worker_left(ledger, slow, 0);
    kit_do(ledger, quick, 0);
    struct attempt again = kit_send(ledger, quick, 0);
    ledger_done(ledger, quick, again, 0);
    assert_true(ledger_recorded(ledger, again.job)); // perhaps the result of the slow one
    kit_expire(ledger, 2 * US_PER_S);
    assert_int_equal(kit_counts(ledger).done, 1);
}

static void what_an_idle_sink_has_not_recorded_is_made_again(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 9, 0);

    kit_plan(ledger, 1, 2);
    struct attempt early = kit_do(ledger, worker, 0);
    kit_do(ledger, worker, 1);
    ledger_worker_left(ledger, worker, 1);
    worker = kit_join(ledger, 2, 1, 9, 2);
    ledger_sink_idle(ledger, SINK_IDLE - 1);
    assert_int_equal(kit_counts(ledger).done, 2);
    ledger_sink_idle(ledger, SINK_IDLE);
    assert_int_equal(kit_counts(ledger).done, 1);
    assert_int_equal(kit_send(ledger, worker, SINK_IDLE).job, early.job);
}

static void a_job_whose_results_are_lost_three_times_is_unrecordable(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 1, 0);
    enum image_state settled = IMAGE_PENDING;
    usec now = 0;

    kit_plan(ledger, 1, 1);
    struct attempt attempt = kit_push(ledger, now);
    for (int lost = 1; lost <= 3; lost++) {
        ledger_done(ledger, worker, attempt, now);
        assert_null(ledger_next_settled(ledger, &settled));
        now += SINK_IDLE;
        ledger_sink_idle(ledger, now);
        if (lost < 3)
            attempt = kit_send(ledger, worker, now);
    }
    assert_int_equal(ledger_next_settled(ledger, &settled)->id, 1);
    assert_int_equal(settled, IMAGE_FAILED);
    kit_sound(ledger);
}

static void nothing_to_wait_for_means_no_deadline(void **state)
{
    struct ledger *ledger = *state;

    assert_int_equal(ledger_next_deadline(ledger), INT64_MAX);
    kit_plan(ledger, 1, 1);
    assert_int_equal(ledger_next_deadline(ledger), INT64_MAX);
    assert_int_equal(kit_expire(ledger, INT64_MAX / 2), 0);
}

static void those_gone_are_named_again_until_they_left(void **state)
{
    struct ledger *ledger = *state;
    worker_index gone[3];

    for (uint64_t incarnation = 1; incarnation <= 3; incarnation++)
        kit_join(ledger, incarnation, 1, 1, (usec)incarnation);
    assert_int_equal(ledger_expire(ledger, LEASE + 2, gone, 1), 1);
    assert_int_equal(ledger_expire(ledger, LEASE + 2, gone, 3), 2);
    ledger_worker_left(ledger, gone[0], LEASE + 2);
    ledger_worker_left(ledger, gone[0], LEASE + 2); // said twice
    assert_int_equal(ledger_expire(ledger, LEASE + 2, gone, 3), 1);
    kit_sound(ledger);
}

static void after_a_stuck_push_one_at_a_time_finds_out_and_the_rest_goes_the_sure_way(void **state)
{
    struct ledger *ledger = *state;
    const usec later = TAKEN_DEADLINE_MIN;
    worker_index worker = kit_join(ledger, 1, 2, 8, 0);

    kit_plan(ledger, 1, 8);
    struct attempt stuck = kit_push(ledger, 0);
    (void)ledger_expire(ledger, later, NULL, 0);
    for (int probes = 2; probes > 0; probes--) { // two for each worker
        struct attempt probe = kit_push(ledger, later);
        assert_true(kit_none_to_push(ledger, later));
        kit_send(ledger, worker, later);
        assert_true(ledger_taken(ledger, worker, probe, later));
    }
    assert_false(ledger_taken(ledger, worker, stuck, later));
    kit_push(ledger, later);
    kit_push(ledger, later);
    assert_true(kit_none_to_send(ledger, later));
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, open_ledger, close_ledger)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_job_not_taken_in_time_goes_the_sure_way),
        PROMISE(after_a_stuck_push_one_at_a_time_finds_out_and_the_rest_goes_the_sure_way),
        PROMISE(slow_lines_are_given_more_time),
        PROMISE(a_sent_job_not_taken_in_time_goes_to_another_worker),
        PROMISE(a_beat_renews_the_lease),
        PROMISE(a_hello_said_again_renews_the_lease),
        PROMISE(a_silent_worker_is_gone_and_its_jobs_go_to_others),
        PROMISE(what_a_beat_does_not_list_is_done_again),
        PROMISE(deaths_of_workers_that_did_not_run_it_or_were_leaving_do_not_count),
        PROMISE(while_one_is_leaving_nothing_is_pushed_until_nothing_is_on_its_way),
        PROMISE(a_leaving_worker_may_not_go_while_a_job_was_sent_to_it),
        PROMISE(pushes_that_got_lost_delay_a_leave_no_longer_than_their_deadline),
        PROMISE(a_result_overtaken_by_a_later_one_is_made_again),
        PROMISE(a_result_that_another_attempt_may_have_made_overtakes_nothing),
        PROMISE(what_an_idle_sink_has_not_recorded_is_made_again),
        PROMISE(a_job_whose_results_are_lost_three_times_is_unrecordable),
        PROMISE(nothing_to_wait_for_means_no_deadline),
        PROMISE(those_gone_are_named_again_until_they_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
