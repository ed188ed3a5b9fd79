/* The sink role and its record: what a second run and a second sink find, and what becomes of a run
 * whose record cannot be kept. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/record.h"
#include "tests/support/full_disk.h"
#include "tests/support/sink_rig.h"

static int tear_down(void **state)
{
    full_disk_end();
    return rig_tear_down(state);
}

/* RIG_RUN makes images 1 to `count`. */
static void run_once(uint32_t count)
{
    rig_begin_run();
    rig_ask_about(1, count);
    for (uint64_t job = 1; job <= count; job++)
        rig_push_result(RIG_RUN, job, 1);
    (void)rig_hear_recorded(count);
    rig_say_finish(count, false);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
    assert_int_equal(rig.summary.states[IMAGE_MADE], count);
}

static void the_next_run_finds_everything_fresh(void **state)
{
    (void)state;
    run_once(3);
    rig_begin_run_of(RIG_RUN + 1);
    rig_ask_about(1, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(rig.in.answer.entries[i].verdict, VERDICT_FRESH);
    rig_say_finish(3, false);
    assert_int_equal(rig.in.finished.states[IMAGE_FRESH], 3);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
}

static void the_next_run_does_it_all_again_with_force(void **state)
{
    (void)state;
    run_once(3);
    rig.force = true;
    rig_begin_run_of(RIG_RUN + 1);
    rig_ask_about(1, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(rig.in.answer.entries[i].verdict, VERDICT_NEW);
    rig_end_run(0);
}

static void failures_are_tried_again_only_when_that_is_wanted(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 1);
    rig.out.outcome = (struct outcome){.job = 1,
                                       .state = IMAGE_QUARANTINED,
                                       .path = text_of("1.png"),
                                       .size = 10,
                                       .error = text_of("two decoders died of it")};
    rig_say(MSG_OUTCOME);
    (void)rig_hear_recorded(1);
    rig_say_finish(1, false);
    rig_end_run(1);
    rig_begin_run_of(RIG_RUN + 1);
    rig_ask_about(1, 1);
    assert_int_equal(rig.in.answer.entries[0].verdict, VERDICT_FAILED_EARLIER);
    rig_end_run(1);
    assert_int_equal(rig.summary.states[IMAGE_QUARANTINED], 1);
    rig.retry_failed = true;
    rig_begin_run_of(RIG_RUN + 2);
    rig_ask_about(1, 1);
    assert_int_equal(rig.in.answer.entries[0].verdict, VERDICT_NEW);
    rig_end_run(1);
}

static void a_crash_is_remembered_for_the_next_run(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 1);
    rig.out.outcome = (struct outcome){.job = 1,
                                       .attempt = 1,
                                       .path = text_of("1.png"),
                                       .size = 10,
                                       .error = text_of("its decoder died: signal 11")};
    rig_say(MSG_CRASHED);
    rig_ask_about(1, 1); // so the crash is committed, though nobody acknowledges it
    rig_end_run(3);
    rig_begin_run_of(RIG_RUN + 1);
    rig_ask_about(1, 1);
    assert_int_equal(rig.in.answer.entries[0].verdict, VERDICT_NEW);
    assert_int_equal(rig.in.answer.entries[0].crashes, 1);
    rig_end_run(0);
}

static void a_sink_that_takes_over_in_mid_run_agrees_at_the_end(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 4);
    rig_push_result(RIG_RUN, 1, 1);
    rig_push_result(RIG_RUN, 2, 1);
    (void)rig_hear_recorded(2);
    rig_replace_sink();
    rig_hear(MSG_HELLO);
    rig_say_start(RIG_RUN);
    rig_hear(MSG_STARTED);
    rig_push_result(RIG_RUN, 3, 1); // before it is told how far the head is
    (void)rig_hear_recorded(1);
    rig_push_result(RIG_RUN, 2, 2); // its RECORDED could have been lost with the other sink
    (void)rig_hear_recorded(1);
    rig_ask_about(4, 1); // was not answered before
    rig_push_result(RIG_RUN, 4, 1);
    (void)rig_hear_recorded(1);
    rig_say_finish(4, false);
    assert_int_equal(rig.in.finished.states[IMAGE_MADE], 4);
    assert_int_equal(rig.in.finished.duplicates, 1);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
}

static void a_record_that_cannot_be_made_is_refused_in_words(void **state)
{
    (void)state;
    rig.config.record = temp_tree_at(&rig.tree, "nowhere/record.sqlite");
    rig_start_sink();
    rig_hear(MSG_HELLO);
    rig_say_start(RIG_RUN);
    rig_hear(MSG_REFUSED);
    rig_expect_refused("nowhere/record.sqlite");
    rig_end_run(3);
    assert_int_equal(rig.ended, STATUS_CLOSED);
}

static void a_record_that_another_writes_is_refused_in_words(void **state)
{
    (void)state;
    struct record *record = NULL;
    struct reason reason;
    const char *path = temp_tree_at(&rig.tree, "dest/" RECORD_DEFAULT);
    assert_int_equal(record_open(&record, path, rig.dest, RECORD_WRITE, &reason), STATUS_OK);
    rig_start_sink();
    rig_hear(MSG_HELLO);
    rig_say_start(RIG_RUN);
    rig_hear(MSG_REFUSED);
    rig_expect_refused("another run writes it");
    record_close(&record);
    rig_say_start(RIG_RUN); // the other has gone
    rig_hear(MSG_STARTED);
    rig_end_run(0);
    assert_int_equal(rig.ended, STATUS_OK);
}

static void a_disk_without_room_is_refused_at_the_start(void **state)
{
    (void)state;
    rig_start_sink();
    rig_hear(MSG_HELLO);
    full_disk_begin();
    rig_say_start(RIG_RUN);
    rig_hear(MSG_REFUSED);
    full_disk_end();
    rig_expect_refused(rig.dest);
    rig_end_run(3);
    assert_int_equal(rig.ended, STATUS_CLOSED);
}

static void a_disk_that_fills_up_ends_the_sink_and_nothing_is_acknowledged(void **state)
{
    (void)state;
    rig_begin_run();
    rig_ask_about(1, 3);
    rig_push_result(RIG_RUN, 1, 1);
    (void)rig_hear_recorded(1);
    rig_place_output(2);
    full_disk_begin();
    rig_push_result(RIG_RUN, 2, 1);
    rig_hear(MSG_REFUSED); // and no RECORDED
    rig_join_sink();
    full_disk_end();
    rig_expect_refused("record.sqlite");
    assert_int_equal(rig.ended, STATUS_MACHINE);
    assert_non_null(strstr(rig.why.text, "record.sqlite"));
    assert_int_equal(rig.summary.states[IMAGE_MADE], 1);
    assert_true(rig.summary.dispatch.interrupted);
    rig_begin_run_of(RIG_RUN + 1); // with room again what was acknowledged is there
    rig_ask_about(1, 2);
    assert_int_equal(rig.in.answer.entries[0].verdict, VERDICT_FRESH);
    assert_int_equal(rig.in.answer.entries[1].verdict, VERDICT_NEW);
    rig_end_run(0);
}

static void with_sync_a_run_is_collected_as_well(void **state)
{
    (void)state;
    rig.sync = true;
    run_once(3);
}

#define test(name) cmocka_unit_test_setup_teardown(name, rig_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_next_run_finds_everything_fresh),
        test(the_next_run_does_it_all_again_with_force),
        test(failures_are_tried_again_only_when_that_is_wanted),
        test(a_crash_is_remembered_for_the_next_run),
        test(a_sink_that_takes_over_in_mid_run_agrees_at_the_end),
        test(a_record_that_cannot_be_made_is_refused_in_words),
        test(a_record_that_another_writes_is_refused_in_words),
        test(a_disk_without_room_is_refused_at_the_start),
        test(a_disk_that_fills_up_ends_the_sink_and_nothing_is_acknowledged),
        test(with_sync_a_run_is_collected_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
