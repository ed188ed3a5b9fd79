/*
 * A flag with a text under one lock; an eventfd for the poll loop, a condition for the keeper.
 */

#include "worker/trouble.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct trouble {
    pthread_mutex_t lock; // over everything below
    pthread_cond_t changed;
    bool on, stopped;
    struct reason text;
    int fd;
};

/* A condition whose timed waits are on the monotonic clock. */
static void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum status trouble_open(struct trouble **trouble, struct reason *why)
{
    struct trouble *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory");
    pthread_mutex_init(&opened->lock, NULL);
    condition_init(&opened->changed);
    opened->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (opened->fd < 0) {
        int error = errno;
        trouble_close(&opened);
        return reason_set(why, STATUS_MACHINE, "eventfd: %s", strerror(error));
    }
    *trouble = opened;
    return STATUS_OK;
}

void trouble_close(struct trouble **trouble)
{
    struct trouble *closed = *trouble;
    if (closed == NULL)
        return;
    if (closed->fd >= 0)
        close(closed->fd);
    pthread_cond_destroy(&closed->changed);
    pthread_mutex_destroy(&closed->lock);
    free(closed);
    *trouble = NULL;
}

/* With the lock held. */
static void change(struct trouble *trouble, bool on)
{
    if (trouble->on == on)
        return;
    trouble->on = on;
    eventfd_write(trouble->fd, 1);
    pthread_cond_broadcast(&trouble->changed);
}

void trouble_begin(struct trouble *trouble, const char *text)
{
    pthread_mutex_lock(&trouble->lock);
    reason_set(&trouble->text, STATUS_MACHINE, "%s", text);
    change(trouble, true);
    pthread_mutex_unlock(&trouble->lock);
}

void trouble_over(struct trouble *trouble)
{
    pthread_mutex_lock(&trouble->lock);
    trouble->text.text[0] = '\0';
    change(trouble, false);
    pthread_mutex_unlock(&trouble->lock);
}

bool trouble_is_on(struct trouble *trouble, struct reason *text)
{
    pthread_mutex_lock(&trouble->lock);
    bool on = trouble->on;
    if (text != NULL)
        *text = trouble->text;
    pthread_mutex_unlock(&trouble->lock);
    return on;
}

int trouble_fd(const struct trouble *trouble)
{
    return trouble->fd;
}

bool trouble_news(struct trouble *trouble, struct reason *text)
{
    eventfd_t count;
    eventfd_read(trouble->fd, &count); // before the look, so that no change is missed
    return trouble_is_on(trouble, text);
}

bool trouble_wait(struct trouble *trouble)
{
    pthread_mutex_lock(&trouble->lock);
    while (!trouble->on && !trouble->stopped)
        pthread_cond_wait(&trouble->changed, &trouble->lock);
    bool stopped = trouble->stopped;
    pthread_mutex_unlock(&trouble->lock);
    return !stopped;
}

bool trouble_pause(struct trouble *trouble, usec span)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    usec fraction = until.tv_nsec / 1000 + span % US_PER_S;
    until.tv_sec += span / US_PER_S + fraction / US_PER_S;
    until.tv_nsec = (fraction % US_PER_S) * 1000;
    int waited = 0;
    pthread_mutex_lock(&trouble->lock);
    while (!trouble->stopped && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&trouble->changed, &trouble->lock, &until);
    bool stopped = trouble->stopped;
    pthread_mutex_unlock(&trouble->lock);
    return !stopped;
}

void trouble_stop(struct trouble *trouble)
{
    pthread_mutex_lock(&trouble->lock);
    trouble->stopped = true;
    pthread_cond_broadcast(&trouble->changed);
    pthread_mutex_unlock(&trouble->lock);
}
