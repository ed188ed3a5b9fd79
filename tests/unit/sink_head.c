/* The sink role and its head: found, lost, replaced, of another version; and stops. */

#include <netinet/in.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/sink_rig.h"

static void another_run_is_refused_while_one_is_collected(void **state)
{
    (void)state;
    rig_begin_run();
    rig_say_start(RIG_RUN + 1);
    rig_hear(MSG_REFUSED);
    assert_true(rig.in.refused.size > 0);
    rig_ask_about(1, 1); // the run goes on
    rig_push_result(RIG_RUN, 1, 1);
    (void)rig_hear_recorded(1);
    rig_say_finish(1, false);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
}

static void who_asks_is_told_hello(void **state)
{
    (void)state;
    rig_begin_run();
    rig_say(MSG_WHO);
    rig_hear(MSG_HELLO);
    assert_int_equal(rig.in.hello.role, PEER_SINK);
    assert_int_equal(rig.in.envelope.run, RIG_RUN);
    rig_end_run(0);
    assert_true(rig.summary.dispatch.interrupted);
}

static void the_second_stop_ends_it_with_the_counts_so_far(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 2);
    stop_raise(&rig.stop, STOP_DRAIN);
    rig_push_result(RIG_RUN, 1, 1);
    (void)rig_hear_recorded(1); // it goes on collecting
    stop_raise(&rig.stop, STOP_NOW);
    rig_join_sink();
    assert_int_equal(rig.ended, STATUS_OK);
    assert_true(rig.summary.dispatch.interrupted);
    assert_int_equal(rig.summary.states[IMAGE_MADE], 1);
    assert_int_equal(rig.summary.states[IMAGE_PENDING], 1);
}

static void told_to_drain_before_any_head_was_heard_it_goes(void **state)
{
    (void)state;
    rig_start_sink();
    stop_raise(&rig.stop, STOP_DRAIN);
    rig_join_sink();
    assert_int_equal(rig.ended, STATUS_OK);
    assert_true(rig.summary.dispatch.interrupted);
}

static void without_a_head_it_gives_up_and_says_where_it_looked(void **state)
{
    (void)state;
    rig.config.head_timeout = 1;
    rig_start_sink();
    rig_join_sink();
    assert_int_equal(rig.ended, STATUS_MACHINE);
    assert_non_null(strstr(rig.why.text, "inproc://head"));
}

static void a_head_of_another_version_is_named_and_left(void **state)
{
    (void)state;
    rig_start_sink();
    rig_hear(MSG_HELLO);
    static const char newer[] = {'\x92', 99, 0}; // an array of two: version 99, and a type
    assert_int_equal(channel_send_to(rig.control, &rig.sink_peer, newer, sizeof newer), STATUS_OK);
    rig_join_sink();
    assert_int_equal(rig.ended, STATUS_MACHINE);
    assert_non_null(strstr(rig.why.text, "version 99"));
}

static void a_head_that_could_not_go_on_ends_it_in_failure(void **state)
{
    (void)state;
    rig_begin_run();
    rig_end_run(3);
    assert_int_equal(rig.ended, STATUS_CLOSED);
    assert_string_not_equal(rig.why.text, "");
}

static void a_ventilator_started_again_is_served_once_the_old_one_is_lost(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 2);
    rig_push_result(RIG_RUN, 1, 1);
    (void)rig_hear_recorded(1);
    do { // as a head does that does not know this sink
        rig_hear_any();
        if (rig.in.envelope.type == MSG_BEAT)
            rig_say_of(RIG_RUN + 1, MSG_WHO);
    } while (rig.in.envelope.type != MSG_HELLO);
    rig_say_start(RIG_RUN + 1);
    rig_hear(MSG_STARTED);
    assert_int_equal(rig.in.envelope.run, RIG_RUN + 1);
    rig.out.end.exit_status = 0;
    rig_say_of(RIG_RUN + 1, MSG_END);
    rig_join_sink();
    assert_int_equal(rig.ended, STATUS_OK);
    assert_int_equal(rig.summary.run, RIG_RUN + 1);
    assert_int_equal(rig.summary.states[IMAGE_MADE], 0);
}

static sem_t may_go_on;

static void wait_for_leave(void *observer, const struct run_setup *setup)
{
    (void)observer;
    (void)setup;
    sem_wait(&may_go_on);
}

static void a_start_that_takes_its_time_may_be_said_again_meanwhile(void **state)
{
    (void)state;
    sem_init(&may_go_on, 0, 1);
    rig.config.started = wait_for_leave;
    rig_begin_run();
    do { // until the old head is lost
        rig_hear_any();
        if (rig.in.envelope.type == MSG_BEAT)
            rig_say_of(RIG_RUN + 1, MSG_WHO);
    } while (rig.in.envelope.type != MSG_HELLO);
    for (int i = 0; i < 2; i++) {
        rig_say_start(RIG_RUN + 1);
        rig_say_of(RIG_RUN + 1, MSG_WHO);
        rig_hear(MSG_HELLO); // it has heard the one, and the other; it refused neither
    }
    sem_post(&may_go_on);
    rig_hear(MSG_STARTED);
    rig_hear(MSG_STARTED);
    rig.out.end.exit_status = 0;
    rig_say_of(RIG_RUN + 1, MSG_END);
    rig_join_sink();
    sem_destroy(&may_go_on);
    assert_int_equal(rig.ended, STATUS_OK);
}

/* A peer of ZMTP 3.0 (RFC 23) with a security mechanism that nobody knows: after such an error
 * libzmq never connects again. Takes one connection, says that, and is gone. */
static void answer_strangely(int listener)
{
    static const uint8_t greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'O', 'D', 'D'};
    const int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(connection >= 0);
    assert_int_equal(write(connection, greeting, sizeof greeting), sizeof greeting);
    char rest[256];
    while (read(connection, rest, sizeof rest) > 0) // until the sink's end is closed
        continue;
    close(connection);
    close(listener);
}

static void a_connection_that_died_for_good_is_made_anew(void **state)
{
    (void)state;
    struct reason reason;
    char endpoint[ENDPOINT_SIZE];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &size), 0);
    assert_int_equal(address_parse("tcp://127.0.0.1:1", &rig.config.head, &reason), STATUS_OK);
    rig.config.head.port = ntohs(here.sin_port);
    rig_start_sink();
    answer_strangely(listener);

    address_endpoint(&rig.config.head, SOCKET_CONTROL, endpoint);
    assert_int_equal(channel_bind(rig.control, endpoint, &reason), STATUS_OK);
    rig_hear(MSG_HELLO);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
}

#define test(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(another_run_is_refused_while_one_is_collected),
        test(who_asks_is_told_hello),
        test(the_second_stop_ends_it_with_the_counts_so_far),
        test(told_to_drain_before_any_head_was_heard_it_goes),
        test(without_a_head_it_gives_up_and_says_where_it_looked),
        test(a_head_of_another_version_is_named_and_left),
        test(a_head_that_could_not_go_on_ends_it_in_failure),
        test(a_ventilator_started_again_is_served_once_the_old_one_is_lost),
        test(a_start_that_takes_its_time_may_be_said_again_meanwhile),
        test(a_connection_that_died_for_good_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
