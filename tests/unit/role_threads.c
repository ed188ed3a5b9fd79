/*
 * Roles as threads: the first reason stands, the others are stopped, signals become stops.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "cli/role_threads.h"

static struct role_threads all;

static int open_all(void **state)
{
    (void)state;
    struct reason why;
    return role_threads_open(&all, &why) == STATUS_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    role_threads_close(&all);
    return 0;
}

/* Waits as a role does, until it is told to stop at a level. */
static void wait_for(enum stop_level level)
{
    struct pollfd item = {.fd = stop_fd(&all.stop, level - 1), .events = POLLIN};
    while (poll(&item, 1, -1) != 1)
        ;
}

static enum status ends_well(void *argument, struct reason *why)
{
    (void)argument;
    (void)why;
    return STATUS_OK;
}

static enum status fails(void *argument, struct reason *why)
{
    return reason_set(why, STATUS_MACHINE, "%s", (const char *)argument);
}

static enum status waits_for_now(void *argument, struct reason *why)
{
    (void)argument;
    wait_for(STOP_NOW);
    return reason_set(why, STATUS_CLOSED, "told to stop");
}

static enum status fails_when_stopped(void *argument, struct reason *why)
{
    wait_for(STOP_NOW);
    return fails(argument, why);
}

/* To the whole process: nobody but the waiting main thread may receive it. */
static enum status sends_one_signal_and_then_another(void *argument, struct reason *why)
{
    (void)argument;
    (void)why;
    kill(getpid(), SIGTERM);
    wait_for(STOP_DRAIN);
    if (stop_level(&all.stop) != STOP_DRAIN)
        return reason_set(why, STATUS_MACHINE, "the first signal did more than drain");
    kill(getpid(), SIGINT);
    wait_for(STOP_NOW);
    return STATUS_OK;
}

static void roles_that_end_well_end_the_wait(void **state)
{
    (void)state;
    struct reason why = {0};
    int signal = -1;
    // The first may have ended before the last is started: that is not the end.
    for (int i = 0; i < 8; i++)
        role_threads_start(&all, ends_well, NULL);
    assert_int_equal(role_threads_wait(&all, &signal, &why), STATUS_OK);
    assert_int_equal(signal, 0);
    assert_int_equal(stop_level(&all.stop), STOP_NONE);
}

static void no_role_at_all_is_no_wait_at_all(void **state)
{
    (void)state;
    struct reason why = {0};
    int signal;
    assert_int_equal(role_threads_wait(&all, &signal, &why), STATUS_OK);
}

static void one_failure_stops_the_others_and_its_reason_stands(void **state)
{
    (void)state;
    struct reason why = {0};
    int signal;
    static char cause[] = "the cause", consequence[] = "a consequence";
    role_threads_start(&all, waits_for_now, NULL);
    role_threads_start(&all, fails_when_stopped, consequence);
    role_threads_start(&all, fails, cause);
    assert_int_equal(role_threads_wait(&all, &signal, &why), STATUS_MACHINE);
    assert_string_equal(why.text, "the cause");
    assert_int_equal(signal, 0);
}

static void the_first_signal_drains_and_the_second_stops_now(void **state)
{
    (void)state;
    struct reason why = {0};
    int signal;
    role_threads_start(&all, waits_for_now, NULL);
    role_threads_start(&all, sends_one_signal_and_then_another, NULL);
    assert_int_equal(role_threads_wait(&all, &signal, &why), STATUS_OK);
    assert_int_equal(signal, SIGTERM);
    assert_int_equal(stop_level(&all.stop), STOP_NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(roles_that_end_well_end_the_wait, open_all, close_all),
        cmocka_unit_test_setup_teardown(no_role_at_all_is_no_wait_at_all, open_all, close_all),
        cmocka_unit_test_setup_teardown(one_failure_stops_the_others_and_its_reason_stands,
                                        open_all, close_all),
        cmocka_unit_test_setup_teardown(the_first_signal_drains_and_the_second_stops_now, open_all,
                                        close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
