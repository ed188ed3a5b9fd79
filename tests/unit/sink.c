/* The sink role through a run: what it counts, acknowledges, refuses and agrees to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sink_rig.h"

static void a_run_is_collected_from_start_to_end(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 3);
    for (uint64_t job = 1; job <= 3; job++)
        rig_push_result(RIG_RUN, job, 1);
    (void)rig_hear_recorded(3);
    rig_say_finish(3, false);
    assert_int_equal(rig.in.finished.states[IMAGE_MADE], 3);
    assert_int_equal(rig.in.finished.run, RIG_RUN);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
    assert_int_equal(rig.summary.states[IMAGE_MADE], 3);
    assert_int_equal(rig.summary.dispatch.enumerated, 3);
    assert_int_equal(rig.summary.outputs, 3);
    assert_int_equal(rig.summary.bytes_out, 9);
    assert_false(rig.summary.dispatch.interrupted);
    assert_true(rig.progress_calls >= 2);
}

static void thousands_of_results_are_acknowledged_each(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    rig_begin_run();
    for (uint64_t first = 1; first <= MANY; first += 100)
        rig_ask_about(first, 100);
    for (uint64_t job = 1; job <= MANY; job++)
        rig_push_result(RIG_RUN, job, 1);
    (void)rig_hear_recorded(MANY);
    rig_say_finish(MANY, false);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
    assert_int_equal(rig.summary.states[IMAGE_MADE], MANY);
}

static void no_result_is_read_before_the_start_signal(void **state)
{
    (void)state;
    rig_start_sink();
    rig_hear(MSG_HELLO);
    rig_push_result(RIG_RUN, 1, 1);
    rig_hear(MSG_HELLO); // said again: the sink had a turn with that result at its door
    rig_say_start(RIG_RUN);
    rig_hear(MSG_STARTED); // nothing was acknowledged before
    rig_ask_about(1, 2);
    rig_push_result(RIG_RUN, 1, 2);
    do // the early one may be acknowledged by now as well, if ASK was faster
        rig_hear(MSG_RECORDED);
    while (rig.in.attempts.list[rig.in.attempts.count - 1].attempt != 2);
    rig_say_finish(2, true);
    rig_end_run(0);
    assert_int_equal(rig.summary.states[IMAGE_MADE], 1);
    assert_int_equal(rig.summary.states[IMAGE_PENDING], 1);
}

static void what_is_said_again_is_answered_again(void **state)
{
    (void)state;
    rig_begin_run();
    rig_say_start(RIG_RUN);
    rig_hear(MSG_STARTED);
    rig_ask_about(1, 2);
    rig_ask_about(1, 2);
    rig_push_result(RIG_RUN, 1, 1);
    (void)rig_hear_recorded(1);
    rig_push_result(RIG_RUN, 1, 2);
    (void)rig_hear_recorded(1);
    for (int i = 0; i < 2; i++) {
        rig.out.outcome = (struct outcome){.job = 2,
                                           .state = IMAGE_QUARANTINED,
                                           .path = text_of("2.png"),
                                           .error = text_of("two decoders died of it")};
        rig_say(MSG_OUTCOME);
        assert_int_equal(rig_hear_recorded(1).job, 2);
    }
    rig_say_finish(2, false);
    rig_say_finish(2, false);
    rig_end_run(1);
    assert_int_equal(rig.ended, STATUS_OK);
    assert_int_equal(rig.summary.states[IMAGE_MADE], 1);
    assert_int_equal(rig.summary.states[IMAGE_QUARANTINED], 1);
    assert_int_equal(rig.summary.duplicates, 1);
}

static void a_run_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    rig_start_sink();
    rig_hear(MSG_HELLO);
    memset(&rig.out.start, 0, sizeof rig.out.start);
    run_options_init(&rig.out.start.setup.options);
    strcpy(rig.out.start.setup.options.output, "../../%s.jpg");
    rig.out.start.setup.dest = text_of(rig.dest);
    rig.out.start.setup.root_count = 1;
    rig.out.start.setup.roots[0] = text_of("/photos");
    rig_say(MSG_START);
    rig_hear(MSG_REFUSED);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
    assert_true(rig.summary.dispatch.interrupted);
    assert_int_equal(rig.progress_calls, 0);
}

static void strange_results_are_dropped_and_the_run_goes_on(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 2);
    rig_push("garbage", 7);
    rig_push("", 0);
    rig_push_result(RIG_RUN + 1, 1, 1);
    rig_push_result(RIG_RUN, 3, 1); // never asked about
    rig_push_result(RIG_RUN, 2, 1);
    assert_int_equal(rig_hear_recorded(1).job, 2);
    rig_push_result(RIG_RUN, 1, 1);
    assert_int_equal(rig_hear_recorded(1).job, 1);
    rig_say_finish(2, false);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
    assert_int_equal(rig.summary.duplicates, 0);
}

static void counts_that_do_not_agree_are_told_and_end_in_failure(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 2);
    rig_push_result(RIG_RUN, 1, 1);
    (void)rig_hear_recorded(1);
    rig_say_finish(2, false);
    assert_int_equal(rig.in.finished.states[IMAGE_MADE], 1);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_MACHINE);
    assert_non_null(strstr(rig.why.text, "do not agree"));
}

static void a_place_that_is_taken_is_refused_in_words(void **state)
{
    (void)state;
    struct reason reason;
    struct channel *there = NULL;
    char endpoint[ENDPOINT_SIZE];
    address_endpoint(&rig.config.bind, SOCKET_RESULTS, endpoint);
    assert_int_equal(
        channel_open(&there, rig.context, CHANNEL_RESULTS_PULL, FRAME_RESULT_MAX, &reason),
        STATUS_OK);
    assert_int_equal(channel_bind(there, endpoint, &reason), STATUS_OK);
    rig_start_sink();
    rig_join_sink();
    channel_close(&there, 0);
    assert_int_equal(rig.ended, STATUS_MACHINE);
    assert_non_null(strstr(rig.why.text, endpoint));
}

static void a_second_place_takes_results_over_tcp(void **state)
{
    (void)state;
    struct reason reason;
    char endpoint[ENDPOINT_SIZE];
    assert_int_equal(address_parse("tcp://127.0.0.1:0", &rig.config.listen, &reason), STATUS_OK);
    rig.config.has_listen = true;
    rig.config.advertise = "127.0.0.1";
    rig_start_sink();
    rig_hear(MSG_HELLO);
    assert_true(rig.in.hello.results_port > 0);
    assert_int_equal(rig.in.hello.results_host.size, strlen("127.0.0.1"));
    address_endpoint_at(&rig.config.listen, SOCKET_RESULTS, rig.in.hello.results_port, endpoint);
    rig_say_start(RIG_RUN);
    rig_hear(MSG_STARTED);
    rig_ask_about(1, 2);
    rig_push_result(RIG_RUN, 1, 1); // over inproc
    (void)rig_hear_recorded(1);
    rig_connect_worker(endpoint);
    rig_push_result(RIG_RUN, 2, 1);
    assert_int_equal(rig_hear_recorded(1).job, 2);
    rig_say_finish(2, false);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
}

#define test(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_run_is_collected_from_start_to_end),
        test(thousands_of_results_are_acknowledged_each),
        test(no_result_is_read_before_the_start_signal),
        test(what_is_said_again_is_answered_again),
        test(a_run_that_makes_no_sense_is_refused),
        test(strange_results_are_dropped_and_the_run_goes_on),
        test(counts_that_do_not_agree_are_told_and_end_in_failure),
        test(a_place_that_is_taken_is_refused_in_words),
        test(a_second_place_takes_results_over_tcp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
