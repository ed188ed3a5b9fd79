/*
 * The bounded queue. The eventfd mirrors "not empty": it is written and read only under the lock,
 * at the steps from none to one and from one to none, so that a busy queue makes no system calls
 * for it.
 */

#include "common/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t lock; // over everything below
    pthread_cond_t room, items;
    size_t capacity, first, size;
    int fd; // its counter is 1 while size > 0, else 0
    bool stopped;
    void (*discard)(void *item);
    void *ring[]; // capacity of them
};

enum status queue_open(struct queue **queue, size_t capacity, void (*discard)(void *item),
                       struct reason *why)
{
    struct queue *opened = calloc(1, sizeof *opened + capacity * sizeof opened->ring[0]);
    if (opened == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory for a queue of %zu", capacity);
    pthread_mutex_init(&opened->lock, NULL);
    pthread_cond_init(&opened->room, NULL);
    pthread_cond_init(&opened->items, NULL);
    opened->capacity = capacity;
    opened->discard = discard;
    opened->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (opened->fd < 0) {
        int error = errno;
        queue_close(&opened);
        return reason_set(why, STATUS_MACHINE, "eventfd: %s", strerror(error));
    }
    *queue = opened;
    return STATUS_OK;
}

void queue_close(struct queue **queue)
{
    struct queue *closed = *queue;
    if (closed == NULL)
        return;
    for (size_t i = 0; i < closed->size; i++)
        closed->discard(closed->ring[(closed->first + i) % closed->capacity]);
    if (closed->fd >= 0)
        close(closed->fd);
    pthread_cond_destroy(&closed->items);
    pthread_cond_destroy(&closed->room);
    pthread_mutex_destroy(&closed->lock);
    free(closed);
    *queue = NULL;
}

/* With the lock held and room for one. */
static void append(struct queue *queue, void **item)
{
    queue->ring[(queue->first + queue->size) % queue->capacity] = *item;
    *item = NULL;
    if (queue->size++ == 0)
        eventfd_write(queue->fd, 1);
    pthread_cond_signal(&queue->items);
}

/* With the lock held and one there. */
static void *take_first(struct queue *queue)
{
    void *item = queue->ring[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    if (--queue->size == 0) {
        eventfd_t count;
        eventfd_read(queue->fd, &count);
    }
    pthread_cond_signal(&queue->room);
    return item;
}

enum status queue_put(struct queue *queue, void **item)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->size == queue->capacity && !queue->stopped)
        pthread_cond_wait(&queue->room, &queue->lock);
    bool stopped = queue->stopped;
    if (!stopped)
        append(queue, item);
    pthread_mutex_unlock(&queue->lock);
    return stopped ? STATUS_CLOSED : STATUS_OK;
}

enum status queue_try_put(struct queue *queue, void **item)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&queue->lock);
    if (queue->stopped)
        status = STATUS_CLOSED;
    else if (queue->size == queue->capacity)
        status = STATUS_AGAIN;
    else
        append(queue, item);
    pthread_mutex_unlock(&queue->lock);
    return status;
}

enum status queue_take(struct queue *queue, void **item)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->size == 0 && !queue->stopped)
        pthread_cond_wait(&queue->items, &queue->lock);
    bool stopped = queue->stopped;
    if (!stopped)
        *item = take_first(queue);
    pthread_mutex_unlock(&queue->lock);
    return stopped ? STATUS_CLOSED : STATUS_OK;
}

enum status queue_try_take(struct queue *queue, void **item)
{
    pthread_mutex_lock(&queue->lock);
    bool empty = queue->size == 0;
    if (!empty)
        *item = take_first(queue);
    pthread_mutex_unlock(&queue->lock);
    return empty ? STATUS_AGAIN : STATUS_OK;
}

size_t queue_size(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t size = queue->size;
    pthread_mutex_unlock(&queue->lock);
    return size;
}

int queue_fd(const struct queue *queue)
{
    return queue->fd;
}

void queue_stop(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->stopped = true;
    pthread_cond_broadcast(&queue->room);
    pthread_cond_broadcast(&queue->items);
    pthread_mutex_unlock(&queue->lock);
}
