/* The run that a sink collects: what it counts, refuses and answers. What outlives it is in
 * collection_record.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/collection_kit.h"

static void a_run_is_known_by_run_and_epoch(void **state)
{
    (void)state;
    struct envelope other = kit.run;
    assert_true(collection_is(kit.collection, &other));
    other.epoch++;
    assert_false(collection_is(kit.collection, &other));
    other = kit.run;
    other.run++;
    assert_false(collection_is(kit.collection, &other));
}

static void options_without_sense_are_refused_in_words(void **state)
{
    (void)state;
    struct collection *other = NULL;
    strcpy(kit.start.setup.options.output, "../%s.jpg");
    assert_int_not_equal(
        collection_open(&other, &kit.run, &kit.start, NULL, &kit_observer, 0, &kit.why), STATUS_OK);
    assert_string_not_equal(kit.why.text, "");
    assert_null(other);
}

static void new_images_are_answered_new_as_often_as_asked(void **state)
{
    (void)state;
    kit_add(1, 0, "a/x.png");
    kit_add(2, 1, "photos/y.png");
    for (int i = 0; i < 3; i++) {
        kit_ask(100);
        assert_int_equal(kit.answer.count, 2);
        for (uint32_t k = 0; k < 2; k++) {
            assert_int_equal(kit.answer.entries[k].number, k + 1);
            assert_int_equal(kit.answer.entries[k].verdict, VERDICT_NEW);
        }
    }
    assert_int_equal(kit.told.count, 0);
}

static void a_taken_name_is_failed_once_and_answered_each_time(void **state)
{
    (void)state;
    kit_add(1, 0, "a/x.png");
    kit_add(2, 0, "b/x.png");
    kit_add(3, 0, "a/x.png");
    kit_add(4, 1, "other/x.png");
    for (int i = 0; i < 3; i++) {
        kit_ask(200 + i);
        assert_int_equal(kit.answer.entries[0].verdict, VERDICT_NEW);
        for (int k = 1; k < 4; k++)
            assert_int_equal(kit.answer.entries[k].verdict, VERDICT_NAME_TAKEN);
        kit_expect_detail(1, "its output x.jpg belongs to /photos/a/x.png");
        kit_expect_detail(2, "the same file was named before");
        kit_expect_detail(3, "its output x.jpg belongs to /photos/a/x.png");
    }
    assert_int_equal(kit.told.count, 3);
    assert_int_equal(kit.told.state, IMAGE_FAILED);
    assert_string_equal(kit.told.source, "/other/x.png");
    collection_summary(kit.collection, &kit.summary);
    assert_int_equal(kit.summary.states[IMAGE_FAILED], 3);
    assert_int_equal(kit.summary.states[IMAGE_PENDING], 1);
    assert_int_equal(kit.summary.elapsed, 100);
}

static void a_question_that_makes_no_sense_changes_nothing(void **state)
{
    (void)state;
    kit_add(1, 0, "a.png");
    kit_add(2, 2, "b.png");
    assert_int_equal(collection_ask(kit.collection, &kit.ask, &kit.answer, 100, &kit.why),
                     STATUS_MALFORMED);
    kit.ask.entries[1].root = 0;
    kit.ask.entries[1].number = 0;
    assert_int_equal(collection_ask(kit.collection, &kit.ask, &kit.answer, 100, &kit.why),
                     STATUS_MALFORMED);
    collection_summary(kit.collection, &kit.summary);
    assert_int_equal(kit.summary.dispatch.enumerated, 0);
    const struct result_message message = kit_result(1, IMAGE_MADE);
    assert_int_equal(kit_give(&message, 100), STATUS_MALFORMED); // image 1 was not asked about
}

static void counts_never_go_back(void **state)
{
    (void)state;
    kit.ask.known = (struct dispatch_counts){.enumerated = 10, .known_bytes = 100};
    kit_ask(100);
    assert_int_equal(kit.answer.count, 0);
    kit.ask.known = (struct dispatch_counts){.enumerated = 5, .known_bytes = 50};
    kit_ask(300);
    collection_summary(kit.collection, &kit.summary);
    assert_int_equal(kit.summary.dispatch.enumerated, 10);
    assert_int_equal(kit.summary.dispatch.known_bytes, 100);
    assert_int_equal(kit.summary.elapsed, 0); // nothing was counted yet
}

static void an_image_counts_once_and_is_kept_each_time(void **state)
{
    (void)state;
    kit_ask_about(1);
    const struct result_message message = kit_result(1, IMAGE_MADE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(kit_give(&message, 150 + i), STATUS_OK);
    const struct outcome late = {.job = 1,
                                 .state = IMAGE_QUARANTINED,
                                 .path = text_of("1.png"),
                                 .size = KIT_SIZE,
                                 .error = text_of("")};
    assert_int_equal(collection_outcome(kit.collection, &late, 160, &kit.why), STATUS_OK);
    collection_summary(kit.collection, &kit.summary);
    assert_int_equal(kit.summary.run, 7);
    assert_int_equal(kit.summary.epoch, 8);
    assert_int_equal(kit.summary.states[IMAGE_MADE], 1);
    assert_int_equal(kit.summary.states[IMAGE_QUARANTINED], 0);
    assert_int_equal(kit.summary.duplicates, 2);
    assert_int_equal(kit.summary.elapsed, 50);
    assert_int_equal(kit.told.count, 0);
}

static void the_observer_hears_what_was_not_simply_made(void **state)
{
    (void)state;
    kit_ask_about(3);
    struct result_message message = kit_result(1, IMAGE_DAMAGED);
    assert_int_equal(kit_give(&message, 100), STATUS_OK);
    assert_int_equal(kit.told.state, IMAGE_DAMAGED);
    assert_string_equal(kit.told.error, "is odd");
    message = kit_result(2, IMAGE_FAILED);
    assert_int_equal(kit_give(&message, 100), STATUS_OK);
    assert_int_equal(kit.told.state, IMAGE_FAILED);
    assert_string_equal(kit.told.source, "/photos/2.png");
    assert_string_equal(kit.told.error, "is broken");
    const struct outcome quarantined = {.job = 3,
                                        .root = 1,
                                        .state = IMAGE_QUARANTINED,
                                        .path = text_of("z.png"),
                                        .error = text_of("two decoders died of it")};
    assert_int_equal(collection_outcome(kit.collection, &quarantined, 100, &kit.why), STATUS_OK);
    assert_int_equal(kit.told.state, IMAGE_QUARANTINED);
    assert_string_equal(kit.told.source, "/z.png");
    assert_string_equal(kit.told.error, "two decoders died of it");
    assert_int_equal(kit.told.count, 3);
}

static void results_that_cannot_be_of_this_run_are_dropped(void **state)
{
    (void)state;
    kit_ask_about(1);
    const struct result_message good = kit_result(1, IMAGE_MADE);
    struct result_message bad[8];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        bad[i] = good;
    bad[0].result.job.id = 2;
    bad[1].result.job.id = UINT64_MAX;
    bad[2].result.job.id = 0;
    bad[3].result.job.root = 2;
    bad[4].result.state = IMAGE_FRESH;
    bad[5].result.output_count = 0;
    bad[6].result.output_count = 2;
    bad[7].result.state = IMAGE_FAILED;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(kit_give(&bad[i], 100), STATUS_MALFORMED);
    assert_int_equal(kit_give(&good, 100), STATUS_OK);
    collection_summary(kit.collection, &kit.summary);
    assert_int_equal(summary_settled(&kit.summary), 1);
}

static void outcomes_that_cannot_be_are_dropped(void **state)
{
    (void)state;
    const struct outcome good = {
        .job = 1, .state = IMAGE_FAILED, .path = text_of("x"), .error = text_of("no such file")};
    struct outcome bad[3] = {good, good, good};
    bad[0].job = 0;
    bad[1].root = 2;
    bad[2].state = IMAGE_MADE;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(collection_outcome(kit.collection, &bad[i], 100, &kit.why),
                         STATUS_MALFORMED);
    assert_int_equal(collection_outcome(kit.collection, &good, 100, &kit.why), STATUS_OK);
}

static void the_counts_must_agree_at_the_end(void **state)
{
    (void)state;
    static const struct {
        uint64_t enumerated;
        bool interrupted;
        enum status status;
        uint64_t pending;
    } cases[] = {
        {2, false, STATUS_OK, 0},        {2, true, STATUS_OK, 0},
        {5, true, STATUS_OK, 3},         {3, false, STATUS_MALFORMED, 1},
        {1, false, STATUS_MALFORMED, 0}, {1, true, STATUS_MALFORMED, 0},
    };
    kit_ask_about(2);
    for (uint64_t i = 1; i <= 2; i++) {
        const struct result_message message = kit_result(i, IMAGE_MADE);
        assert_int_equal(kit_give(&message, 100), STATUS_OK);
    }
    assert_false(collection_is_finished(kit.collection));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dispatch_counts counts = {
            .enumerated = cases[i].enumerated, .interrupted = cases[i].interrupted, .retries = 4};
        assert_int_equal(collection_finish(kit.collection, &counts, &kit.why), cases[i].status);
        collection_summary(kit.collection, &kit.summary);
        assert_int_equal(kit.summary.states[IMAGE_PENDING], cases[i].pending);
        assert_int_equal(kit.summary.dispatch.retries, 4);
        assert_true(collection_is_finished(kit.collection));
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_run_is_known_by_run_and_epoch),
        test(options_without_sense_are_refused_in_words),
        test(new_images_are_answered_new_as_often_as_asked),
        test(a_taken_name_is_failed_once_and_answered_each_time),
        test(a_question_that_makes_no_sense_changes_nothing),
        test(counts_never_go_back),
        test(an_image_counts_once_and_is_kept_each_time),
        test(the_observer_hears_what_was_not_simply_made),
        test(results_that_cannot_be_of_this_run_are_dropped),
        test(outcomes_that_cannot_be_are_dropped),
        test(the_counts_must_agree_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
