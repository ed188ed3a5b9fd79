/* The bounded queue: what it promises to threads, and to a poll loop. */

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/queue.h"

static int discarded;

static void discard(void *item)
{
    (void)item;
    discarded++;
}

static struct queue *open_queue(size_t capacity)
{
    struct queue *queue = NULL;
    struct reason why;
    assert_int_equal(queue_open(&queue, capacity, discard, &why), STATUS_OK);
    return queue;
}

static void *number(uintptr_t value)
{
    return (void *)value;
}

static bool is_readable(const struct queue *queue)
{
    struct pollfd item = {.fd = queue_fd(queue), .events = POLLIN};
    return poll(&item, 1, 0) == 1;
}

static void items_leave_in_the_order_they_came(void **state)
{
    (void)state;
    struct queue *queue = open_queue(3);
    for (uintptr_t round = 0; round < 5; round++) { // so that the ring wraps
        for (uintptr_t i = 1; i <= 3; i++) {
            void *item = number(10 * round + i);
            assert_int_equal(queue_put(queue, &item), STATUS_OK);
            assert_null(item);
        }
        for (uintptr_t i = 1; i <= 3; i++) {
            void *item = NULL;
            assert_int_equal(queue_take(queue, &item), STATUS_OK);
            assert_ptr_equal(item, number(10 * round + i));
        }
    }
    queue_close(&queue);
    assert_null(queue);
}

static void a_full_queue_refuses_and_keeps_the_item_with_its_owner(void **state)
{
    (void)state;
    struct queue *queue = open_queue(1);
    void *first = number(1), *second = number(2);
    assert_int_equal(queue_try_put(queue, &first), STATUS_OK);
    assert_int_equal(queue_try_put(queue, &second), STATUS_AGAIN);
    assert_ptr_equal(second, number(2));
    assert_int_equal(queue_size(queue), 1);
    queue_close(&queue);
}

static void an_empty_queue_has_nothing_to_take(void **state)
{
    (void)state;
    struct queue *queue = open_queue(1);
    void *item = NULL;
    assert_int_equal(queue_try_take(queue, &item), STATUS_AGAIN);
    assert_null(item);
    queue_close(&queue);
    queue_close(&queue); // closing nothing does nothing
}

static void the_descriptor_is_readable_while_something_waits(void **state)
{
    (void)state;
    struct queue *queue = open_queue(2);
    void *first = number(1), *second = number(2), *item = NULL;
    assert_false(is_readable(queue));
    assert_int_equal(queue_put(queue, &first), STATUS_OK);
    assert_int_equal(queue_put(queue, &second), STATUS_OK);
    assert_true(is_readable(queue));
    assert_int_equal(queue_take(queue, &item), STATUS_OK);
    assert_true(is_readable(queue));
    assert_int_equal(queue_try_take(queue, &item), STATUS_OK);
    assert_false(is_readable(queue));
    queue_close(&queue);
}

static void what_is_left_at_close_is_discarded(void **state)
{
    (void)state;
    struct queue *queue = open_queue(4);
    for (uintptr_t i = 1; i <= 3; i++) {
        void *item = number(i);
        assert_int_equal(queue_put(queue, &item), STATUS_OK);
    }
    discarded = 0;
    queue_close(&queue);
    assert_int_equal(discarded, 3);
}

static void after_a_stop_only_what_is_left_can_be_drained(void **state)
{
    (void)state;
    struct queue *queue = open_queue(2);
    void *item = number(1), *late = number(2), *taken = NULL;
    assert_int_equal(queue_put(queue, &item), STATUS_OK);
    queue_stop(queue);
    assert_int_equal(queue_put(queue, &late), STATUS_CLOSED);
    assert_int_equal(queue_try_put(queue, &late), STATUS_CLOSED);
    assert_ptr_equal(late, number(2));
    assert_int_equal(queue_take(queue, &taken), STATUS_CLOSED);
    assert_int_equal(queue_try_take(queue, &taken), STATUS_OK);
    assert_ptr_equal(taken, number(1));
    queue_close(&queue);
}

static void *take_until_closed(void *argument)
{
    void *item = NULL;
    uintptr_t sum = 0;
    while (queue_take(argument, &item) == STATUS_OK)
        sum += (uintptr_t)item;
    return number(sum);
}

static void *put_until_closed(void *argument)
{
    void *item = number(1);
    uintptr_t count = 0;
    while (queue_put(argument, &item) == STATUS_OK) {
        item = number(1);
        count++;
    }
    return number(count);
}

static void a_stop_wakes_takers_and_putters(void **state)
{
    (void)state;
    struct queue *empty = open_queue(1), *full = open_queue(1);
    pthread_t taker, putter;
    void *result = NULL;
    assert_int_equal(pthread_create(&taker, NULL, take_until_closed, empty), 0);
    assert_int_equal(pthread_create(&putter, NULL, put_until_closed, full), 0);
    queue_stop(empty);
    queue_stop(full);
    pthread_join(taker, &result);
    assert_ptr_equal(result, NULL);
    pthread_join(putter, &result);
    assert_true((uintptr_t)result <= 1);
    queue_close(&empty);
    queue_close(&full);
}

#define PUTTERS 3
#define EACH 2000

static void *put_many(void *argument)
{
    for (int i = 0; i < EACH; i++) {
        void *item = number(1);
        if (queue_put(argument, &item) != STATUS_OK)
            return argument;
    }
    return NULL;
}

static void threads_lose_nothing_through_a_small_queue(void **state)
{
    (void)state;
    struct queue *queue = open_queue(2);
    pthread_t putters[PUTTERS];
    for (int i = 0; i < PUTTERS; i++)
        assert_int_equal(pthread_create(&putters[i], NULL, put_many, queue), 0);
    for (int i = 0; i < PUTTERS * EACH; i++) {
        void *item = NULL;
        assert_int_equal(queue_take(queue, &item), STATUS_OK);
        assert_ptr_equal(item, number(1));
    }
    for (int i = 0; i < PUTTERS; i++) {
        void *failed = NULL;
        pthread_join(putters[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(queue_size(queue), 0);
    queue_close(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_leave_in_the_order_they_came),
        cmocka_unit_test(a_full_queue_refuses_and_keeps_the_item_with_its_owner),
        cmocka_unit_test(an_empty_queue_has_nothing_to_take),
        cmocka_unit_test(the_descriptor_is_readable_while_something_waits),
        cmocka_unit_test(what_is_left_at_close_is_discarded),
        cmocka_unit_test(after_a_stop_only_what_is_left_can_be_drained),
        cmocka_unit_test(a_stop_wakes_takers_and_putters),
        cmocka_unit_test(threads_lose_nothing_through_a_small_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
