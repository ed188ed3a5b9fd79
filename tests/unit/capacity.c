/* How many jobs a worker should hold. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "worker/capacity.h"

static void capacity_covers_the_round_trip(void **state)
{
    (void)state;
    const struct {
        uint32_t slots;
        usec round_trip, service;
        uint32_t wanted;
    } cases[] = {
        {4, 0, 0, 8},                            // nothing measured: one ahead
        {4, 1 * US_PER_MS, 0, 8},                //
        {4, 100, 20 * US_PER_MS, 8},             // long images, near head
        {4, 6 * US_PER_MS, 20 * US_PER_MS, 8},   // three round trips are less than one image
        {4, 7 * US_PER_MS, 20 * US_PER_MS, 12},  // and now more
        {4, 1 * US_PER_MS, 1 * US_PER_MS, 20},   //
        {1, 200 * US_PER_MS, 1 * US_PER_MS, 17}, // no further ahead than AHEAD_MAX
        {256, 200 * US_PER_MS, 1, ATTEMPTS_MAX}, // no more than a BEAT can list
        {256, 0, 0, 512},                        //
        {1, 0, 1, 2},                            // the smallest measurements
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct capacity capacity;
        capacity_init(&capacity, cases[i].slots);
        capacity.round_trip = cases[i].round_trip;
        capacity.service = cases[i].service;
        assert_int_equal(capacity_wanted(&capacity), cases[i].wanted);
    }
}

static void one_slow_answer_moves_little_and_many_move_all(void **state)
{
    (void)state;
    struct capacity capacity;
    capacity_init(&capacity, 2);
    capacity_service(&capacity, 10 * US_PER_MS);
    capacity_round_trip(&capacity, 1 * US_PER_MS);
    capacity_round_trip(&capacity, 9 * US_PER_MS);
    assert_int_equal(capacity.round_trip, 2 * US_PER_MS);
    assert_int_equal(capacity_wanted(&capacity), 4); // 3 x 2 ms are less than 10
    for (int i = 0; i < 100; i++)
        capacity_round_trip(&capacity, 90 * US_PER_MS);
    assert_int_equal(capacity_wanted(&capacity), 2 * (1 + AHEAD_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capacity_covers_the_round_trip),
        cmocka_unit_test(one_slow_answer_moves_little_and_many_move_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
