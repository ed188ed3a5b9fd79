/*
 * The ledger's promises about stragglers: which jobs are backed up, when and where.
 */

#include "tests/support/ledger_pair.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static void a_straggler_is_backed_up_on_another_worker_with_room(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    pair_beat_of_slow(&pair, PAIR_LATE - 1);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE - 1));
    struct attempt backup = pair_send_backup(&pair, PAIR_LATE);
    assert_true(ledger_taken(pair.ledger, pair.other, backup, PAIR_LATE));
    struct ledger_counts counts = kit_counts(pair.ledger);
    assert_int_equal(counts.taken, 1); // it is one job
    assert_int_equal(counts.sent, 0);
    assert_int_equal(counts.backups, 1);
    assert_int_equal(counts.retries, 0);
    pair_close(&pair);
}

/* Three times what jobs took so far, longer for larger ones, but never at once. */
static void a_job_is_late_after_three_times_its_expected_time(void **state)
{
    static const struct {
        usec expected_of_1, late_after;
    } cases[] = {
        {0, BACKUP_AFTER_MIN},
        {PAIR_EXPECTED, BACKUP_AFTER_MIN},
        {300 * US_PER_MS, 3 * 2 * 300 * US_PER_MS},
        {2 * US_PER_S, 3 * 2 * 2 * US_PER_S},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct pair pair;
        usec late = cases[i].expected_of_1 + cases[i].late_after;

        pair_open_expecting(&pair, cases[i].expected_of_1);
        pair_beat_of_slow(&pair, late);
        assert_true(kit_none_to_send(pair.ledger, late));
        pair_beat_of_slow(&pair, late + 1);
        assert_false(kit_none_to_send(pair.ledger, late + 1));
        pair_close(&pair);
    }
}

static void nothing_is_backed_up_before_a_job_showed_how_long_they_take(void **state)
{
    struct pair pair = {.ledger = kit_open()};

    (void)state;
    pair.slow = kit_join(pair.ledger, 1, 1, 2, 0);
    kit_join(pair.ledger, 2, 1, 2, 0);
    kit_plan(pair.ledger, 1, 1);
    pair.held = kit_take(pair.ledger, pair.slow, 0);
    ledger_no_more(pair.ledger);
    pair_beat_of_slow(&pair, 100 * US_PER_S);
    assert_true(kit_none_to_send(pair.ledger, 100 * US_PER_S));
    pair_close(&pair);
}

static void nothing_is_backed_up_while_there_is_other_work(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    kit_plan(pair.ledger, 3, 3); // so that more may come
    struct attempt third = kit_take(pair.ledger, pair.other, PAIR_LATE);
    pair_beat_of_slow(&pair, PAIR_LATE);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE));
    ledger_no_more(pair.ledger);
    kit_return(pair.ledger, pair.other, third, RETURN_FULL, 1, PAIR_LATE);
    pair_beat_of_slow(&pair, PAIR_LATE);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE)); // one is READY
    kit_take(pair.ledger, pair.other, PAIR_LATE);
    pair_send_backup(&pair, PAIR_LATE);
    pair_close(&pair);
}

static void a_backup_waits_for_work_that_came_back_meanwhile(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    kit_plan(pair.ledger, 3, 3);
    struct attempt third = kit_take(pair.ledger, pair.other, PAIR_LATE);
    ledger_no_more(pair.ledger);
    pair_beat_of_slow(&pair, PAIR_LATE);
    kit_return(pair.ledger, pair.other, third, RETURN_LEAVING, 2, PAIR_LATE);
    assert_int_equal(kit_send(pair.ledger, pair.other, PAIR_LATE).job, third.job);
    assert_int_equal(kit_send(pair.ledger, pair.other, PAIR_LATE).job, pair.held.job);
    pair_close(&pair);
}

static void a_backup_waits_for_room_on_another_worker(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    ledger_worker_capacity(pair.ledger, pair.other, 0);
    pair_beat_of_slow(&pair, PAIR_LATE);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE)); // the slow one has room
    ledger_worker_capacity(pair.ledger, pair.other, 1);
    kit_send(pair.ledger, pair.other, PAIR_LATE);
    pair_close(&pair);
}

static void a_straggler_has_one_backup_at_a_time(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    kit_join(pair.ledger, 3, 4, 8, 0);
    pair_beat_of_slow(&pair, PAIR_LATE);
    kit_send(pair.ledger, pair.other, PAIR_LATE);
    pair_beat_of_slow(&pair, PAIR_LATE + 1);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE + 1));
    pair_close(&pair);
}

static void a_draining_ledger_backs_up_nothing(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    ledger_drain(pair.ledger);
    pair_beat_of_slow(&pair, PAIR_LATE);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE));
    pair_close(&pair);
}

static void a_job_that_did_harm_is_not_backed_up(void **state)
{
    struct pair pair;

    (void)state;
    pair_open(&pair);
    kit_return(pair.ledger, pair.slow, pair.held, RETURN_CRASHED, 2, PAIR_TAKEN_AT);
    pair.held = kit_send(pair.ledger, pair.other, PAIR_TAKEN_AT);
    kit_beat(pair.ledger, pair.other, 2, &pair.held, 1, true, PAIR_LATE);
    assert_true(kit_none_to_send(pair.ledger, PAIR_LATE));
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_straggler_is_backed_up_on_another_worker_with_room),
        cmocka_unit_test(a_job_is_late_after_three_times_its_expected_time),
        cmocka_unit_test(nothing_is_backed_up_before_a_job_showed_how_long_they_take),
        cmocka_unit_test(nothing_is_backed_up_while_there_is_other_work),
        cmocka_unit_test(a_backup_waits_for_work_that_came_back_meanwhile),
        cmocka_unit_test(a_backup_waits_for_room_on_another_worker),
        cmocka_unit_test(a_straggler_has_one_backup_at_a_time),
        cmocka_unit_test(a_draining_ledger_backs_up_nothing),
        cmocka_unit_test(a_job_that_did_harm_is_not_backed_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
