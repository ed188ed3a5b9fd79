/*
 * The clerk's thread. One round: take a frame, and whatever else waits up to a bound; do what each
 * says; commit; send the answers. So the size of a group follows the load by itself: one result
 * alone is committed at once, a flood in hundreds.
 */

#include "sink/clerk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "sink/clerk_internal.h"

struct letter *clerk_letter(enum letter_origin origin, const void *bytes, size_t size)
{
    struct letter *letter = malloc(sizeof *letter + size);
    if (letter) {
        letter->origin = origin;
        letter->size = size;
        memcpy(letter->bytes, bytes, size);
    }
    return letter;
}

void clerk_fail(struct clerk *clerk, const struct reason *why)
{
    if (clerk->failed == STATUS_OK)
        clerk->why = *why;
    clerk->failed = STATUS_MACHINE;
}

/* After a failure the counts stay as they were last committed. */
void clerk_show(struct clerk *clerk)
{
    pthread_mutex_lock(&clerk->lock);
    struct clerk_view *view = &clerk->view;
    view->changes = clerk->changes;
    view->agreed = clerk->agreed;
    view->failed = clerk->failed;
    view->why = clerk->why;
    if (clerk->failed == STATUS_OK) {
        view->collecting = clerk->collection != NULL;
        view->finished = clerk->collection && collection_is_finished(clerk->collection);
        view->run = clerk->collection ? clerk->run : 0;
        view->epoch = clerk->collection ? clerk->epoch : 0;
        if (clerk->collection) {
            view->started = collection_started(clerk->collection);
            collection_summary(clerk->collection, &view->summary);
        }
    }
    pthread_mutex_unlock(&clerk->lock);
}

static void *run(void *argument)
{
    struct clerk *clerk = argument;
    void *item;
    while (clerk->failed == STATUS_OK && queue_take(clerk->handed, &item) == STATUS_OK) {
        atomic_store(&clerk->busy, true);
        clerk_read(clerk, item);
        for (int i = 1; i < GROUP_MAX && clerk->failed == STATUS_OK; i++) {
            if (queue_try_take(clerk->handed, &item) != STATUS_OK)
                break;
            clerk_read(clerk, item);
        }
        clerk_commit(clerk);
        atomic_store(&clerk->busy, false);
    }
    return NULL;
}

enum status clerk_start(struct clerk **clerk, const struct sink_config *config,
                        uint64_t incarnation, struct reason *why)
{
    struct clerk *new = calloc(1, sizeof *new);
    if (!new)
        return reason_set(why, STATUS_MACHINE, "no memory for the sink");
    new->config = config;
    new->incarnation = incarnation;
    pthread_mutex_init(&new->lock, NULL);
    enum status status = queue_open(&new->handed, HANDED_MAX, free, why);
    if (status == STATUS_OK)
        status = queue_open(&new->answers, ANSWERS_MAX, free, why);
    if (status == STATUS_OK) {
        const int error = pthread_create(&new->thread, NULL, run, new);
        new->running = error == 0;
        if (error != 0)
            status = reason_set(why, STATUS_MACHINE, "the sink's thread cannot be started: %s",
                                strerror(error));
    }
    if (status != STATUS_OK)
        clerk_stop(&new);
    else
        *clerk = new;
    return status;
}

void clerk_stop(struct clerk **clerk)
{
    struct clerk *old = *clerk;
    if (!old)
        return;
    if (old->handed)
        queue_stop(old->handed);
    if (old->answers)
        queue_stop(old->answers);
    if (old->running)
        pthread_join(old->thread, NULL);
    if (old->dropped > 1)
        log_info("%" PRIu64 " frames were dropped: not of this run", old->dropped);
    clerk_drop_answers(old);
    collection_close(&old->collection);
    queue_close(&old->handed);
    queue_close(&old->answers);
    buffer_close(&old->buffer);
    pthread_mutex_destroy(&old->lock);
    free(old);
    *clerk = NULL;
}

enum status clerk_hand(struct clerk *clerk, enum letter_origin origin, const void *bytes,
                       size_t size)
{
    void *letter = clerk_letter(origin, bytes, size);
    if (!letter)
        return STATUS_MACHINE;
    const enum status status = queue_try_put(clerk->handed, &letter);
    free(letter);
    return status;
}

bool clerk_has_room(const struct clerk *clerk)
{
    return queue_size(clerk->handed) < HANDED_MAX / 2;
}

enum status clerk_answer(struct clerk *clerk, struct letter **letter)
{
    void *item;
    while (queue_try_take(clerk->answers, &item) == STATUS_OK) {
        struct letter *next = item;
        if (next->size > 0) {
            *letter = next;
            return STATUS_OK;
        }
        free(next); // it was only a call
    }
    return STATUS_AGAIN;
}

int clerk_fd(const struct clerk *clerk)
{
    return queue_fd(clerk->answers);
}

bool clerk_is_busy(struct clerk *clerk)
{
    return atomic_load(&clerk->busy) || queue_size(clerk->handed) > 0;
}

void clerk_look(struct clerk *clerk, struct clerk_view *view)
{
    pthread_mutex_lock(&clerk->lock);
    *view = clerk->view;
    pthread_mutex_unlock(&clerk->lock);
}
