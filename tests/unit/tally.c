/* Counts, percentiles and shares. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "sink/tally.h"

static struct tally *tally;
static struct summary summary;

static int set_up(void **state)
{
    (void)state;
    return tally_open(&tally) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    tally_close(&tally);
    tally_close(&tally);
    return 0;
}

static struct result_message a_result(enum image_state state, usec latency)
{
    struct result_message message = {.worker = text_of("host-1"), .slots = 4};
    message.result.state = state;
    message.result.latency = latency;
    return message;
}

static void an_empty_tally_is_all_zero(void **state)
{
    (void)state;
    tally_summary(tally, 7, &summary);
    const struct summary expected = {.elapsed = 7};
    assert_memory_equal(&summary, &expected, sizeof summary);
}

static void results_and_outcomes_add_up(void **state)
{
    (void)state;
    struct result_message made = a_result(IMAGE_MADE, 1000);
    made.result.job.size = 500;
    made.result.bytes_in = 490;
    made.result.width = 4000;
    made.result.height = 3000;
    made.result.busy = 900;
    made.result.output_count = 2;
    made.result.outputs[0].bytes = 10;
    made.result.outputs[1].bytes = 20;
    for (int i = 0; i < STAGES; i++)
        made.result.stages[i] = 100 * (i + 1);
    tally_result(tally, 1, &made);
    made.result.state = IMAGE_DAMAGED;
    tally_result(tally, 1, &made);
    const struct result_message failed = a_result(IMAGE_FAILED, 5);
    tally_result(tally, 2, &failed);
    const struct outcome quarantined = {.state = IMAGE_QUARANTINED, .size = 50};
    tally_outcome(tally, &quarantined);
    const struct outcome fresh = {.state = IMAGE_FRESH, .size = 5};
    tally_outcome(tally, &fresh);
    tally_duplicate(tally);
    const struct dispatch_counts known = {.enumerated = 8, .ignored = 3, .known_bytes = 2000};
    tally_known(tally, &known);

    tally_summary(tally, 123, &summary);
    const uint64_t states[IMAGE_STATES] = {
        [IMAGE_PENDING] = 3, [IMAGE_MADE] = 1,   [IMAGE_DAMAGED] = 1,
        [IMAGE_FRESH] = 1,   [IMAGE_FAILED] = 1, [IMAGE_QUARANTINED] = 1,
    };
    assert_memory_equal(summary.states, states, sizeof states);
    assert_int_equal(summary.dispatch.ignored, 3);
    assert_int_equal(summary.outputs, 4);
    assert_int_equal(summary.duplicates, 1);
    assert_int_equal(summary.bytes_in, 980);
    assert_int_equal(summary.bytes_out, 60);
    assert_int_equal(summary.pixels_in, 2 * 12000000);
    assert_int_equal(summary.bytes_settled, 1055);
    assert_int_equal(summary.elapsed, 123);
    assert_int_equal(summary.timed_images, 3);
    for (int i = 0; i < STAGES; i++)
        assert_int_equal(summary.stages[i], 200 * (i + 1));
    assert_int_equal(summary.share_count, 2);
    assert_string_equal(summary.shares[0].name, "host-1");
    assert_int_equal(summary.shares[0].incarnation, 1);
    assert_int_equal(summary.shares[0].images, 2);
    assert_int_equal(summary.shares[0].busy, 1800);
    assert_int_equal(summary.shares[0].slots, 4);
}

static void images_beyond_what_is_known_leave_none_pending(void **state)
{
    (void)state;
    const struct outcome failed = {.state = IMAGE_FAILED};
    tally_outcome(tally, &failed);
    tally_summary(tally, 0, &summary);
    assert_int_equal(summary.states[IMAGE_PENDING], 0);
}

/* What HdrHistogram promises of this resolution: never below, at most a sixteenth above. */
static void assert_near(usec reported, usec exact)
{
    assert_true(reported >= exact);
    assert_true(reported - exact <= exact / 16);
}

static void percentiles_are_nearest_ranks_within_a_sixteenth(void **state)
{
    (void)state;
    static const struct {
        usec first, step;
        int count;
        usec p50, p95, p99;
    } cases[] = {
        {1, 1, 1, 1, 1, 1},
        {5, 0, 100, 5, 5, 5},
        {1, 1, 2, 1, 2, 2},
        {1, 1, 100, 50, 95, 99},
        {1000, 1000, 1000, 500000, 950000, 990000},
        {15, 1, 3, 16, 17, 17},
        {0, 0, 3, 0, 0, 0},
        {INT64_MAX, 0, 2, INT64_MAX, INT64_MAX, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tally_close(&tally);
        assert_int_equal(tally_open(&tally), STATUS_OK);
        for (int k = 0; k < cases[i].count; k++) {
            const struct result_message message =
                a_result(IMAGE_MADE, cases[i].first + k * cases[i].step);
            tally_result(tally, 1, &message);
        }
        tally_summary(tally, 0, &summary);
        assert_near(summary.latency_p50, cases[i].p50);
        assert_near(summary.latency_p95, cases[i].p95);
        assert_near(summary.latency_p99, cases[i].p99);
    }
}

static void every_latency_has_a_place_within_a_sixteenth(void **state)
{
    (void)state;
    for (int bit = 0; bit < 63; bit++)
        for (usec delta = -1; delta <= 1; delta++) {
            const usec latency = (usec)1 << bit;
            if (latency + delta < 0)
                continue;
            tally_close(&tally);
            assert_int_equal(tally_open(&tally), STATUS_OK);
            const struct result_message message = a_result(IMAGE_MADE, latency + delta);
            tally_result(tally, 1, &message);
            tally_summary(tally, 0, &summary);
            assert_near(summary.latency_p50, latency + delta);
        }
}

static void sums_stop_at_their_maximum(void **state)
{
    (void)state;
    struct result_message message = a_result(IMAGE_MADE, INT64_MAX);
    message.result.busy = INT64_MAX;
    message.result.bytes_in = UINT64_MAX;
    message.result.stages[STAGE_READ] = INT64_MAX;
    message.result.job.size = UINT64_MAX;
    for (int i = 0; i < 3; i++)
        tally_result(tally, 1, &message);
    tally_summary(tally, 0, &summary);
    assert_true(summary.bytes_in == UINT64_MAX);
    assert_true(summary.bytes_settled == UINT64_MAX);
    assert_true(summary.stages[STAGE_READ] == INT64_MAX);
    assert_true(summary.shares[0].busy == INT64_MAX);
}

/* Worker i (from 1) makes i images. */
static void let_workers_work(uint32_t count)
{
    char name[WORKER_NAME_SIZE];
    for (uint32_t i = 1; i <= count; i++) {
        snprintf(name, sizeof name, "w%04" PRIu32, i);
        struct result_message message = a_result(IMAGE_MADE, 1);
        message.worker = text_of(name);
        message.result.busy = 2;
        for (uint32_t k = 0; k < i; k++)
            tally_result(tally, (uint64_t)i * 0x10001, &message);
    }
}

static void as_many_workers_as_fit_are_named_busiest_first(void **state)
{
    (void)state;
    let_workers_work(SHARES_MAX);
    tally_summary(tally, 0, &summary);
    assert_int_equal(summary.share_count, SHARES_MAX);
    assert_string_equal(summary.shares[0].name, "w0064");
    assert_string_equal(summary.shares[SHARES_MAX - 1].name, "w0001");
}

static void the_least_busy_of_many_workers_are_the_others(void **state)
{
    (void)state;
    enum { COUNT = SHARES_MAX + 10, OTHERS = COUNT - SHARES_MAX + 1 };
    let_workers_work(COUNT);
    tally_summary(tally, 0, &summary);
    assert_int_equal(summary.share_count, SHARES_MAX);
    const struct worker_share *others = &summary.shares[SHARES_MAX - 1];
    assert_string_equal(others->name, "others");
    assert_int_equal(others->images, OTHERS * (OTHERS + 1) / 2);
    assert_int_equal(others->busy, 2 * others->images);
    assert_int_equal(others->slots, 4 * OTHERS);
    assert_int_equal(others->incarnation, 0);
}

static void workers_beyond_all_places_lose_no_image(void **state)
{
    (void)state;
    enum { COUNT = WORKERS_MAX + 100 };
    const struct result_message message = a_result(IMAGE_MADE, 1);
    for (uint64_t i = 1; i <= COUNT; i++)
        tally_result(tally, i << 20, &message); // the same remainder: the worst for the table
    tally_summary(tally, 0, &summary);
    uint64_t images = 0;
    for (uint32_t i = 0; i < summary.share_count; i++)
        images += summary.shares[i].images;
    assert_int_equal(images, COUNT);
    assert_int_equal(summary.states[IMAGE_MADE], COUNT);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_empty_tally_is_all_zero),
        test(results_and_outcomes_add_up),
        test(images_beyond_what_is_known_leave_none_pending),
        test(percentiles_are_nearest_ranks_within_a_sixteenth),
        test(every_latency_has_a_place_within_a_sixteenth),
        test(sums_stop_at_their_maximum),
        test(as_many_workers_as_fit_are_named_busiest_first),
        test(the_least_busy_of_many_workers_are_the_others),
        test(workers_beyond_all_places_lose_no_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
