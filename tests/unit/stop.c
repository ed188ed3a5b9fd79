/*
 * The stop: levels only rise, and whoever polls is woken once for each.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>

#include "common/stop.h"

static int readable(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return poll(&item, 1, 0);
}

static void a_drain_wakes_who_saw_nothing_and_not_who_saw_it(void **state)
{
    (void)state;
    struct stop stop;
    assert_int_equal(stop_open(&stop, NULL), STATUS_OK);
    assert_int_equal(stop_level(&stop), STOP_NONE);
    assert_int_equal(readable(stop_fd(&stop, STOP_NONE)), 0);
    stop_raise(&stop, STOP_DRAIN);
    assert_int_equal(stop_level(&stop), STOP_DRAIN);
    assert_int_equal(readable(stop_fd(&stop, STOP_NONE)), 1);
    assert_int_equal(readable(stop_fd(&stop, STOP_DRAIN)), 0);
    stop_raise(&stop, STOP_NOW);
    assert_int_equal(readable(stop_fd(&stop, STOP_DRAIN)), 1);
    assert_int_equal(stop_fd(&stop, STOP_NOW), -1);
    stop_close(&stop);
}

static void a_stop_now_is_a_drain_as_well(void **state)
{
    (void)state;
    struct stop stop;
    assert_int_equal(stop_open(&stop, NULL), STATUS_OK);
    stop_raise(&stop, STOP_NOW);
    assert_int_equal(readable(stop_fd(&stop, STOP_NONE)), 1);
    assert_int_equal(readable(stop_fd(&stop, STOP_DRAIN)), 1);
    stop_close(&stop);
}

static void a_level_is_never_taken_back(void **state)
{
    (void)state;
    struct stop stop;
    assert_int_equal(stop_open(&stop, NULL), STATUS_OK);
    stop_raise(&stop, STOP_NOW);
    stop_raise(&stop, STOP_DRAIN);
    stop_raise(&stop, STOP_NONE);
    assert_int_equal(stop_level(&stop), STOP_NOW);
    stop_close(&stop);
}

static void closing_a_zeroed_stop_twice_does_nothing(void **state)
{
    (void)state;
    struct stop stop = {0};
    stop_close(&stop);
    stop_close(&stop);
    assert_int_equal(stop.drain_fd, -1);
    assert_int_not_equal(readable(0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drain_wakes_who_saw_nothing_and_not_who_saw_it),
        cmocka_unit_test(a_stop_now_is_a_drain_as_well),
        cmocka_unit_test(a_level_is_never_taken_back),
        cmocka_unit_test(closing_a_zeroed_stop_twice_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
