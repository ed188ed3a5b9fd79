/*
 * Each image is counted once, whatever is asked or said twice, in this run and its earlier epochs.
 */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/record_kit.h"

static struct record_kit kit;

static int open_kit(void **state)
{
    (void)state;
    kit_open(&kit);
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    kit_close(&kit);
    return 0;
}

/* One image, /a/x.jpg, that run 1 left in this state. */
static struct ask_entry after_run_1(enum image_state state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    if (state == IMAGE_QUARANTINED)
        assert_true(kit_outcome(&kit, &entry, state, "two decoders died of it"));
    else
        assert_true(
            kit_result(&kit, 1, 1, &entry, state, state == IMAGE_FAILED ? "it is no image" : ""));
    kit_rest(&kit);
    return entry;
}

static void commit(void)
{
    struct reason why;
    assert_int_equal(record_commit(kit.record, &why), STATUS_OK);
}

static void another_size(void)
{
    struct reason why;
    kit.options.size_count = 0;
    assert_int_equal(options_add_sizes(&kit.options, "128", &why), STATUS_OK);
}

static void deleted_output(void)
{
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "dest/x.jpg")), 0);
}

/* ---- said again ---- */

static void a_question_asked_again_is_answered_alike_and_counts_once(void **state)
{
    const struct ask_entry fresh = after_run_1(IMAGE_MADE);
    (void)state;
    kit_run(&kit, 2);
    kit_expect(&kit, &fresh, VERDICT_FRESH, true);
    kit_expect(&kit, &fresh, VERDICT_FRESH, false);
    deleted_output(); // it was counted: it stays what it was told to be
    kit_expect(&kit, &fresh, VERDICT_FRESH, false);
    kit_rest(&kit);
    kit_run(&kit, 2); // another sink, the same run
    kit_expect(&kit, &fresh, VERDICT_FRESH, false);
    kit_expect_counts(&kit, 0, 0, 1, 0, 0);
}

static void a_new_image_is_new_again_until_it_has_a_state(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    kit_expect(&kit, &entry, VERDICT_FRESH, false); // counted as made already
    kit_expect_counts(&kit, 1, 0, 0, 0, 0);
}

static void a_job_recorded_twice_counts_once(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    assert_false(kit_made(&kit, &entry));
    commit();
    assert_false(kit_result(&kit, 1, 1, &entry, IMAGE_FAILED, "late and wrong"));
    assert_false(kit_outcome(&kit, &entry, IMAGE_QUARANTINED, "late and wrong"));
    kit_rest(&kit);
    kit_run(&kit, 1);
    assert_false(kit_made(&kit, &entry));
    kit_expect_counts(&kit, 1, 0, 0, 0, 0);
}

static void of_two_that_did_a_job_the_later_file_is_the_recorded_one(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "dest/x.jpg")), 0);
    assert_false(kit_made(&kit, &entry)); // its file is there now, with its time
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_FRESH, true);
}

static void a_result_of_an_earlier_epoch_is_kept_and_not_counted(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    struct ask_entry again = entry;
    (void)state;
    kit_run_epoch(&kit, 1, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    kit_run_epoch(&kit, 1, 2);
    assert_true(kit_result(&kit, 1, 1, &entry, IMAGE_MADE, ""));
    assert_false(kit_result(&kit, 1, 1, &entry, IMAGE_MADE, ""));
    kit_expect_counts(&kit, 0, 0, 0, 0, 0);
    again.number = 7;
    kit_expect(&kit, &again, VERDICT_FRESH, true);
    kit_expect_counts(&kit, 0, 0, 1, 0, 0);
}

static void a_result_of_an_earlier_epoch_does_not_take_the_count_from_this_one(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    struct ask_entry again = entry;
    (void)state;
    again.number = 7;
    kit_run_epoch(&kit, 1, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    kit_run_epoch(&kit, 1, 2);
    kit_expect(&kit, &again, VERDICT_NEW, false); // out again
    assert_true(kit_result(&kit, 1, 1, &entry, IMAGE_MADE, ""));
    assert_true(kit_result(&kit, 1, 2, &again, IMAGE_MADE, ""));
    assert_false(kit_result(&kit, 1, 1, &entry, IMAGE_MADE, ""));
    kit_expect_counts(&kit, 1, 0, 0, 0, 0);
}

static void a_result_of_an_unknown_epoch_or_of_other_options_is_dropped(void **state)
{
    static struct result_message message;
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    struct reason why;
    bool first = true;
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    another_size();
    kit_run(&kit, 2);
    message.path = entry.path;
    message.result.state = IMAGE_FAILED;
    message.result.job.id = 1;
    for (uint64_t run = 1; run <= 3; run += 2) {
        const struct envelope from = {.run = run, .epoch = 1};
        assert_int_equal(record_result(kit.record, &from, &message, &first, &why),
                         STATUS_MALFORMED);
        assert_false(first);
    }
    assert_int_equal(record_commit(kit.record, &why), STATUS_OK);
}

static void a_changed_count_of_outputs_or_an_unknown_root_is_dropped(void **state)
{
    static struct result_message message;
    struct ask_entry entry = kit_entry(1, 2, "x.jpg", 0);
    const struct outcome outcome = {.root = 2, .path = entry.path, .state = IMAGE_FAILED};
    const struct envelope from = {.run = 1, .epoch = 1};
    struct record_answer answer;
    struct reason why;
    uint32_t crashes;
    bool first;
    (void)state;
    kit_run(&kit, 1);
    assert_int_equal(record_ask(kit.record, &entry, &answer, &why), STATUS_MALFORMED);
    assert_int_equal(record_crash(kit.record, &entry, "", &crashes, &why), STATUS_MALFORMED);
    assert_int_equal(record_outcome(kit.record, &outcome, &first, &why), STATUS_MALFORMED);
    message.path = entry.path;
    message.result.state = IMAGE_MADE;
    message.result.output_count = 2;
    assert_int_equal(record_result(kit.record, &from, &message, &first, &why), STATUS_MALFORMED);
    message.result.output_count = 1;
    message.result.job.root = 2;
    assert_int_equal(record_result(kit.record, &from, &message, &first, &why), STATUS_MALFORMED);
}

static void a_file_named_twice_is_done_once_and_counted_twice(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    struct ask_entry again = entry;
    (void)state;
    again.number = 2;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    kit_expect(&kit, &again, VERDICT_NAME_TAKEN, true);
    kit_expect(&kit, &again, VERDICT_NAME_TAKEN, false);
    assert_true(kit_made(&kit, &entry));
    kit_expect(&kit, &again, VERDICT_NAME_TAKEN, false);
    kit_expect_counts(&kit, 1, 0, 0, 1, 0);
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_FRESH, true);
    kit_expect(&kit, &again, VERDICT_FRESH, true);
    kit_expect_counts(&kit, 0, 0, 2, 0, 0);
}

static void an_outcome_of_a_file_named_twice_counts_twice(void **state)
{
    const struct ask_entry one = kit_entry(1, 0, "gone.jpg", 0),
                           two = kit_entry(2, 0, "gone.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    assert_true(kit_outcome(&kit, &one, IMAGE_FAILED, "no such file"));
    assert_true(kit_outcome(&kit, &two, IMAGE_FAILED, "no such file"));
    assert_false(kit_outcome(&kit, &one, IMAGE_FAILED, "no such file"));
    assert_false(kit_outcome(&kit, &two, IMAGE_FAILED, "no such file"));
    kit_expect_counts(&kit, 0, 0, 0, 2, 0);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_question_asked_again_is_answered_alike_and_counts_once),
        PROMISE(a_new_image_is_new_again_until_it_has_a_state),
        PROMISE(a_job_recorded_twice_counts_once),
        PROMISE(of_two_that_did_a_job_the_later_file_is_the_recorded_one),
        PROMISE(a_result_of_an_earlier_epoch_is_kept_and_not_counted),
        PROMISE(a_result_of_an_earlier_epoch_does_not_take_the_count_from_this_one),
        PROMISE(a_result_of_an_unknown_epoch_or_of_other_options_is_dropped),
        PROMISE(a_changed_count_of_outputs_or_an_unknown_root_is_dropped),
        PROMISE(a_file_named_twice_is_done_once_and_counted_twice),
        PROMISE(an_outcome_of_a_file_named_twice_counts_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
