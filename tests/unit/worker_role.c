/* The whole worker against a little head, over inproc, with a decoder that is not the decoder. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/little_head.h"

static struct little_head head;

static int set_up(void **state)
{
    (void)state;
    head_open(&head, FAKE_DECODER);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    head_close(&head);
    return 0;
}

/* The worker runs, was welcomed and beats. */
static void join(void)
{
    head_start_worker(&head);
    head_hear(&head, MSG_BEAT);
}

static bool text_is(struct text text, const char *string)
{
    return text.size == strlen(string) && memcmp(text.bytes, string, text.size) == 0;
}

static bool is_there(const char *path)
{
    return access(temp_tree_at(&head.tree, path), F_OK) == 0;
}

/* A source whose decoder waits for the test; wait_for_decoder() returns once it does. */
static void make_waiting(const char *path)
{
    char content[JOB_PATH_SIZE + 8];
    const char *fifo = temp_tree_at(&head.tree, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    snprintf(content, sizeof content, "WAIT %s", fifo);
    head_make(&head, path, content);
}

static int wait_for_decoder(void)
{
    int fifo = open(temp_tree_at(&head.tree, "fifo"), O_WRONLY | O_CLOEXEC);
    assert_true(fifo >= 0);
    return fifo;
}

static void hello_is_said_again_until_it_is_answered(void **state)
{
    (void)state;
    head.mute = true;
    head_start_worker(&head);
    uint64_t incarnation = head_hear(&head, MSG_HELLO)->envelope.sender;
    head.mute = false;
    const struct message *message = head_hear(&head, MSG_HELLO);
    assert_int_equal(message->envelope.sender, incarnation);
    assert_int_equal(message->hello.role, PEER_WORKER);
    assert_true(text_is(message->hello.name, "tester"));
    assert_int_equal(message->hello.slots, 1);
    assert_int_equal(message->hello.capacity, 2);
    message = head_hear(&head, MSG_BEAT);
    assert_int_equal(message->envelope.run, head.run);
    assert_int_equal(message->envelope.epoch, head.epoch);
    assert_int_equal(message->beat.capacity, 2);
    assert_int_equal(message->beat.held.count, 0);
}

static void a_job_is_taken_its_result_sent_and_then_it_is_done(void **state)
{
    (void)state;
    head_make(&head, "a/b.jpg", "WARN odd");
    join();
    head_push(&head, 5, "a/b.jpg");
    head_hear_taken(&head, 5, 5);
    const struct result_message *result = head_hear_result(&head);
    assert_true(text_is(result->path, "a/b.jpg"));
    assert_true(text_is(result->worker, "tester"));
    assert_true(text_is(result->warnings, "odd"));
    assert_int_equal(result->result.job.id, 5);
    assert_int_equal(result->result.job.attempt, 1);
    assert_int_equal(result->result.state, IMAGE_MADE);
    assert_int_equal(result->result.output_count, 1);
    assert_true(is_there("dest/a/b.jpg"));
    head_hear_done(&head, 5, 5);
}

static void a_job_may_come_over_control_too(void **state)
{
    (void)state;
    head_make(&head, "a.jpg", "OK");
    join();
    head_send_job(&head, 1, "a.jpg");
    head_hear_done(&head, 1, 1);
    assert_int_equal(head_hear_result(&head)->result.job.id, 1);
}

static void what_there_is_no_room_for_goes_back_at_once(void **state)
{
    (void)state;
    make_waiting("a.jpg");
    head_make(&head, "b.jpg", "OK");
    join();
    head_send_job(&head, 1, "a.jpg");
    head_send_job(&head, 2, "b.jpg");
    head_send_job(&head, 3, "b.jpg");
    head_send_job(&head, 2, "b.jpg"); // said twice: held already, and not answered
    const struct returned *returned = head_hear_return(&head, 3);
    assert_int_equal(returned->reason, RETURN_FULL);
    assert_int_equal(returned->room, 0);
    int fifo = wait_for_decoder();
    const struct beat *beat = &head_hear(&head, MSG_BEAT)->beat;
    assert_int_equal(beat->held.count, 2);
    assert_int_equal(beat->running[beat->held.list[0].job == 1 ? 0 : 1], 1);
    close(fifo);
    head_hear_done(&head, 1, 2);
}

static void jobs_of_another_epoch_are_dropped(void **state)
{
    (void)state;
    head_make(&head, "a.jpg", "OK");
    join();
    head.epoch = 0xbad;
    head_send_job(&head, 1, "a.jpg");
    head_push(&head, 2, "a.jpg");
    head.epoch = 1;
    head_send_job(&head, 3, "a.jpg");
    assert_int_equal(head_hear_result(&head)->result.job.id, 3);
}

static void a_path_that_leads_out_of_its_root_is_that_images_failure(void **state)
{
    (void)state;
    join();
    head_send_job(&head, 1, "../dest/.thumbmill/token");
    const struct result_message *result = head_hear_result(&head);
    assert_int_equal(result->result.state, IMAGE_FAILED);
    assert_true(text_is(result->error, "its path leads out of its source folder"));
}

static void crashes_and_missing_files_are_returned_with_the_reason(void **state)
{
    (void)state;
    head_make(&head, "a.jpg", "EXIT 3");
    join();
    head_send_job(&head, 1, "a.jpg");
    const struct returned *returned = head_hear_return(&head, 1);
    assert_int_equal(returned->reason, RETURN_CRASHED);
    assert_true(text_is(returned->detail, "its decoder failed: it exited with 3"));
    assert_int_equal(returned->room, 2);
    head_send_job(&head, 2, "b.jpg");
    assert_int_equal(head_hear_return(&head, 2)->reason, RETURN_MISSING);
}

static void a_cancelled_job_is_not_told_of_and_leaves_room(void **state)
{
    (void)state;
    make_waiting("a.jpg");
    head_make(&head, "b.jpg", "OK");
    join();
    head_send_job(&head, 1, "a.jpg");
    int fifo = wait_for_decoder();
    head_cancel(&head, 1);
    head_send_job(&head, 2, "b.jpg");
    assert_int_equal(head_hear_result(&head)->result.job.id, 2);
    head_hear_done(&head, 2, 2);
    assert_int_equal(head_hear(&head, MSG_BEAT)->beat.held.count, 0);
    assert_false(is_there("dest/a.jpg"));
    close(fifo);
}

static void trouble_is_told_and_over_when_the_machine_works_again(void **state)
{
    (void)state;
    head_make(&head, "a.jpg", "OK");
    const char *token = temp_tree_at(&head.tree, "dest/.thumbmill/token");
    const char *away = temp_tree_at(&head.tree, "dest/.thumbmill/away");
    assert_int_equal(rename(token, away), 0);
    head_start_worker(&head);
    const struct beat *beat = NULL;
    do {
        beat = &head_hear(&head, MSG_BEAT)->beat;
    } while (beat->capacity > 0);
    assert_true(beat->trouble.size > 0);
    head_send_job(&head, 1, "a.jpg");
    assert_int_equal(head_hear_return(&head, 1)->reason, RETURN_TROUBLE);
    token = temp_tree_at(&head.tree, "dest/.thumbmill/token");
    away = temp_tree_at(&head.tree, "dest/.thumbmill/away");
    assert_int_equal(rename(away, token), 0);
    do {
        beat = &head_hear(&head, MSG_BEAT)->beat;
    } while (beat->capacity == 0);
    assert_int_equal(beat->trouble.size, 0);
    head_send_job(&head, 2, "a.jpg");
    head_hear_done(&head, 2, 2);
}

static void a_worker_that_is_not_known_says_hello(void **state)
{
    (void)state;
    join();
    head_say(&head, MSG_WHO);
    head_hear(&head, MSG_HELLO);
    head_hear(&head, MSG_BEAT); // and goes on
}

static void a_worker_told_to_go_finishes_what_runs_and_returns_the_rest(void **state)
{
    (void)state;
    make_waiting("a.jpg");
    head_make(&head, "b.jpg", "OK");
    head.config.slots = 2;
    join();
    head_send_job(&head, 1, "a.jpg");
    int fifo = wait_for_decoder();
    stop_raise(&head.stop, STOP_DRAIN);
    head_hear(&head, MSG_LEAVING);
    head_send_job(&head, 2, "b.jpg");
    const struct returned *returned = head_hear_return(&head, 2);
    assert_int_equal(returned->reason, RETURN_LEAVING);
    assert_int_equal(returned->room, 0);
    close(fifo);
    head_hear_done(&head, 1, 1);
    head_say(&head, MSG_GO);
    assert_int_equal(head_join_worker(&head), STATUS_OK);
    assert_int_equal(head_hear_result(&head)->result.job.id, 1);
    assert_true(is_there("dest/a.jpg"));
    assert_int_equal(rmdir(temp_tree_at(&head.tree, "dest/.thumbmill/tmp")), 0); // nothing is left
}

static void a_worker_told_to_go_goes_even_when_nobody_answers(void **state)
{
    (void)state;
    join();
    stop_raise(&head.stop, STOP_DRAIN);
    assert_int_equal(head_join_worker(&head), STATUS_OK);
}

static void a_worker_without_a_run_goes_at_once(void **state)
{
    (void)state;
    head.mute = true;
    head_start_worker(&head);
    head_hear(&head, MSG_HELLO);
    stop_raise(&head.stop, STOP_DRAIN);
    assert_int_equal(head_join_worker(&head), STATUS_OK);
}

static void a_worker_told_to_stop_now_kills_what_runs(void **state)
{
    (void)state;
    make_waiting("a.jpg");
    join();
    head_send_job(&head, 1, "a.jpg");
    int fifo = wait_for_decoder();
    stop_raise(&head.stop, STOP_NOW);
    assert_int_equal(head_join_worker(&head), STATUS_OK);
    assert_false(is_there("dest/a.jpg"));
    assert_int_equal(rmdir(temp_tree_at(&head.tree, "dest/.thumbmill/tmp")), 0);
    close(fifo);
}

static void the_end_of_the_run_ends_the_worker(void **state)
{
    (void)state;
    join();
    head.out.end.exit_status = 1; // the run's, not the worker's
    head_say(&head, MSG_END);
    assert_int_equal(head_join_worker(&head), STATUS_OK);
}

static void a_worker_that_stays_works_for_the_next_run(void **state)
{
    (void)state;
    head.config.stay = true;
    head_make(&head, "a.jpg", "OK");
    join();
    head.out.end.exit_status = 0;
    head_say(&head, MSG_END);
    head.run = 78;
    head.epoch = 2;
    while (head_hear(&head, MSG_BEAT)->envelope.epoch != 2)
        ;
    head_push(&head, 1, "a.jpg");
    assert_int_equal(head_hear_result(&head)->result.job.id, 1);
}

static void a_new_epoch_drops_what_the_old_one_gave(void **state)
{
    (void)state;
    make_waiting("a.jpg");
    head_make(&head, "b.jpg", "OK");
    join();
    head_send_job(&head, 1, "a.jpg");
    int fifo = wait_for_decoder();
    head.epoch = 2;
    head_say(&head, MSG_WHO);
    const struct message *message = NULL;
    do {
        message = head_hear(&head, MSG_BEAT);
    } while (message->envelope.epoch != 2);
    assert_int_equal(message->beat.held.count, 0);
    head_send_job(&head, 2, "b.jpg");
    assert_int_equal(head_hear_result(&head)->result.job.id, 2);
    assert_false(is_there("dest/a.jpg"));
    close(fifo);
}

static void a_refusal_ends_the_worker_with_its_words(void **state)
{
    (void)state;
    head.mute = true;
    head_start_worker(&head);
    head_hear(&head, MSG_HELLO);
    head.out.refused = text_of("too many workers");
    head_say(&head, MSG_REFUSED);
    assert_int_equal(head_join_worker(&head), STATUS_MACHINE);
    assert_string_equal(head.why.text, "inproc://head refuses this worker: too many workers");
}

static void a_worker_without_a_head_gives_up_and_says_where_it_looked(void **state)
{
    (void)state;
    head.config.head_timeout = 1 * US_PER_S;
    head_start_worker(&head);
    assert_int_equal(head_join_worker(&head), STATUS_MACHINE);
    assert_string_equal(head.why.text, "no head at inproc://head for 1 s; is it running, and is "
                                       "this its address?");
}

static void every_job_is_done_once_whatever_their_number(void **state)
{
    (void)state;
    enum { JOBS = 40 };
    char path[16];
    head.config.slots = 3;
    for (int i = 1; i <= JOBS; i++) {
        snprintf(path, sizeof path, "%d.jpg", i);
        head_make(&head, path, i % 10 == 0 ? "FAIL no" : "OK");
    }
    join();
    bool seen[JOBS + 1] = {0};
    for (int i = 1; i <= JOBS; i++) { // never more than it has room for
        snprintf(path, sizeof path, "%d.jpg", i);
        head_push(&head, (uint64_t)i, path);
        const struct result_message *result = head_hear_result(&head);
        uint64_t job = result->result.job.id;
        assert_in_range(job, 1, JOBS);
        assert_false(seen[job]);
        seen[job] = true;
        assert_int_equal(result->result.state, job % 10 == 0 ? IMAGE_FAILED : IMAGE_MADE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ROLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        ROLE_TEST(hello_is_said_again_until_it_is_answered),
        ROLE_TEST(a_job_is_taken_its_result_sent_and_then_it_is_done),
        ROLE_TEST(a_job_may_come_over_control_too),
        ROLE_TEST(what_there_is_no_room_for_goes_back_at_once),
        ROLE_TEST(jobs_of_another_epoch_are_dropped),
        ROLE_TEST(a_path_that_leads_out_of_its_root_is_that_images_failure),
        ROLE_TEST(crashes_and_missing_files_are_returned_with_the_reason),
        ROLE_TEST(a_cancelled_job_is_not_told_of_and_leaves_room),
        ROLE_TEST(trouble_is_told_and_over_when_the_machine_works_again),
        ROLE_TEST(a_worker_that_is_not_known_says_hello),
        ROLE_TEST(a_worker_told_to_go_finishes_what_runs_and_returns_the_rest),
        ROLE_TEST(a_worker_told_to_go_goes_even_when_nobody_answers),
        ROLE_TEST(a_worker_without_a_run_goes_at_once),
        ROLE_TEST(a_worker_told_to_stop_now_kills_what_runs),
        ROLE_TEST(the_end_of_the_run_ends_the_worker),
        ROLE_TEST(a_worker_that_stays_works_for_the_next_run),
        ROLE_TEST(a_new_epoch_drops_what_the_old_one_gave),
        ROLE_TEST(a_refusal_ends_the_worker_with_its_words),
        ROLE_TEST(a_worker_without_a_head_gives_up_and_says_where_it_looked),
        ROLE_TEST(every_job_is_done_once_whatever_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
