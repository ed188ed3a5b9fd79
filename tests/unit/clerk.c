/* The clerk's thread: groups, order, room, what is let out and when, and its end. The observer that
 * hears of a start may hold it up, so that what waits for it is known. */

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/clerk_internal.h"
#include "sink/record.h"
#include "tests/support/collection_kit.h"
#include "tests/support/full_disk.h"

#define RUN 7
#define EPOCH 8

static struct clerk *clerk;
static struct sink_config config;
static struct clerk_view view;
static struct message in, out;
static struct buffer buffer;
static struct reason why;
static int holds; // starts that are held up yet
static sem_t held_up, may_go_on;

static void hold_up(void *observer, const struct run_setup *setup)
{
    (void)observer;
    (void)setup;
    if (holds == 0)
        return;
    holds--;
    sem_post(&held_up);
    sem_wait(&may_go_on);
}

static int set_up(void **state)
{
    (void)kit_set_up(state);
    kit_die();
    config = (struct sink_config){.started = hold_up};
    holds = 0;
    sem_init(&held_up, 0, 0);
    sem_init(&may_go_on, 0, 0);
    return clerk_start(&clerk, &config, 9, &why) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    full_disk_end();
    clerk_stop(&clerk);
    clerk_stop(&clerk);
    sem_destroy(&held_up);
    sem_destroy(&may_go_on);
    buffer_close(&buffer);
    return kit_tear_down(state);
}

static enum status hand(enum letter_origin origin, uint64_t run, enum message_type type)
{
    out.envelope = (struct envelope){.type = type, .run = run, .epoch = EPOCH, .sender = 5};
    assert_int_equal(wire_encode(&buffer, &out), STATUS_OK);
    return clerk_hand(clerk, origin, buffer.bytes, buffer.size);
}

static void say(uint64_t run, enum message_type type)
{
    assert_int_equal(hand(FROM_HEAD, run, type), STATUS_OK);
}

static void say_start(uint64_t run)
{
    out.start = kit.start;
    say(run, MSG_START);
}

/* From now on frames wait, until the clerk may go on. */
static void say_start_and_hold(uint64_t run)
{
    holds = 1;
    say_start(run);
    sem_wait(&held_up);
}

static void say_ask(uint64_t run, uint64_t first, uint32_t count)
{
    static char paths[ASK_MAX][16];
    out.ask.known = (struct dispatch_counts){.enumerated = first + count - 1};
    out.ask.count = count;
    for (uint32_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof paths[i], "%u.png", (unsigned)(first + i));
        out.ask.entries[i] =
            (struct ask_entry){.number = first + i, .path = text_of(paths[i]), .size = KIT_SIZE};
    }
    say(run, MSG_ASK);
}

static enum status hand_result(uint64_t run, uint64_t job)
{
    out.result = kit_result(job, IMAGE_MADE);
    return hand(FROM_WORKERS, run, MSG_RESULT);
}

static void push_result(uint64_t run, uint64_t job)
{
    assert_int_equal(hand_result(run, job), STATUS_OK);
}

static void wait_for_news(void)
{
    struct pollfd readable = {.fd = clerk_fd(clerk), .events = POLLIN};
    assert_int_equal(poll(&readable, 1, -1), 1);
}

/* The next answer, which must be this one. */
static void hear(uint64_t run, enum message_type type)
{
    struct letter *letter;
    while (clerk_answer(clerk, &letter) != STATUS_OK)
        wait_for_news();
    assert_int_equal(letter->origin, FROM_CLERK);
    static char bytes[FRAME_TO_HEAD_MAX]; // texts of `in` point into it
    const size_t size = letter->size;
    assert_true(size <= sizeof bytes);
    memcpy(bytes, letter->bytes, size);
    free(letter);
    assert_int_equal(wire_decode(bytes, size, &in, NULL, &why), STATUS_OK);
    if (in.envelope.type == MSG_REFUSED && type != MSG_REFUSED)
        fail_msg("refused: %.*s", (int)in.refused.size, in.refused.bytes);
    assert_int_equal(in.envelope.type, type);
    assert_int_equal(in.envelope.run, run);
    assert_int_equal(in.envelope.sender, 9);
}

static void begin(void)
{
    say_start(RUN);
    hear(RUN, MSG_STARTED);
}

static bool count_image(void *context, const struct record_image *image)
{
    if (image->state == IMAGE_MADE)
        ++*(uint64_t *)context;
    return true;
}

/* Images made, as another process reads them. */
static uint64_t count_recorded(void)
{
    struct record *record = NULL;
    uint64_t count = 0;
    assert_int_equal(record_open(&record, temp_tree_at(&kit.tree, "dest/" RECORD_DEFAULT), NULL,
                                 RECORD_READ, &why),
                     STATUS_OK);
    assert_int_equal(record_each(record, RECORD_ALL, count_image, &count, &why), STATUS_OK);
    record_close(&record);
    return count;
}

static void answers_come_in_the_order_of_what_was_said(void **state)
{
    (void)state;
    say_start_and_hold(RUN);
    say_ask(RUN, 1, 2);
    push_result(RUN, 1);
    say_start(RUN); // again
    say_ask(RUN, 3, 1);
    push_result(RUN, 3);
    sem_post(&may_go_on);
    hear(RUN, MSG_STARTED);
    hear(RUN, MSG_ANSWER);
    assert_int_equal(in.answer.count, 2);
    assert_int_equal(in.answer.entries[0].number, 1);
    hear(RUN, MSG_STARTED);
    hear(RUN, MSG_ANSWER);
    assert_int_equal(in.answer.entries[0].number, 3);
    hear(RUN, MSG_RECORDED);
    assert_int_equal(in.attempts.count, 2);
    assert_int_equal(in.attempts.list[0].job, 1);
    assert_int_equal(in.attempts.list[1].job, 3);
    assert_int_equal(in.attempts.list[1].attempt, 1);
}

static void what_is_acknowledged_can_be_read_by_others(void **state)
{
    (void)state;
    begin();
    say_ask(RUN, 1, 3);
    hear(RUN, MSG_ANSWER);
    assert_int_equal(count_recorded(), 0);
    for (uint64_t job = 1; job <= 3; job++) {
        push_result(RUN, job);
        hear(RUN, MSG_RECORDED);
        assert_int_equal(count_recorded(), job);
    }
}

static void a_flood_is_acknowledged_by_the_group(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    say_start_and_hold(RUN);
    say_ask(RUN, 1, ASK_MAX);
    for (uint64_t i = 0; i < MANY; i++)
        push_result(RUN, 1 + i % ASK_MAX);
    sem_post(&may_go_on);
    hear(RUN, MSG_STARTED);
    hear(RUN, MSG_ANSWER);
    hear(RUN, MSG_RECORDED);
    assert_int_equal(in.attempts.count, GROUP_MAX - 2); // START and ASK were of the group
    hear(RUN, MSG_RECORDED);
    assert_int_equal(in.attempts.count, MANY - (GROUP_MAX - 2));
    clerk_look(clerk, &view);
    assert_int_equal(view.summary.states[IMAGE_MADE], ASK_MAX);
    assert_int_equal(view.summary.duplicates, MANY - ASK_MAX);
    assert_int_equal(view.changes, MANY + 2);
}

static void results_leave_room_for_the_head(void **state)
{
    (void)state;
    size_t results = 0, questions = 0;
    say_start_and_hold(RUN);
    say_ask(RUN, 1, 1);
    while (clerk_has_room(clerk)) {
        push_result(RUN, 1);
        results++;
    }
    assert_int_equal(results + 1, HANDED_MAX / 2);
    out.ask.count = 0;
    while (hand(FROM_HEAD, RUN, MSG_ASK) == STATUS_OK)
        questions++;
    assert_int_equal(results + 1 + questions, HANDED_MAX);
    assert_int_equal(hand(FROM_HEAD, RUN, MSG_ASK), STATUS_AGAIN);
    assert_int_equal(hand_result(RUN, 1), STATUS_AGAIN);
    sem_post(&may_go_on);
    while (!clerk_has_room(clerk)) { // news, also of groups that say nothing
        struct letter *letter;
        wait_for_news();
        while (clerk_answer(clerk, &letter) == STATUS_OK)
            free(letter);
    }
    clerk_look(clerk, &view);
    assert_int_equal(view.summary.states[IMAGE_MADE], 1);
}

static void a_group_without_an_answer_is_news_too(void **state)
{
    (void)state;
    struct letter *letter;
    assert_int_equal(clerk_hand(clerk, FROM_WORKERS, "garbage", 7), STATUS_OK);
    wait_for_news();
    assert_int_equal(clerk_answer(clerk, &letter), STATUS_AGAIN);
    clerk_look(clerk, &view);
    assert_int_equal(view.changes, 1);
    assert_false(view.collecting);
}

static void nobody_speaks_as_the_head_over_results(void **state)
{
    (void)state;
    begin();
    out.start = kit.start;
    assert_int_equal(hand(FROM_WORKERS, RUN + 1, MSG_START), STATUS_OK);
    out.finish = (struct dispatch_counts){.enumerated = 0};
    assert_int_equal(hand(FROM_WORKERS, RUN, MSG_FINISH), STATUS_OK);
    out.outcome = (struct outcome){
        .job = 1, .state = IMAGE_FAILED, .path = text_of("1.png"), .error = text_of("so they say")};
    assert_int_equal(hand(FROM_WORKERS, RUN, MSG_OUTCOME), STATUS_OK);
    say_ask(RUN, 1, 1);
    hear(RUN, MSG_ANSWER); // nothing before it
    out.result = kit_result(1, IMAGE_MADE);
    say(RUN, MSG_RESULT); // nor does the head make images
    say_ask(RUN, 1, 1);
    hear(RUN, MSG_ANSWER);
    clerk_look(clerk, &view);
    assert_int_equal(view.run, RUN);
    assert_false(view.finished);
    assert_int_equal(summary_settled(&view.summary), 0);
}

static void what_was_said_of_a_run_is_acknowledged_before_the_next_begins(void **state)
{
    (void)state;
    say_start_and_hold(RUN);
    say_ask(RUN, 1, 1);
    push_result(RUN, 1);
    say_start(RUN + 1);
    say_ask(RUN + 1, 1, 1);
    say_ask(RUN, 1, 1); // too late
    sem_post(&may_go_on);
    hear(RUN, MSG_STARTED);
    hear(RUN, MSG_ANSWER);
    hear(RUN, MSG_RECORDED);
    hear(RUN + 1, MSG_STARTED);
    hear(RUN + 1, MSG_ANSWER);
    assert_int_equal(in.answer.entries[0].verdict, VERDICT_FRESH);
    clerk_look(clerk, &view);
    assert_int_equal(view.run, RUN + 1);
    assert_int_equal(view.summary.states[IMAGE_FRESH], 1);
    assert_int_equal(view.summary.states[IMAGE_MADE], 0);
}

static void what_cannot_be_committed_is_refused_and_never_acknowledged(void **state)
{
    (void)state;
    struct letter *letter;
    begin();
    say_ask(RUN, 1, 2);
    hear(RUN, MSG_ANSWER);
    push_result(RUN, 1);
    hear(RUN, MSG_RECORDED);
    out.result = kit_result(2, IMAGE_MADE);
    full_disk_begin();
    assert_int_equal(hand(FROM_WORKERS, RUN, MSG_RESULT), STATUS_OK);
    hear(RUN, MSG_REFUSED);
    do { // what ends it is news after its last words
        wait_for_news();
        assert_int_equal(clerk_answer(clerk, &letter), STATUS_AGAIN);
        clerk_look(clerk, &view);
    } while (view.failed == STATUS_OK);
    full_disk_end();
    assert_int_equal(view.failed, STATUS_MACHINE);
    assert_non_null(strstr(view.why.text, "record.sqlite"));
    assert_int_equal(in.refused.size, strlen(view.why.text));
    assert_memory_equal(in.refused.bytes, view.why.text, in.refused.size);
    assert_int_equal(view.summary.states[IMAGE_MADE], 1);
    clerk_stop(&clerk);
    assert_int_equal(count_recorded(), 1);
}

static void *stop_it(void *unused)
{
    struct clerk *stopped = clerk;
    clerk_stop(&stopped);
    return unused;
}

static void what_waits_at_the_end_is_dropped(void **state)
{
    (void)state;
    enum { ASKS = 4, IMAGES = ASKS * ASK_MAX };
    pthread_t stopping;
    uint64_t pushed = 0;
    enum status status;
    say_start_and_hold(RUN);
    for (uint64_t i = 0; i < ASKS; i++)
        say_ask(RUN, 1 + i * ASK_MAX, ASK_MAX);
    while (hand_result(RUN, 1 + pushed % IMAGES) == STATUS_OK)
        pushed++;
    assert_int_equal(pushed + ASKS, HANDED_MAX);
    assert_int_equal(pthread_create(&stopping, NULL, stop_it, NULL), 0);
    do // full until it is stopped
        status = hand_result(RUN, 1);
    while (status == STATUS_AGAIN);
    assert_int_equal(status, STATUS_CLOSED);
    sem_post(&may_go_on);
    assert_int_equal(pthread_join(stopping, NULL), 0);
    clerk = NULL;
    assert_int_equal(count_recorded(), GROUP_MAX - 1 - ASKS); // the group in hand
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(answers_come_in_the_order_of_what_was_said),
        test(what_is_acknowledged_can_be_read_by_others),
        test(a_flood_is_acknowledged_by_the_group),
        test(results_leave_room_for_the_head),
        test(a_group_without_an_answer_is_news_too),
        test(nobody_speaks_as_the_head_over_results),
        test(what_was_said_of_a_run_is_acknowledged_before_the_next_begins),
        test(what_cannot_be_committed_is_refused_and_never_acknowledged),
        test(what_waits_at_the_end_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
