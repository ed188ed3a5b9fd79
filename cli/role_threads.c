/*
 * Threads that run a role each, and the first reason why one could not.
 */

#include "cli/role_threads.h"

#include <string.h>

enum status role_threads_open(struct role_threads *all, struct reason *why)
{
    *all = (struct role_threads){.lock = PTHREAD_MUTEX_INITIALIZER, .running = 1};
    enum status status = signals_open(&all->signals, why);
    if (status == STATUS_OK)
        status = stop_open(&all->stop, why);
    if (status == STATUS_OK)
        status = context_open(&all->context, why);
    if (status != STATUS_OK)
        role_threads_close(all);
    return status;
}

void role_threads_close(struct role_threads *all)
{
    context_close(&all->context);
    stop_close(&all->stop);
    signals_close(&all->signals);
}

/* Kept before the others hear of it, so that what follows from it is never the first. */
static void keep_reason(struct role_threads *all, enum status status, const struct reason *why)
{
    pthread_mutex_lock(&all->lock);
    if (all->failed == STATUS_OK) {
        all->failed = status;
        all->why = *why;
    }
    pthread_mutex_unlock(&all->lock);
}

/* One fewer; with a reason unless it ended well. The others have nothing to wait for then. */
static void role_ended(struct role_threads *all, enum status status, const struct reason *why)
{
    // STATUS_CLOSED: it stopped because it was told to.
    if (status != STATUS_OK && status != STATUS_CLOSED) {
        keep_reason(all, status, why);
        stop_raise(&all->stop, STOP_NOW);
    }
    pthread_mutex_lock(&all->lock);
    all->running--;
    const bool last = all->running == 0;
    pthread_mutex_unlock(&all->lock);
    if (last)
        signals_end(&all->signals);
}

static void *live(void *argument)
{
    struct role_thread *role = argument;
    struct reason why = {0};
    enum status status = role->function(role->argument, &why);
    role_ended(role->all, status, &why);
    return NULL;
}

void role_threads_start(struct role_threads *all, role_function function, void *argument)
{
    struct role_thread *role = &all->list[all->count];
    *role = (struct role_thread){.all = all, .function = function, .argument = argument};
    pthread_mutex_lock(&all->lock);
    all->running++;
    pthread_mutex_unlock(&all->lock);
    const int error = pthread_create(&role->thread, NULL, live, role);
    if (error == 0) {
        all->count++;
        return;
    }
    struct reason why;
    role_ended(all, reason_set(&why, STATUS_MACHINE, "a thread: %s", strerror(error)), &why);
}

enum status role_threads_wait(struct role_threads *all, int *signal, struct reason *why)
{
    role_ended(all, STATUS_OK, NULL); // who starts them counted as one
    *signal = signals_wait(&all->signals, &all->stop);
    for (uint32_t i = 0; i < all->count; i++)
        pthread_join(all->list[i].thread, NULL);
    if (all->failed != STATUS_OK)
        *why = all->why;
    return all->failed;
}
