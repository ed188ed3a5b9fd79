/*
 * A count of free bytes and a line of those who wait, under one lock. The line's places are on
 * the stacks of the threads that wait; only the first may take.
 */

#include "worker/admission.h"

#include <pthread.h>
#include <stdlib.h>

struct place {
    struct place *next;
};

struct admission {
    pthread_mutex_t lock; // over everything below
    pthread_cond_t changed;
    uint64_t share, common; // never change
    uint64_t free;          // of the common half
    struct place *first;
    bool stopped;
};

enum status admission_open(struct admission **admission, uint64_t memory, uint32_t slots,
                           struct reason *why)
{
    struct admission *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory");
    pthread_mutex_init(&opened->lock, NULL);
    pthread_cond_init(&opened->changed, NULL);
    opened->share = memory / 2 / slots;
    opened->common = memory - opened->share * slots;
    opened->free = opened->common;
    *admission = opened;
    return STATUS_OK;
}

void admission_close(struct admission **admission)
{
    struct admission *closed = *admission;
    if (closed == NULL)
        return;
    pthread_cond_destroy(&closed->changed);
    pthread_mutex_destroy(&closed->lock);
    free(closed);
    *admission = NULL;
}

uint64_t admission_share(const struct admission *admission)
{
    return admission->share;
}

/* With the lock held. */
static void line_up(struct admission *admission, struct place *place)
{
    struct place **end = &admission->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = place;
}

/* With the lock held. The next in the line may be first now. */
static void step_out(struct admission *admission, struct place *place)
{
    struct place **link = &admission->first;
    while (*link != place)
        link = &(*link)->next;
    *link = place->next;
    pthread_cond_broadcast(&admission->changed);
}

enum status admission_borrow(struct admission *admission, uint64_t need,
                             const atomic_bool *cancelled, uint64_t *lent)
{
    uint64_t wanted = need > admission->share ? need - admission->share : 0;
    if (wanted > admission->common)
        return STATUS_IMAGE;
    struct place place = {0};
    pthread_mutex_lock(&admission->lock);
    line_up(admission, &place);
    bool given_up = false;
    for (;;) {
        given_up = admission->stopped || atomic_load(cancelled);
        if (given_up || (admission->first == &place && wanted <= admission->free))
            break;
        pthread_cond_wait(&admission->changed, &admission->lock);
    }
    step_out(admission, &place);
    if (!given_up) {
        admission->free -= wanted;
        *lent = wanted;
    }
    pthread_mutex_unlock(&admission->lock);
    return given_up ? STATUS_CLOSED : STATUS_OK;
}

void admission_give_back(struct admission *admission, uint64_t *lent)
{
    if (*lent == 0)
        return;
    pthread_mutex_lock(&admission->lock);
    admission->free += *lent;
    pthread_cond_broadcast(&admission->changed);
    pthread_mutex_unlock(&admission->lock);
    *lent = 0;
}

void admission_wake(struct admission *admission)
{
    pthread_mutex_lock(&admission->lock);
    pthread_cond_broadcast(&admission->changed);
    pthread_mutex_unlock(&admission->lock);
}

void admission_stop(struct admission *admission)
{
    pthread_mutex_lock(&admission->lock);
    admission->stopped = true;
    pthread_cond_broadcast(&admission->changed);
    pthread_mutex_unlock(&admission->lock);
}
