/* What outlives a collection, in its record: the next run's answers, another epoch's results, a
 * sink that takes over in mid-run. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/collection_kit.h"

static int syncs;

/* In place of the C library's: SQLite syncs through it. */
int fdatasync(int fd)
{
    syncs++;
    return fsync(fd);
}

static void make(uint64_t job)
{
    const struct result_message message = kit_result(job, IMAGE_MADE);
    assert_int_equal(kit_give(&message, KIT_BEGIN), STATUS_OK);
}

static void fail_image(uint64_t job)
{
    const struct result_message message = kit_result(job, IMAGE_FAILED);
    assert_int_equal(kit_give(&message, KIT_BEGIN), STATUS_OK);
}

/* A run that made image 1, failed at image 2, and never came to image 3. */
static void leave_a_run(void)
{
    kit_ask_about(3);
    make(1);
    fail_image(2);
    kit_rest();
    memset(&kit.told, 0, sizeof kit.told);
}

static void what_was_made_is_fresh_in_the_next_run(void **state)
{
    (void)state;
    leave_a_run();
    kit_begin(17, 18);
    kit_ask_about(3);
    kit_expect_verdict(1, VERDICT_FRESH);
    kit_expect_verdict(2, VERDICT_FAILED_EARLIER);
    kit_expect_verdict(3, VERDICT_NEW);
    kit_expect(0, 1, 1);
    kit_expect_detail(1, "is broken");
    assert_int_equal(kit.told.count, 1); // the failure is told in each run
    assert_string_equal(kit.told.source, "/photos/2.png");
    assert_memory_equal(kit.told.error, "is broken (as before", 20);
    kit_ask(KIT_BEGIN); // the same question, answered the same, counted once
    kit_expect_verdict(1, VERDICT_FRESH);
    kit_expect_verdict(2, VERDICT_FAILED_EARLIER);
    kit_expect(0, 1, 1);
    make(3);
    kit_finish(3);
}

static void what_changed_is_new(void **state)
{
    (void)state;
    leave_a_run();
    kit_begin(17, 18);
    kit_add(1, 0, "1.png");
    kit_add(2, 0, "2.png");
    kit.ask.entries[0].mtime_ns++;
    kit.ask.entries[1].size++;
    kit_ask(KIT_BEGIN);
    kit_expect_verdict(1, VERDICT_NEW);
    kit_expect_verdict(2, VERDICT_NEW);
    kit_expect(0, 0, 0);
}

static void an_output_that_is_gone_is_made_again(void **state)
{
    (void)state;
    leave_a_run();
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "dest/1.jpg")), 0);
    kit_begin(17, 18);
    kit_ask_about(1);
    kit_expect_verdict(1, VERDICT_NEW);
}

static void failures_are_tried_again_when_that_is_wanted(void **state)
{
    (void)state;
    leave_a_run();
    kit.start.retry_failed = true;
    kit_begin(17, 18);
    kit_ask_about(2);
    kit_expect_verdict(1, VERDICT_FRESH);
    kit_expect_verdict(2, VERDICT_NEW);
    make(2);
    kit_expect(1, 1, 0);
    kit_finish(2);
}

static void nothing_is_fresh_with_force(void **state)
{
    (void)state;
    leave_a_run();
    kit.start.force = true;
    kit_begin(17, 18);
    kit_ask_about(2);
    kit_expect_verdict(1, VERDICT_NEW);
    kit_expect_verdict(2, VERDICT_NEW);
    make(1);
    fail_image(2);
    kit_expect(1, 0, 1);
    kit_finish(2);
}

static void names_are_held_across_runs_by_what_was_made(void **state)
{
    (void)state;
    kit_add(1, 0, "1.png");
    kit_add(2, 0, "2.png"); // it gets no state, so its claim blocks nobody later
    kit_ask(KIT_BEGIN);
    make(1);
    kit_rest();
    kit_begin(17, 18);
    kit_add(1, 1, "elsewhere/1.png");
    kit_add(2, 1, "elsewhere/2.png");
    kit_ask(KIT_BEGIN);
    kit_expect_verdict(1, VERDICT_NAME_TAKEN);
    kit_expect_detail(0, "its output 1.jpg belongs to /photos/1.png");
    kit_expect_verdict(2, VERDICT_NEW);
    kit_expect(0, 0, 1);
}

static void crashes_are_remembered_until_the_image_has_a_state(void **state)
{
    (void)state;
    kit_ask_about(2);
    assert_int_equal(kit.answer.entries[0].crashes, 0);
    const struct outcome crashed = {.job = 1,
                                    .path = text_of("1.png"),
                                    .size = KIT_SIZE,
                                    .error = text_of("its decoder was killed by signal 11")};
    assert_int_equal(collection_crashed(kit.collection, &crashed, &kit.why), STATUS_OK);
    kit_rest();
    kit_begin(17, 18);
    kit_ask_about(2);
    kit_expect_verdict(1, VERDICT_NEW);
    assert_int_equal(kit.answer.entries[0].crashes, 1);
    assert_int_equal(kit.answer.entries[1].crashes, 0);
    kit_expect(0, 0, 0);
    make(1);
    kit_rest();
    kit.start.force = true;
    kit_begin(27, 28);
    kit_ask_about(1);
    kit_expect_verdict(1, VERDICT_NEW);
    assert_int_equal(kit.answer.entries[0].crashes, 0);
}

static void crashes_that_cannot_be_are_dropped(void **state)
{
    (void)state;
    const struct outcome good = {.job = 1, .path = text_of("1.png"), .error = text_of("x")};
    struct outcome bad[2] = {good, good};
    bad[0].job = 0;
    bad[1].root = 2;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(collection_crashed(kit.collection, &bad[i], &kit.why), STATUS_MALFORMED);
}

static void a_late_result_of_an_earlier_epoch_is_kept_but_not_counted(void **state)
{
    (void)state;
    leave_a_run();
    kit_begin(7, 9); // the ventilator was started again
    kit_ask_about(3);
    kit_expect(0, 1, 1);
    struct result_message late = kit_result(3, IMAGE_MADE);
    assert_int_equal(kit_give_from(7, 8, &late), STATUS_OK);
    kit_expect(0, 1, 1);
    assert_int_equal(kit.summary.duplicates, 0);
    late.result.output_count = 0; // made of nothing
    assert_int_equal(kit_give_from(7, 8, &late), STATUS_MALFORMED);
    kit_ask(KIT_BEGIN);
    kit_expect_verdict(3, VERDICT_FRESH);
    kit_finish(3);
}

static void a_result_of_an_unknown_run_is_dropped(void **state)
{
    (void)state;
    kit_ask_about(1);
    const struct result_message made = kit_result(1, IMAGE_MADE);
    assert_int_equal(kit_give_from(7, 99, &made), STATUS_MALFORMED);
    assert_int_equal(kit_give_from(99, 8, &made), STATUS_MALFORMED);
    kit_expect(0, 0, 0);
}

static void a_sink_that_takes_over_goes_on_with_what_was_committed(void **state)
{
    (void)state;
    kit_ask_about(5);
    make(1);
    fail_image(2);
    assert_int_equal(collection_commit(kit.collection, &kit.why), STATUS_OK);
    make(3);
    kit_die();
    kit_begin(7, 8);
    kit_expect(1, 0, 1);
    make(4); // it waited in a worker, and is here before the head says how far it is
    kit_ask_about(5);
    kit_expect_verdict(3, VERDICT_NEW);
    kit_expect_verdict(5, VERDICT_NEW);
    kit_expect(2, 0, 1);
    make(2); // what the other one had recorded, not acknowledged: it stays as it was
    make(3);
    make(5);
    kit_expect(4, 0, 1);
    assert_int_equal(kit.summary.duplicates, 1);
    const struct result_message strange = kit_result(6, IMAGE_MADE);
    assert_int_equal(kit_give(&strange, KIT_BEGIN), STATUS_MALFORMED);
    kit_finish(5);
}

static void fresh_images_count_once_for_whoever_takes_over(void **state)
{
    (void)state;
    leave_a_run();
    kit_begin(17, 18);
    kit_ask_about(2);
    kit_rest();
    kit_begin(17, 18);
    kit_expect(0, 1, 1);
    kit_ask_about(2);
    kit_expect_verdict(1, VERDICT_FRESH);
    kit_expect_verdict(2, VERDICT_FAILED_EARLIER);
    kit_expect(0, 1, 1);
    kit_finish(2);
}

static void two_collections_never_share_a_record(void **state)
{
    (void)state;
    struct collection *other = NULL;
    const struct envelope run = {.type = MSG_START, .run = 17, .epoch = 18, .sender = 9};
    assert_int_equal(
        collection_open(&other, &run, &kit.start, NULL, &kit_observer, KIT_BEGIN, &kit.why),
        STATUS_MACHINE);
    assert_null(other);
    assert_non_null(strstr(kit.why.text, "another run writes it"));
    assert_null(strchr(kit.why.text, '\n'));
    kit_ask_about(1); // and the first is none the worse for it
    make(1);
    kit_finish(1);
}

static void the_record_may_lie_elsewhere(void **state)
{
    (void)state;
    const char *record = temp_tree_at(&kit.tree, "elsewhere.sqlite");
    kit_die();
    assert_int_equal(collection_open(&kit.collection, &kit.run, &kit.start, record, &kit_observer,
                                     KIT_BEGIN, &kit.why),
                     STATUS_OK);
    assert_int_equal(access(record, R_OK), 0);
}

static void with_sync_each_commit_reaches_the_disk(void **state)
{
    (void)state;
    kit_die();
    kit.start.setup.options.sync = true;
    kit_begin(17, 18);
    for (uint64_t job = 1; job <= 3; job++) {
        kit.ask.count = 0;
        kit_ask_about((uint32_t)job);
        make(job);
        syncs = 0;
        assert_int_equal(collection_commit(kit.collection, &kit.why), STATUS_OK);
        assert_true(syncs > 0);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(what_was_made_is_fresh_in_the_next_run),
        test(what_changed_is_new),
        test(an_output_that_is_gone_is_made_again),
        test(failures_are_tried_again_when_that_is_wanted),
        test(nothing_is_fresh_with_force),
        test(names_are_held_across_runs_by_what_was_made),
        test(crashes_are_remembered_until_the_image_has_a_state),
        test(crashes_that_cannot_be_are_dropped),
        test(a_late_result_of_an_earlier_epoch_is_kept_but_not_counted),
        test(a_result_of_an_unknown_run_is_dropped),
        test(a_sink_that_takes_over_goes_on_with_what_was_committed),
        test(fresh_images_count_once_for_whoever_takes_over),
        test(two_collections_never_share_a_record),
        test(the_record_may_lie_elsewhere),
        test(with_sync_each_commit_reaches_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
