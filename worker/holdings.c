/*
 * A dense array; each task knows its place in it.
 */

#include "worker/holdings.h"

#include <assert.h>
#include <stddef.h>

void holdings_add(struct holdings *holdings, struct task **task)
{
    assert(holdings->count < ATTEMPTS_MAX);
    (*task)->place = holdings->count;
    holdings->list[holdings->count++] = *task;
    *task = NULL;
}

void holdings_remove(struct holdings *holdings, struct task *task)
{
    uint32_t place = task->place;
    struct task *last = holdings->list[--holdings->count];
    holdings->list[place] = last;
    last->place = place;
    task_close(&task);
}

void holdings_clear(struct holdings *holdings)
{
    while (holdings->count > 0)
        task_close(&holdings->list[--holdings->count]);
}

struct task *holdings_find(const struct holdings *holdings, struct attempt attempt)
{
    for (uint32_t i = 0; i < holdings->count; i++) {
        const struct job *job = &holdings->list[i]->result.job;
        if (job->id == attempt.job && job->attempt == attempt.attempt)
            return holdings->list[i];
    }
    return NULL;
}

void holdings_list(const struct holdings *holdings, struct beat *beat)
{
    beat->held.count = holdings->count;
    for (uint32_t i = 0; i < holdings->count; i++) {
        const struct job *job = &holdings->list[i]->result.job;
        beat->held.list[i] = (struct attempt){.job = job->id, .attempt = job->attempt};
        beat->running[i] = atomic_load(&holdings->list[i]->running);
    }
}
