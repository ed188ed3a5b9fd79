/*
 * The ledger's promises about jobs that come back: by which way they go out again, to whom, and
 * what counts against an image.
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

static void a_job_returned_for_want_of_room_is_pushed_before_those_never_tried(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 9, 0);

    kit_plan(ledger, 1, 3);
    struct attempt first = kit_push(ledger, 0);
    assert_int_equal(kit_return(ledger, worker, first, RETURN_FULL, 0, 1), RETURNED_RETRY);
    struct attempt again = kit_push(ledger, 2);
    assert_int_equal(again.job, first.job);
    assert_int_equal(again.attempt, 2);
    assert_int_equal(kit_counts(ledger).returns, 1);
    assert_int_equal(kit_counts(ledger).retries, 0);
}

static void after_every_third_return_for_want_of_room_it_goes_the_sure_way(void **state)
{
    struct ledger *ledger = *state;
    worker_index full = kit_join(ledger, 1, 1, 9, 0), roomy = kit_join(ledger, 2, 1, 9, 0);

    kit_plan(ledger, 1, 1);
    for (int returns = 0; returns < 9; returns++) {
        bool sure = returns > 0 && returns % 3 == 0;

        assert_int_equal(kit_none_to_push(ledger, 0), sure);
        assert_int_equal(kit_none_to_send(ledger, 0), !sure);
        if (sure)
            kit_return(ledger, roomy, kit_send(ledger, roomy, 0), RETURN_FULL, 9, 0);
        else
            kit_return(ledger, full, kit_push(ledger, 0), RETURN_FULL, 0, 0);
    }
    assert_int_equal(kit_counts(ledger).returns, 9);
}

static void a_retry_that_finds_no_room_stays_on_the_sure_way(void **state)
{
    struct ledger *ledger = *state;
    worker_index first = kit_join(ledger, 1, 1, 1, 0), second = kit_join(ledger, 2, 2, 1, 0);

    kit_plan(ledger, 1, 1);
    kit_return(ledger, first, kit_push(ledger, 0), RETURN_LEAVING, 1, 0);
    kit_return(ledger, first, kit_send(ledger, first, 0), RETURN_FULL, 0, 0);
    assert_true(kit_none_to_push(ledger, 0));
    kit_send(ledger, second, 0); // the first said that it is full
}

static void the_largest_free_share_of_slots_is_chosen(void **state)
{
    struct ledger *ledger = *state;
    worker_index small = kit_join(ledger, 1, 2, 4, 0), large = kit_join(ledger, 2, 8, 16, 0);

    kit_join(ledger, 3, 1, 0, 0);
    kit_plan(ledger, 1, 30);
    for (int i = 0; i < 9; i++)
        kit_take(ledger, large, 0); // 7 of 8 free
    kit_take(ledger, small, 0);     // 3 of 2
    for (int i = 0; i < 6; i++)
        kit_return(ledger, small, kit_push(ledger, 0), RETURN_LEAVING, 3, 0);
    kit_send(ledger, small, 0); // then 2 of 2
    kit_send(ledger, small, 0); // then 1 of 2
    kit_send(ledger, large, 0); // then 6 of 8
    kit_send(ledger, large, 0); // then 5 of 8
    kit_send(ledger, large, 0); // then 4 of 8
    kit_send(ledger, small, 0); // equal shares: the first
}

static void a_beat_gives_back_the_room_that_a_return_took(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 2, 0);

    kit_plan(ledger, 1, 2);
    kit_return(ledger, worker, kit_push(ledger, 0), RETURN_LEAVING, 0, 0);
    assert_true(kit_none_to_send(ledger, 0));
    kit_beat(ledger, worker, 2, NULL, 0, false, 1);
    kit_send(ledger, worker, 1);
}

/* Each reason once, and what it means. */
static void every_reason_has_its_action(void **state)
{
    static const struct {
        enum return_reason reason;
        enum returned_action once, twice;
        uint32_t well; // of two workers, afterwards
    } cases[] = {
        {RETURN_FULL, RETURNED_RETRY, RETURNED_RETRY, 2},
        {RETURN_LEAVING, RETURNED_RETRY, RETURNED_RETRY, 2},
        {RETURN_TROUBLE, RETURNED_RETRY, RETURNED_RETRY, 1},
        {RETURN_CRASHED, RETURNED_RETRY, RETURNED_SETTLE, 2},
        {RETURN_OVERRAN, RETURNED_RETRY, RETURNED_SETTLE, 2},
        {RETURN_MISSING, RETURNED_LOOK, RETURNED_LOOK, 2},
    };

    (void)state;
    _Static_assert(sizeof cases / sizeof *cases == RETURN_REASONS, "a reason is not tested");
    for (size_t i = 0; i < RETURN_REASONS; i++) {
        struct ledger *ledger = kit_open();
        worker_index worker = kit_join(ledger, 1, 1, 2, 0), to = NO_WORKER;

        kit_join(ledger, 2, 1, 2, 0);
        kit_plan(ledger, 1, 1);
        assert_int_equal(
            kit_return(ledger, worker, kit_take(ledger, worker, 0), cases[i].reason, 2, 0),
            cases[i].once);
        assert_int_equal(kit_counts(ledger).workers_well, cases[i].well);
        ledger_retry(ledger, 1, 0);
        const struct job *job = ledger_next_sure(ledger, 0, &to);
        if (job != NULL) {
            struct attempt attempt = {job->id, job->attempt};

            ledger_sent(ledger, attempt.job, to, 0);
            assert_int_equal(kit_return(ledger, to, attempt, cases[i].reason, 2, 0),
                             cases[i].twice);
        } else {
            assert_int_equal(cases[i].reason, RETURN_FULL);
        }
        ledger_close(&ledger);
    }
}

static void a_death_and_an_overrun_together_settle_a_job(void **state)
{
    struct ledger *ledger = *state;
    worker_index one = kit_join(ledger, 1, 1, 1, 0), two = kit_join(ledger, 2, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    assert_int_equal(kit_return(ledger, one, kit_take(ledger, one, 0), RETURN_OVERRAN, 1, 0),
                     RETURNED_RETRY);
    assert_int_equal(kit_return(ledger, two, kit_send(ledger, two, 0), RETURN_CRASHED, 1, 0),
                     RETURNED_SETTLE);
    assert_int_equal(kit_counts(ledger).settling, 1);
    assert_true(kit_none_to_push(ledger, 0) && kit_none_to_send(ledger, 0));
    assert_true(ledger_recorded(ledger, 1));
    assert_true(ledger_is_settled(ledger));
}

static void machine_troubles_never_count_against_an_image(void **state)
{
    static const enum return_reason reasons[] = {RETURN_FULL, RETURN_LEAVING, RETURN_TROUBLE};
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 2, 0), to;

    kit_plan(ledger, 1, 1);
    for (int i = 0; i < 100; i++) {
        const struct job *job = ledger_next_push(ledger, 0);

        ledger_worker_capacity(ledger, worker, 2);
        if (job == NULL)
            job = ledger_next_sure(ledger, 0, &to);
        assert_non_null(job);
        struct attempt attempt = {job->id, job->attempt};
        ledger_pushed(ledger, attempt.job, 0);
        ledger_sent(ledger, attempt.job, worker, 0);
        assert_int_equal(kit_return(ledger, worker, attempt, reasons[i % 3], 2, 0), RETURNED_RETRY);
    }
}

static void a_worker_in_trouble_gets_nothing_until_it_is_well(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 2, 0);

    kit_plan(ledger, 1, 2);
    kit_return(ledger, worker, kit_push(ledger, 0), RETURN_TROUBLE, 2, 0);
    assert_true(kit_none_to_push(ledger, 0) && kit_none_to_send(ledger, 0));
    kit_beat(ledger, worker, 2, NULL, 0, false, 1);
    kit_send(ledger, worker, 1);
    kit_push(ledger, 1);
}

static void a_crashed_job_goes_to_another_worker_if_there_is_one(void **state)
{
    struct ledger *ledger = *state;
    worker_index died = kit_join(ledger, 1, 4, 8, 0), other = kit_join(ledger, 2, 1, 1, 0);

    kit_plan(ledger, 1, 2);
    struct attempt busy = kit_take(ledger, other, 0);
    kit_return(ledger, died, kit_take(ledger, died, 0), RETURN_CRASHED, 8, 0);
    assert_true(kit_none_to_send(ledger, 0)); // the other one is full: it waits
    ledger_done(ledger, other, busy, 1);
    kit_send(ledger, other, 1);
}

static void a_crashed_job_goes_to_the_same_worker_if_it_is_the_only_one(void **state)
{
    struct ledger *ledger = *state;
    worker_index died = kit_join(ledger, 1, 4, 8, 0), other = kit_join(ledger, 2, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    kit_return(ledger, died, kit_take(ledger, died, 0), RETURN_CRASHED, 8, 0);
    ledger_worker_left(ledger, other, 0);
    kit_send(ledger, died, 0);
}

static void a_crashed_job_that_waits_keeps_no_other_waiting(void **state)
{
    struct ledger *ledger = *state;
    worker_index died = kit_join(ledger, 1, 4, 8, 0), other = kit_join(ledger, 2, 1, 1, 0);

    kit_plan(ledger, 1, 3);
    kit_take(ledger, other, 0);
    kit_return(ledger, died, kit_take(ledger, died, 0), RETURN_CRASHED, 8, 0);
    struct attempt handed_back = kit_push(ledger, 0);
    kit_return(ledger, other, handed_back, RETURN_LEAVING, 0, 0);
    assert_int_equal(kit_send(ledger, died, 0).job, handed_back.job);
}

static void a_missing_file_is_looked_for_and_then_tried_elsewhere(void **state)
{
    struct ledger *ledger = *state;
    worker_index blind = kit_join(ledger, 1, 4, 8, 0), other = kit_join(ledger, 2, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    assert_int_equal(kit_return(ledger, blind, kit_take(ledger, blind, 0), RETURN_MISSING, 8, 0),
                     RETURNED_LOOK);
    assert_true(kit_none_to_push(ledger, 0) && kit_none_to_send(ledger, 0));
    assert_int_equal(kit_counts(ledger).settling, 1);
    ledger_retry(ledger, 1, 0);
    assert_int_equal(kit_counts(ledger).retries, 1);
    kit_send(ledger, other, 0);
}

static void a_missing_file_may_end_the_job(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    kit_return(ledger, worker, kit_take(ledger, worker, 0), RETURN_MISSING, 1, 0);
    ledger_settle(ledger, 1);
    ledger_retry(ledger, 1, 0); // too late
    assert_int_equal(kit_counts(ledger).settling, 1);
    assert_true(kit_none_to_send(ledger, 0));
}

static void done_may_be_said_without_taken(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 1, 0);

    kit_plan(ledger, 1, 1);
    ledger_done(ledger, worker, kit_push(ledger, 0), 0);
    assert_int_equal(kit_counts(ledger).done, 1);
    kit_sound(ledger);
}

static void a_late_result_of_another_attempt_counts(void **state)
{
    struct ledger *ledger = *state;
    worker_index worker = kit_join(ledger, 1, 1, 2, 0);

    kit_plan(ledger, 1, 1);
    struct attempt first = kit_take(ledger, worker, 0);
    kit_beat(ledger, worker, 2, NULL, 0, false, 1);
    kit_send(ledger, worker, 1);
    assert_false(ledger_taken(ledger, worker, first, 1));
    assert_true(ledger_recorded(ledger, 1));
    assert_true(ledger_is_settled(ledger));
    kit_sound(ledger);
}

static void attempts_that_are_not_its_own_are_told_to_a_worker(void **state)
{
    struct ledger *ledger = *state;
    worker_index one = kit_join(ledger, 1, 1, 4, 0), two = kit_join(ledger, 2, 1, 4, 0);
    static struct attempts listed, strays;

    kit_plan(ledger, 1, 4);
    listed.list[0] = kit_take(ledger, one, 0);
    listed.list[1] = kit_take(ledger, two, 0);
    listed.list[2] = kit_push(ledger, 0);
    listed.list[3] = kit_do(ledger, one, 0);
    listed.list[4] = (struct attempt){55, 1};
    listed.count = 5;
    ledger_strays(ledger, one, &listed, &strays);
    assert_int_equal(strays.count, 2);
    assert_int_equal(strays.list[0].job, listed.list[1].job);
    assert_int_equal(strays.list[1].job, 55);
}

#define PROMISE(name) cmocka_unit_test_setup_teardown(name, open_ledger, close_ledger)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_job_returned_for_want_of_room_is_pushed_before_those_never_tried),
        PROMISE(after_every_third_return_for_want_of_room_it_goes_the_sure_way),
        PROMISE(a_retry_that_finds_no_room_stays_on_the_sure_way),
        PROMISE(the_largest_free_share_of_slots_is_chosen),
        PROMISE(a_beat_gives_back_the_room_that_a_return_took),
        PROMISE(every_reason_has_its_action),
        PROMISE(a_death_and_an_overrun_together_settle_a_job),
        PROMISE(machine_troubles_never_count_against_an_image),
        PROMISE(a_worker_in_trouble_gets_nothing_until_it_is_well),
        PROMISE(a_crashed_job_goes_to_another_worker_if_there_is_one),
        PROMISE(a_crashed_job_goes_to_the_same_worker_if_it_is_the_only_one),
        PROMISE(a_crashed_job_that_waits_keeps_no_other_waiting),
        PROMISE(a_missing_file_is_looked_for_and_then_tried_elsewhere),
        PROMISE(a_missing_file_may_end_the_job),
        PROMISE(done_may_be_said_without_taken),
        PROMISE(a_late_result_of_another_attempt_counts),
        PROMISE(attempts_that_are_not_its_own_are_told_to_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
