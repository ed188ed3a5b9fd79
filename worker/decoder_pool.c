/*
 * The spawner waits until a slot asks for the first time, and from then on while there is a spare.
 * After a failure it tries again only when a slot asks, so that a missing program is not looked for
 * in a circle.
 */

#include "worker/decoder_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct decoder_pool {
    char *program;              // never changes
    struct decoder_setup setup; // never changes
    pthread_t spawner;
    bool started;         // the spawner
    pthread_mutex_t lock; // over everything below
    pthread_cond_t changed;
    struct decoder spare;
    bool wanted;       // somebody has asked: from then on a spare is kept
    unsigned waiting;  // slots that ask
    uint64_t failures; // so far
    bool failed;       // the last time
    struct reason why; // of the last failure
    bool stopped;      // no more are spawned or given out
    bool closing;      // the spawner ends, and with it every decoder
};

/* With the lock held; gives it up while it spawns. */
static void spawn_one(struct decoder_pool *pool)
{
    struct decoder decoder = {0};
    struct reason why = {0};
    pthread_mutex_unlock(&pool->lock);
    enum status status = decoder_start(&decoder, pool->program, &pool->setup, &why);
    pthread_mutex_lock(&pool->lock);
    pool->failed = status != STATUS_OK;
    if (pool->failed) {
        pool->failures++;
        pool->why = why;
    } else if (pool->spare.pid == 0) {
        pool->spare = decoder;
    } else { // one was given back meanwhile
        decoder_end(&decoder, NULL);
    }
    pthread_cond_broadcast(&pool->changed);
}

static void *spawn_spares(void *argument)
{
    struct decoder_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->closing) {
        if (!pool->wanted || pool->stopped || pool->spare.pid != 0 ||
            (pool->failed && pool->waiting == 0))
            pthread_cond_wait(&pool->changed, &pool->lock);
        else
            spawn_one(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

enum status decoder_pool_open(struct decoder_pool **pool, const char *program,
                              const struct decoder_setup *setup, struct reason *why)
{
    struct decoder_pool *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory");
    pthread_mutex_init(&opened->lock, NULL);
    pthread_cond_init(&opened->changed, NULL);
    opened->setup = *setup;
    opened->program = strdup(program);
    int error = opened->program == NULL
                    ? ENOMEM
                    : pthread_create(&opened->spawner, NULL, spawn_spares, opened);
    opened->started = error == 0;
    if (error != 0) {
        decoder_pool_close(&opened);
        return reason_set(why, STATUS_MACHINE, "the thread that starts decoders: %s",
                          strerror(error));
    }
    *pool = opened;
    return STATUS_OK;
}

void decoder_pool_close(struct decoder_pool **pool)
{
    struct decoder_pool *closed = *pool;
    if (closed == NULL)
        return;
    if (closed->started) {
        pthread_mutex_lock(&closed->lock);
        closed->closing = true;
        pthread_cond_broadcast(&closed->changed);
        pthread_mutex_unlock(&closed->lock);
        pthread_join(closed->spawner, NULL);
    }
    decoder_end(&closed->spare, NULL);
    free(closed->program);
    pthread_cond_destroy(&closed->changed);
    pthread_mutex_destroy(&closed->lock);
    free(closed);
    *pool = NULL;
}

enum status decoder_pool_take(struct decoder_pool *pool, struct decoder *decoder,
                              struct reason *why)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&pool->lock);
    uint64_t seen = pool->failures;
    pool->wanted = true;
    pool->waiting++;
    pthread_cond_broadcast(&pool->changed);
    while (pool->spare.pid == 0 && pool->failures == seen && !pool->stopped)
        pthread_cond_wait(&pool->changed, &pool->lock);
    pool->waiting--;
    if (pool->stopped) {
        status = STATUS_CLOSED;
    } else if (pool->spare.pid != 0) {
        *decoder = pool->spare;
        pool->spare = (struct decoder){0};
        pthread_cond_broadcast(&pool->changed);
    } else {
        status = reason_set(why, STATUS_MACHINE, "%s", pool->why.text);
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

void decoder_pool_give_back(struct decoder_pool *pool, struct decoder *decoder)
{
    pthread_mutex_lock(&pool->lock);
    if (pool->spare.pid == 0) {
        pool->spare = *decoder;
        *decoder = (struct decoder){0};
        pthread_cond_broadcast(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
    decoder_end(decoder, NULL);
}

enum status decoder_pool_probe(struct decoder_pool *pool, int wake, struct reason *why)
{
    struct decoder decoder = {0};
    enum status status = decoder_pool_take(pool, &decoder, why);
    if (status == STATUS_OK)
        status = decoder_await_ready(&decoder, wake, why);
    if (status == STATUS_OK)
        decoder_pool_give_back(pool, &decoder);
    decoder_end(&decoder, NULL);
    return status;
}

void decoder_pool_stop(struct decoder_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stopped = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}
