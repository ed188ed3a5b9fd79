/*
 * The ledger's promises about a job with two attempts: what becomes of the one when the other ends.
 */

#include "tests/support/ledger_pair.h"

static void assert_cancelled(struct pair *pair, worker_index expected, struct attempt attempt)
{
    worker_index worker;
    struct attempt cancelled;

    assert_true(ledger_next_cancel(pair->ledger, &worker, &cancelled));
    kit_sound(pair->ledger);
    assert_int_equal(worker, expected);
    assert_int_equal(cancelled.job, attempt.job);
    assert_int_equal(cancelled.attempt, attempt.attempt);
}

static void assert_nothing_cancelled(struct pair *pair)
{
    worker_index worker;
    struct attempt cancelled;

    assert_false(ledger_next_cancel(pair->ledger, &worker, &cancelled));
}

static void whichever_is_done_first_wins_and_the_other_is_cancelled(void **state)
{
    (void)state;
    for (int first_wins = 0; first_wins <= 1; first_wins++) {
        struct pair pair;

        pair_open(&pair);
        struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
        assert_true(ledger_taken(pair.ledger, pair.other, backup, PAIR_LATE));
        assert_nothing_cancelled(&pair);
        if (first_wins)
            ledger_done(pair.ledger, pair.slow, pair.held, PAIR_LATE);
        else
            ledger_done(pair.ledger, pair.other, backup, PAIR_LATE);
        assert_cancelled(&pair, first_wins ? pair.other : pair.slow,
                         first_wins ? backup : pair.held);
        assert_nothing_cancelled(&pair);
        assert_int_equal(kit_counts(pair.ledger).done, 1);
        ledger_done(pair.ledger, pair.slow, pair.held, PAIR_LATE); // too late
        ledger_done(pair.ledger, pair.other, backup, PAIR_LATE);
        assert_int_equal(kit_counts(pair.ledger).done, 1);
        assert_true(ledger_recorded(pair.ledger, backup.job));
        assert_true(ledger_is_settled(pair.ledger));
        pair_close(&pair);
    }
}

static void what_is_recorded_is_cancelled_wherever_it_may_be(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
    assert_true(ledger_recorded(pair.ledger, backup.job));
    assert_cancelled(&pair, pair.slow, pair.held);
    assert_cancelled(&pair, pair.other, backup);
    assert_nothing_cancelled(&pair);
    assert_true(ledger_is_settled(pair.ledger));
    pair_close(&pair);
}

static void what_is_recorded_of_its_only_attempt_is_not_cancelled(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    assert_true(ledger_recorded(pair.ledger, pair.held.job)); // before its DONE
    assert_nothing_cancelled(&pair);
    pair_close(&pair);
}

static void a_late_result_cancels_the_attempt_that_came_after_it(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    ledger_worker_left(pair.ledger, pair.slow, PAIR_TAKEN_AT);
    struct attempt again = kit_send(pair.ledger, pair.other, PAIR_TAKEN_AT);
    assert_true(ledger_recorded(pair.ledger, again.job));
    assert_cancelled(&pair, pair.other, again);
    pair_close(&pair);
}

static void a_worker_that_left_is_not_told_to_cancel(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
    ledger_done(pair.ledger, pair.other, backup, PAIR_LATE);
    ledger_worker_left(pair.ledger, pair.slow, PAIR_LATE);
    kit_sound(pair.ledger);
    assert_nothing_cancelled(&pair);
    pair_close(&pair);
}

/* Whatever the reason, whichever of the two. */
static void a_return_of_one_attempt_leaves_the_job_to_the_other(void **state)
{
    (void)state;
    for (int reason = 0; reason < RETURN_REASONS; reason++) {
        for (int first_returns = 0; first_returns <= 1; first_returns++) {
            struct pair pair;

            pair_open(&pair);
            struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
            assert_true(ledger_taken(pair.ledger, pair.other, backup, PAIR_LATE));
            assert_int_equal(kit_return(pair.ledger, first_returns ? pair.slow : pair.other,
                                        first_returns ? pair.held : backup,
                                        (enum return_reason)reason, 1, PAIR_LATE),
                             RETURNED_RETRY);
            assert_int_equal(kit_counts(pair.ledger).taken, 1);
            assert_true(kit_none_to_send(pair.ledger, PAIR_LATE));
            ledger_done(pair.ledger, first_returns ? pair.other : pair.slow,
                        first_returns ? backup : pair.held, PAIR_LATE);
            assert_int_equal(kit_counts(pair.ledger).done, 1);
            assert_nothing_cancelled(&pair);
            pair_close(&pair);
        }
    }
}

static void two_deaths_settle_a_job_although_they_were_at_once(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
    kit_return(pair.ledger, pair.slow, pair.held, RETURN_CRASHED, 1, PAIR_LATE);
    assert_int_equal(kit_return(pair.ledger, pair.other, backup, RETURN_OVERRAN, 1, PAIR_LATE),
                     RETURNED_SETTLE);
    pair_close(&pair);
}

static void when_a_worker_is_lost_the_job_is_the_others(void **state)
{
    (void)state;
    for (int first_is_lost = 0; first_is_lost <= 1; first_is_lost++) {
        struct pair pair;

        pair_open(&pair);
        struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
        assert_true(ledger_taken(pair.ledger, pair.other, backup, PAIR_LATE));
        ledger_worker_left(pair.ledger, first_is_lost ? pair.slow : pair.other, PAIR_LATE);
        kit_sound(pair.ledger);
        assert_int_equal(kit_counts(pair.ledger).taken, 1);
        assert_int_equal(kit_counts(pair.ledger).retries, 0);
        ledger_worker_left(pair.ledger, first_is_lost ? pair.other : pair.slow, PAIR_LATE);
        assert_int_equal(kit_counts(pair.ledger).ready, 1); // now both are
        assert_int_equal(ledger_job(pair.ledger, backup.job)->size, 2);
        assert_true(ledger_job(pair.ledger, backup.job)->attempt > backup.attempt);
        assert_string_equal(ledger_job(pair.ledger, backup.job)->path, "a/b.jpg");
        pair_close(&pair);
    }
}

static void a_beat_that_does_not_list_an_attempt_ends_that_one(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
    kit_beat(pair.ledger, pair.other, 2, &backup, 1, true, PAIR_LATE);
    kit_beat(pair.ledger, pair.slow, 2, NULL, 0, false, PAIR_LATE);
    struct ledger_worker seen;
    assert_true(ledger_worker_at(pair.ledger, pair.other, &seen));
    assert_int_equal(seen.held, 1);
    assert_int_equal(seen.running, 1);
    assert_true(ledger_worker_at(pair.ledger, pair.slow, &seen));
    assert_int_equal(seen.held, 0);
    pair_close(&pair);
}

static void a_backup_not_taken_in_time_is_made_again(void **state)
{
    struct pair pair;
    usec due = PAIR_LATE + TAKEN_DEADLINE_MIN;

    (void)state;
    pair_open(&pair);
    struct attempt lost = pair_send_backup(&pair, PAIR_LATE);
    assert_int_equal(ledger_next_deadline(pair.ledger), due);
    kit_expire(pair.ledger, due);
    assert_false(ledger_taken(pair.ledger, pair.other, lost, due));
    assert_int_equal(kit_counts(pair.ledger).taken, 1);
    assert_int_not_equal(pair_send_backup(&pair, due).attempt, lost.attempt);
    pair_close(&pair);
}

static void a_backup_that_is_the_only_attempt_has_its_time_for_taken_anew(void **state)
{
    struct pair pair;
    usec later = PAIR_LATE + TAKEN_DEADLINE_MIN / 2;

    (void)state;
    pair_open(&pair);
    struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
    ledger_worker_left(pair.ledger, pair.slow, later);
    assert_int_equal(ledger_next_deadline(pair.ledger), later + TAKEN_DEADLINE_MIN);
    assert_true(ledger_taken(pair.ledger, pair.other, backup, later));
    pair_close(&pair);
}

static void a_backup_that_was_never_sent_ends_with_the_first_attempt(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    pair_beat_of_slow(&pair, PAIR_LATE);
    ledger_worker_left(pair.ledger, pair.slow, PAIR_LATE);
    kit_sound(pair.ledger);
    assert_int_equal(kit_counts(pair.ledger).ready, 1);
    kit_send(pair.ledger, pair.other, PAIR_LATE);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE));
    assert_int_equal(kit_counts(pair.ledger).backups, 0);
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whichever_is_done_first_wins_and_the_other_is_cancelled),
        cmocka_unit_test(what_is_recorded_is_cancelled_wherever_it_may_be),
        cmocka_unit_test(what_is_recorded_of_its_only_attempt_is_not_cancelled),
        cmocka_unit_test(a_late_result_cancels_the_attempt_that_came_after_it),
        cmocka_unit_test(a_worker_that_left_is_not_told_to_cancel),
        cmocka_unit_test(a_return_of_one_attempt_leaves_the_job_to_the_other),
        cmocka_unit_test(two_deaths_settle_a_job_although_they_were_at_once),
        cmocka_unit_test(when_a_worker_is_lost_the_job_is_the_others),
        cmocka_unit_test(a_beat_that_does_not_list_an_attempt_ends_that_one),
        cmocka_unit_test(a_backup_not_taken_in_time_is_made_again),
        cmocka_unit_test(a_backup_that_is_the_only_attempt_has_its_time_for_taken_anew),
        cmocka_unit_test(a_backup_that_was_never_sent_ends_with_the_first_attempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
