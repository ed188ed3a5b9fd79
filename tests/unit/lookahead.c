/*
 * The look-ahead's promises: the largest first, and nothing lost.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/random.h"
#include "ventilator/lookahead.h"

static void put(struct lookahead *lookahead, uint64_t id, uint64_t size)
{
    struct job job = {.id = id, .size = size};

    assert_true(job_set_path(&job, "p", 1));
    lookahead_put(lookahead, &job);
    assert_null(job.path);
}

static void the_largest_comes_first_and_equals_in_order_of_id(void **state)
{
    static const struct {
        uint64_t id, size;
    } in[] = {{1, 5}, {2, 9}, {3, 0}, {4, 9}, {5, UINT64_MAX}, {6, 5}, {7, 5}};
    static const uint64_t out[] = {5, 2, 4, 1, 6, 7, 3};
    struct lookahead lookahead;
    struct job job;

    (void)state;
    assert_int_equal(lookahead_open(&lookahead), STATUS_OK);
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        put(&lookahead, in[i].id, in[i].size);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        assert_true(lookahead_take(&lookahead, &job));
        assert_int_equal(job.id, out[i]);
        job_clear(&job);
    }
    assert_false(lookahead_take(&lookahead, &job));
    lookahead_close(&lookahead);
}

static void what_goes_in_comes_out_once_in_order_whatever_its_order_was(void **state)
{
    struct lookahead lookahead;
    uint64_t random = 1;

    (void)state;
    assert_int_equal(lookahead_open(&lookahead), STATUS_OK);
    for (int round = 0; round < 20; round++) {
        uint64_t last = UINT64_MAX, last_id = 0, sum = 0, id = 0;
        struct job job;

        while (!lookahead_is_full(&lookahead))
            put(&lookahead, ++id, random_below(&random, 1000));
        assert_int_equal(id, LOOKAHEAD_SIZE);
        while (lookahead_take(&lookahead, &job)) {
            assert_true(job.size < last || (job.size == last && job.id > last_id));
            last = job.size;
            last_id = job.id;
            sum += job.id;
            job_clear(&job);
        }
        assert_int_equal(sum, id * (id + 1) / 2);
    }
    lookahead_close(&lookahead);
}

static void closing_frees_what_is_in_it_and_closing_nothing_does_nothing(void **state)
{
    struct lookahead lookahead, nothing = {0};

    (void)state;
    assert_int_equal(lookahead_open(&lookahead), STATUS_OK);
    put(&lookahead, 1, 1);
    put(&lookahead, 2, 2);
    lookahead_close(&lookahead);
    assert_int_equal(lookahead.count, 0);
    lookahead_close(&lookahead);
    lookahead_close(&nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_comes_first_and_equals_in_order_of_id),
        cmocka_unit_test(what_goes_in_comes_out_once_in_order_whatever_its_order_was),
        cmocka_unit_test(closing_frees_what_is_in_it_and_closing_nothing_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
