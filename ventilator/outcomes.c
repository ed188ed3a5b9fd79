/*
 * Outcomes without a worker: a file over the limit on bytes, a listed file that is not there, an
 * image in quarantine. Said to the sink until it says RECORDED.
 */

#include <stdio.h>
#include <stdlib.h>

#include "ventilator/head.h"

bool outcomes_have_room(const struct head *head)
{
    return head->outcomes.count < OUTCOMES_PLANNED_MAX;
}

static struct unsettled *new_unsettled(struct outcomes *outcomes)
{
    if (outcomes->count == outcomes->capacity) {
        uint32_t capacity = outcomes->capacity ? 2 * outcomes->capacity : 16;
        struct unsettled *list = realloc(outcomes->list, capacity * sizeof *list);
        if (!list)
            return NULL;
        outcomes->list = list;
        outcomes->capacity = capacity;
    }
    return &outcomes->list[outcomes->count++];
}

static void send_outcome(struct head *head, struct unsettled *unsettled)
{
    const struct job *job = ledger_job(head->ledger, unsettled->job);
    if (!job || !head->collector.started)
        return;
    head->out.envelope.type = MSG_OUTCOME;
    head->out.outcome = (struct outcome){
        .job = job->id,
        .attempt = job->attempt,
        .state = unsettled->state,
        .root = job->root,
        .path = text_of(job->path),
        .size = job->size,
        .mtime_ns = job->mtime_ns,
        .error = text_of(unsettled->error),
    };
    if (post_send(head, &head->collector.peer))
        unsettled->sent = head->now;
}

void outcomes_announce(struct head *head, uint64_t job, enum image_state state, const char *error)
{
    struct unsettled *unsettled = new_unsettled(&head->outcomes);
    if (!unsettled) {
        head_fail(head, "out of memory for an outcome");
        return;
    }
    *unsettled = (struct unsettled){.job = job, .state = state};
    snprintf(unsettled->error, sizeof unsettled->error, "%s", error);
    send_outcome(head, unsettled);
}

void outcomes_add(struct head *head, uint64_t job, enum image_state state, const char *error)
{
    ledger_settle(head->ledger, job);
    outcomes_announce(head, job, state, error);
}

void outcomes_recorded(struct head *head, uint64_t job)
{
    struct outcomes *outcomes = &head->outcomes;
    for (uint32_t i = 0; i < outcomes->count; i++)
        if (outcomes->list[i].job == job) {
            outcomes->list[i] = outcomes->list[--outcomes->count];
            return;
        }
}

void outcomes_turn(struct head *head)
{
    for (uint32_t i = 0; i < head->outcomes.count; i++)
        if (head->now - head->outcomes.list[i].sent >= RESEND_INTERVAL)
            send_outcome(head, &head->outcomes.list[i]);
}

void outcomes_close(struct head *head)
{
    free(head->outcomes.list);
    head->outcomes = (struct outcomes){0};
}
