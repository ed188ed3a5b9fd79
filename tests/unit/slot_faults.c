/* Slots: what becomes of an image and its neighbours when something happens to the decoder, the
 * machine, the lease, or the worker. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/slot_bench.h"

static void a_crash_costs_its_image_one_attempt_and_its_neighbours_nothing(void **state)
{
    (void)state;
    struct task *before = slots_offer("1.jpg", "OK one");
    struct task *crash = slots_offer("2.jpg", "CRASH boom");
    struct task *behind = slots_offer("3.jpg", "OK three"); // in the same decoder when it dies
    struct task *nonsense = slots_offer("4.jpg", "NONSENSE");
    struct task *last = slots_offer("5.jpg", "OK five");
    slots_start(1);
    for (int i = 0; i < 5; i++)
        slots_take();
    slots_assert_made(before);
    assert_int_equal(crash->reason, RETURN_CRASHED);
    assert_non_null(
        strstr(crash->detail.text, "its decoder failed: it died of signal 11 (SIGSEGV)"));
    slots_assert_made(behind);
    slots_assert_returned(nonsense, RETURN_CRASHED, "its decoder answered what is no answer");
    slots_assert_made(last);
    slots_assert_output("64/3.jpg", "64:three");
    slots_assert_no_output("64/2.jpg");
}

static void a_deadline_costs_its_image_one_attempt_and_its_neighbours_nothing(void **state)
{
    (void)state;
    bench.shop.options.timeout_ms = 50;
    struct task *hangs = slots_offer("1.jpg", "HANG");
    struct task *behind = slots_offer("2.jpg", "OK two");
    slots_start(1);
    assert_ptr_equal(slots_take(), hangs);
    slots_assert_returned(hangs, RETURN_OVERRAN, "it took longer than 0.05 s");
    /* The deadline is as short for its neighbour, but begins with it; it may overrun on a machine
     * that is very busy, and is told so then. */
    assert_ptr_equal(slots_take(), behind);
    assert_true(behind->fate == FATE_RESULT || behind->reason == RETURN_OVERRAN);
}

static void a_decoder_killed_while_idle_costs_no_image(void **state)
{
    (void)state;
    char pid[32] = "";
    slots_start(1);
    slots_offer("a.jpg", "PID");
    slots_assert_made(slots_take());
    int fd = open(temp_tree_at(&bench.tree, "dest/64/a.jpg"), O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, pid, sizeof pid - 1) > 3);
    close(fd);
    kill(atoi(pid + strlen("64:")), SIGKILL);
    slots_offer("b.jpg", "OK");
    struct task *task = slots_take();
    /* Unless it was passed before the kernel had killed it, and then it is tried again. */
    assert_true(task->fate == FATE_RESULT || task->reason == RETURN_CRASHED);
    slots_offer("c.jpg", "OK");
    slots_assert_made(slots_take());
}

static void a_cancelled_image_loses_its_decoder_and_is_not_told_of(void **state)
{
    (void)state;
    struct task *task = slots_offer_waiting("1.jpg");
    struct task *behind = slots_offer("2.jpg", "OK two");
    slots_start(1);
    int fifo = slots_until_decoder_waits();
    assert_true(atomic_load(&task->running));
    atomic_store(&task->cancelled, true);
    slot_wake(bench.slots[0]);
    assert_ptr_equal(slots_take(), task);
    assert_int_equal(task->fate, FATE_DROPPED);
    assert_false(atomic_load(&task->running));
    assert_ptr_equal(slots_take(), behind);
    slots_assert_made(behind);
    slots_assert_no_output("64/1.jpg");
    close(fifo);
}

static void a_cancelled_image_that_waits_is_dropped(void **state)
{
    (void)state;
    struct task *task = slots_offer("1.jpg", "HANG");
    atomic_store(&task->cancelled, true);
    slots_start(1);
    assert_ptr_equal(slots_take(), task);
    assert_int_equal(task->fate, FATE_DROPPED);
}

static void nothing_is_published_without_a_lease(void **state)
{
    (void)state;
    struct task *task = slots_offer_waiting("a.jpg");
    slots_start(1);
    int fifo = slots_until_decoder_waits();
    atomic_store(&bench.shop.lease_until, clock_now());
    close(fifo);
    assert_ptr_equal(slots_take(), task);
    slots_assert_returned(task, RETURN_FULL, "its lease ran out");
    slots_assert_no_output("64/a.jpg");
}

static void a_worker_that_was_given_up_publishes_nothing_and_can_come_back(void **state)
{
    (void)state;
    struct task *task = slots_offer_waiting("a.jpg");
    slots_start(1);
    int fifo = slots_until_decoder_waits();
    assert_int_equal(unlink(temp_tree_at(&bench.tree, SLOTS_ASIDE "/0")), 0);
    assert_int_equal(unlink(temp_tree_at(&bench.tree, SLOTS_ASIDE "/1")), 0);
    assert_int_equal(rmdir(temp_tree_at(&bench.tree, SLOTS_ASIDE)), 0);
    close(fifo);
    assert_ptr_equal(slots_take(), task);
    slots_assert_returned(task, RETURN_FULL, "its lease ran out");
    slots_assert_no_output("64/a.jpg");
    slots_offer("b.jpg", "OK again");
    slots_assert_made(slots_take());
}

static void a_machines_trouble_is_never_an_images(void **state)
{
    (void)state;
    struct reason text;
    char expected[REASON_SIZE];
    slots_start(1);
    struct task *task = slots_offer("a.jpg", "TROUBLE 28");
    slots_take();
    slots_assert_returned(task, RETURN_TROUBLE, "a decoder cannot work: No space left on device");
    assert_true(trouble_is_on(bench.shop.trouble, &text));
    assert_string_equal(text.text, "a decoder cannot work: No space left on device");
    struct task *next = slots_offer("b.jpg", "OK"); // nothing is tried until it is over
    slots_take();
    slots_assert_returned(next, RETURN_TROUBLE, "a decoder cannot work: No space left on device");
    trouble_over(bench.shop.trouble);
    slots_offer("c.jpg", "OK");
    slots_assert_made(slots_take());
    struct task *rootless = slots_offer_path(1, "a.jpg");
    slots_take();
    snprintf(expected, sizeof expected,
             "source root %s: No such file or directory; mount it here, or say with --source-root "
             "where it is",
             bench.roots[1]);
    slots_assert_returned(rootless, RETURN_TROUBLE, expected);
}

static void a_destination_that_is_gone_is_the_machines_trouble(void **state)
{
    (void)state;
    slots_start(1);
    assert_int_equal(unlink(temp_tree_at(&bench.tree, "dest/.thumbmill/token")), 0);
    struct task *task = slots_offer("a.jpg", "OK");
    slots_take();
    assert_int_equal(task->fate, FATE_RETURN);
    assert_int_equal(task->reason, RETURN_TROUBLE);
    assert_non_null(strstr(task->detail.text, "is not the head's: its token is not there"));
    slots_assert_no_output(".thumbmill/tmp");
}

static void decoders_that_do_not_start_are_the_machines_trouble(void **state)
{
    (void)state;
    decoder_pool_close(&bench.shop.decoders);
    slots_open_pool("/nowhere/decoder");
    slots_start(1);
    struct task *task = slots_offer("a.jpg", "OK");
    slots_take();
    slots_assert_returned(
        task, RETURN_TROUBLE,
        "the decoder /nowhere/decoder cannot be started: No such file or directory");
}

static void a_stop_ends_slots_that_work_and_slots_that_wait(void **state)
{
    (void)state;
    struct task *task = slots_offer_waiting("a.jpg");
    slots_start(3);
    int fifo = slots_until_decoder_waits();
    slots_stop();
    assert_int_equal(task->fate, FATE_DROPPED);
    slots_assert_no_output("64/a.jpg");
    close(fifo);
}

static void any_number_of_slots_makes_the_same(void **state)
{
    const uint32_t counts[] = {1, 2, 3, 8};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        slots_start(counts[n]);
        for (int i = 0; i < 40; i++) {
            char path[32], content[32];
            snprintf(path, sizeof path, "d%d/%d.jpg", i % 5, i);
            snprintf(content, sizeof content, "%s %d", i % 7 == 3 ? "CRASH" : "OK", i);
            slots_offer(path, content);
        }
        for (int i = 0; i < 40; i++)
            slots_take();
        for (int i = 0; i < 40; i++) {
            char path[32], content[32];
            snprintf(path, sizeof path, "64/d%d/%d.jpg", i % 5, i);
            snprintf(content, sizeof content, "64:%d", i);
            if (i % 7 == 3) {
                assert_int_equal(bench.tasks[i]->reason, RETURN_CRASHED);
                slots_assert_no_output(path);
            } else {
                slots_assert_made(bench.tasks[i]);
                slots_assert_output(path, content);
            }
        }
        slots_tear_down(state);
        slots_set_up(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SLOT_TEST(name) cmocka_unit_test_setup_teardown(name, slots_set_up, slots_tear_down)
        SLOT_TEST(a_crash_costs_its_image_one_attempt_and_its_neighbours_nothing),
        SLOT_TEST(a_deadline_costs_its_image_one_attempt_and_its_neighbours_nothing),
        SLOT_TEST(a_decoder_killed_while_idle_costs_no_image),
        SLOT_TEST(a_cancelled_image_loses_its_decoder_and_is_not_told_of),
        SLOT_TEST(a_cancelled_image_that_waits_is_dropped),
        SLOT_TEST(nothing_is_published_without_a_lease),
        SLOT_TEST(a_worker_that_was_given_up_publishes_nothing_and_can_come_back),
        SLOT_TEST(a_machines_trouble_is_never_an_images),
        SLOT_TEST(a_destination_that_is_gone_is_the_machines_trouble),
        SLOT_TEST(decoders_that_do_not_start_are_the_machines_trouble),
        SLOT_TEST(a_stop_ends_slots_that_work_and_slots_that_wait),
        SLOT_TEST(any_number_of_slots_makes_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
