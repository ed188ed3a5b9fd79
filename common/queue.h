#pragma once

/*
 * A bounded queue of pointers between threads: the only thing our threads share.
 *
 * One mutex, two conditions, a ring of fixed size; an eventfd that is readable while something
 * waits, so that a poll loop can take from it beside its sockets. The queue owns what it holds:
 * what is left at close is given to the `discard` of queue_open.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/status.h"

struct queue;

enum status queue_open(struct queue **queue, size_t capacity, void (*discard)(void *item),
                       struct reason *why) MUST_USE;
/* Nobody may be inside the queue any more. Writes NULL; NULL in is fine. */
void queue_close(struct queue **queue);

/* Waits for room. Takes *item and writes NULL. STATUS_CLOSED (item untouched) once stopped. */
enum status queue_put(struct queue *queue, void **item) MUST_USE;
/* STATUS_AGAIN when full, STATUS_CLOSED once stopped. */
enum status queue_try_put(struct queue *queue, void **item) MUST_USE;

/* Waits for an item. STATUS_CLOSED once stopped, even when items are left. */
enum status queue_take(struct queue *queue, void **item) MUST_USE;
/* STATUS_AGAIN when empty. */
enum status queue_try_take(struct queue *queue, void **item) MUST_USE;

size_t queue_size(struct queue *queue);
/* Readable while the queue is not empty. Level-triggered: take until STATUS_AGAIN. */
int queue_fd(const struct queue *queue);
/* Wakes everybody who waits; from now on put and take return STATUS_CLOSED, try_take still drains.
 */
void queue_stop(struct queue *queue);
