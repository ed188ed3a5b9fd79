/* The run that a sink collects: what it keeps, refuses and answers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/collection.h"
#include "sink/names.h"

static struct collection *collection;
static struct run_setup setup;
static struct ask ask;
static struct answer answer;
static struct summary summary;
static struct reason why;

/* What the observer was told last, and how often. */
static struct {
    int count;
    enum image_state state;
    char source[JOB_PATH_SIZE], error[IMAGE_ERROR_SIZE];
} told;

static void observe(void *context, enum image_state state, const char *source, const char *error)
{
    (void)context;
    told.count++;
    told.state = state;
    snprintf(told.source, sizeof told.source, "%s", source);
    snprintf(told.error, sizeof told.error, "%s", error);
}

static const struct envelope run = {.type = MSG_START, .run = 7, .epoch = 8, .sender = 9};
static const struct collection_observer observer = {observe, NULL};

static int set_up(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    memset(&setup, 0, sizeof setup);
    run_options_init(&setup.options);
    strcpy(setup.options.output, "%s.jpg");
    setup.dest = text_of("/out");
    setup.root_count = 2;
    setup.roots[0] = text_of("/photos");
    setup.roots[1] = text_of("/");
    memset(&ask, 0, sizeof ask);
    return collection_open(&collection, &run, &setup, &observer, 100, &why) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    collection_close(&collection);
    collection_close(&collection);
    return 0;
}

static void ask_about(uint64_t number, uint32_t root, const char *path)
{
    ask.known.enumerated++;
    ask.entries[ask.count++] =
        (struct ask_entry){.number = number, .root = root, .path = text_of(path), .size = 10};
}

/* Asks about images 1 to `count`, all of them new. */
static void ask_about_many(uint32_t count)
{
    static char paths[ASK_MAX][16];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof paths[i], "%u.png", i + 1);
        ask_about(i + 1, 0, paths[i]);
    }
    assert_int_equal(collection_ask(collection, &ask, &answer, 100, &why), STATUS_OK);
}

static struct result_message a_result(uint64_t job, enum image_state state)
{
    struct result_message message = {.worker = text_of("w"),
                                     .slots = 1,
                                     .path = text_of("x.png"),
                                     .error = text_of(state == IMAGE_FAILED ? "is broken" : ""),
                                     .warnings = text_of("is odd")};
    message.result.job = (struct job){.id = job, .attempt = 1, .size = 10};
    message.result.state = state;
    message.result.output_count = state == IMAGE_FAILED ? 0 : 1;
    return message;
}

static enum status give(const struct result_message *message, usec now)
{
    return collection_result(collection, 5, message, now, &why);
}

static void a_run_is_known_by_run_and_epoch(void **state)
{
    (void)state;
    struct envelope other = run;
    assert_true(collection_is(collection, &other));
    other.epoch++;
    assert_false(collection_is(collection, &other));
    other = run;
    other.run++;
    assert_false(collection_is(collection, &other));
}

static void options_without_sense_are_refused_in_words(void **state)
{
    (void)state;
    struct collection *other = NULL;
    strcpy(setup.options.output, "../%s.jpg");
    assert_int_not_equal(collection_open(&other, &run, &setup, &observer, 0, &why), STATUS_OK);
    assert_string_not_equal(why.text, "");
    assert_null(other);
}

static void new_images_are_answered_new_as_often_as_asked(void **state)
{
    (void)state;
    ask_about(1, 0, "a/x.png");
    ask_about(2, 1, "photos/y.png");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(collection_ask(collection, &ask, &answer, 100, &why), STATUS_OK);
        assert_int_equal(answer.count, 2);
        for (uint32_t k = 0; k < 2; k++) {
            assert_int_equal(answer.entries[k].number, k + 1);
            assert_int_equal(answer.entries[k].verdict, VERDICT_NEW);
        }
    }
    assert_int_equal(told.count, 0);
}

static void a_taken_name_is_failed_once_and_answered_each_time(void **state)
{
    (void)state;
    ask_about(1, 0, "a/x.png");
    ask_about(2, 0, "b/x.png");
    ask_about(3, 1, "photos/a/x.png");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(collection_ask(collection, &ask, &answer, 200 + i, &why), STATUS_OK);
        assert_int_equal(answer.entries[0].verdict, VERDICT_NEW);
        assert_int_equal(answer.entries[1].verdict, VERDICT_NAME_TAKEN);
        assert_memory_equal(answer.entries[1].detail.bytes, "its output x.jpg belongs", 24);
        assert_int_equal(answer.entries[2].verdict, VERDICT_NAME_TAKEN);
        assert_memory_equal(answer.entries[2].detail.bytes, "the same file was named before", 30);
    }
    assert_int_equal(told.count, 2);
    assert_int_equal(told.state, IMAGE_FAILED);
    assert_string_equal(told.source, "/photos/a/x.png");
    collection_summary(collection, &summary);
    assert_int_equal(summary.states[IMAGE_FAILED], 2);
    assert_int_equal(summary.states[IMAGE_PENDING], 1);
    assert_int_equal(summary.elapsed, 100);
}

static void a_question_that_makes_no_sense_changes_nothing(void **state)
{
    (void)state;
    ask_about(1, 0, "a.png");
    ask_about(2, 2, "b.png");
    assert_int_equal(collection_ask(collection, &ask, &answer, 100, &why), STATUS_MALFORMED);
    ask.entries[1].root = 0;
    ask.entries[1].number = NAMES_NUMBER_END;
    assert_int_equal(collection_ask(collection, &ask, &answer, 100, &why), STATUS_MALFORMED);
    ask.entries[1].number = 0;
    assert_int_equal(collection_ask(collection, &ask, &answer, 100, &why), STATUS_MALFORMED);
    collection_summary(collection, &summary);
    assert_int_equal(summary.dispatch.enumerated, 0);
    const struct result_message message = a_result(1, IMAGE_MADE);
    assert_int_equal(give(&message, 100), STATUS_MALFORMED); // image 1 was not asked about
}

static void counts_never_go_back(void **state)
{
    (void)state;
    ask.known = (struct dispatch_counts){.enumerated = 10, .known_bytes = 100};
    assert_int_equal(collection_ask(collection, &ask, &answer, 100, &why), STATUS_OK);
    assert_int_equal(answer.count, 0);
    ask.known = (struct dispatch_counts){.enumerated = 5, .known_bytes = 50};
    assert_int_equal(collection_ask(collection, &ask, &answer, 100, &why), STATUS_OK);
    collection_progress(collection, 300, &summary);
    assert_int_equal(summary.dispatch.enumerated, 10);
    assert_int_equal(summary.dispatch.known_bytes, 100);
    assert_int_equal(summary.elapsed, 200);
}

static void an_image_counts_once_and_is_kept_each_time(void **state)
{
    (void)state;
    ask_about_many(1);
    const struct result_message message = a_result(1, IMAGE_MADE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(give(&message, 150 + i), STATUS_OK);
    const struct outcome late = {
        .job = 1, .state = IMAGE_QUARANTINED, .path = text_of("x.png"), .error = text_of("")};
    assert_int_equal(collection_outcome(collection, &late, 160, &why), STATUS_OK);
    collection_summary(collection, &summary);
    assert_int_equal(summary.run, 7);
    assert_int_equal(summary.epoch, 8);
    assert_int_equal(summary.states[IMAGE_MADE], 1);
    assert_int_equal(summary.states[IMAGE_QUARANTINED], 0);
    assert_int_equal(summary.duplicates, 2);
    assert_int_equal(summary.elapsed, 50);
    assert_int_equal(told.count, 0);
}

static void the_observer_hears_what_was_not_simply_made(void **state)
{
    (void)state;
    ask_about_many(3);
    struct result_message message = a_result(1, IMAGE_DAMAGED);
    assert_int_equal(give(&message, 100), STATUS_OK);
    assert_int_equal(told.state, IMAGE_DAMAGED);
    assert_string_equal(told.error, "is odd");
    message = a_result(2, IMAGE_FAILED);
    assert_int_equal(give(&message, 100), STATUS_OK);
    assert_int_equal(told.state, IMAGE_FAILED);
    assert_string_equal(told.source, "/photos/x.png");
    assert_string_equal(told.error, "is broken");
    const struct outcome quarantined = {.job = 3,
                                        .root = 1,
                                        .state = IMAGE_QUARANTINED,
                                        .path = text_of("z.png"),
                                        .error = text_of("two decoders died of it")};
    assert_int_equal(collection_outcome(collection, &quarantined, 100, &why), STATUS_OK);
    assert_int_equal(told.state, IMAGE_QUARANTINED);
    assert_string_equal(told.source, "/z.png");
    assert_string_equal(told.error, "two decoders died of it");
    assert_int_equal(told.count, 3);
}

static void results_that_cannot_be_of_this_run_are_dropped(void **state)
{
    (void)state;
    ask_about_many(1);
    const struct result_message good = a_result(1, IMAGE_MADE);
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
        assert_int_equal(give(&bad[i], 100), STATUS_MALFORMED);
    assert_int_equal(give(&good, 100), STATUS_OK);
    collection_summary(collection, &summary);
    assert_int_equal(summary_settled(&summary), 1);
}

static void outcomes_that_cannot_be_are_dropped(void **state)
{
    (void)state;
    const struct outcome good = {
        .job = 1, .state = IMAGE_FAILED, .path = text_of("x"), .error = text_of("no such file")};
    struct outcome bad[4] = {good, good, good, good};
    bad[0].job = 0;
    bad[1].job = NAMES_NUMBER_END;
    bad[2].root = 2;
    bad[3].state = IMAGE_MADE;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(collection_outcome(collection, &bad[i], 100, &why), STATUS_MALFORMED);
    assert_int_equal(collection_outcome(collection, &good, 100, &why), STATUS_OK);
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
        {2, false, STATUS_OK, 0},      {2, true, STATUS_OK, 0},       {5, true, STATUS_OK, 3},
        {3, false, STATUS_MACHINE, 1}, {1, false, STATUS_MACHINE, 0}, {1, true, STATUS_MACHINE, 0},
    };
    ask_about_many(2);
    for (uint64_t i = 1; i <= 2; i++) {
        const struct result_message message = a_result(i, IMAGE_MADE);
        assert_int_equal(give(&message, 100), STATUS_OK);
    }
    assert_false(collection_is_finished(collection));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dispatch_counts counts = {
            .enumerated = cases[i].enumerated, .interrupted = cases[i].interrupted, .retries = 4};
        assert_int_equal(collection_finish(collection, &counts, &why), cases[i].status);
        collection_summary(collection, &summary);
        assert_int_equal(summary.states[IMAGE_PENDING], cases[i].pending);
        assert_int_equal(summary.dispatch.retries, 4);
        assert_true(collection_is_finished(collection));
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
