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

/* False: there is nobody to say it to, or no such job. */
static bool say(struct head *head, enum message_type type, uint64_t id, enum image_state state,
                const char *error)
{
    const struct job *job = ledger_job(head->ledger, id);
    if (!job || !head->collector.started)
        return false;
    head->out.envelope.type = type;
    head->out.outcome = (struct outcome){
        .job = job->id,
        .attempt = job->attempt,
        .state = state,
        .root = job->root,
        .path = text_of(job->path),
        .size = job->size,
        .mtime_ns = job->mtime_ns,
        .error = text_of(error),
    };
    return post_send(head, &head->collector.peer);
}

static void send_outcome(struct head *head, struct unsettled *unsettled)
{
    if (say(head, MSG_OUTCOME, unsettled->job, unsettled->state, unsettled->error))
        unsettled->sent = head->now;
}

/* Not acknowledged: only if both this message and this head are lost, a third decoder may die. */
void outcomes_crashed(struct head *head, uint64_t job, const char *error)
{
    (void)say(head, MSG_CRASHED, job, IMAGE_PENDING, error);
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

void outcomes_say_anew(struct head *head)
{
    for (uint32_t i = 0; i < head->outcomes.count; i++)
        head->outcomes.list[i].sent = 0;
}

void outcomes_close(struct head *head)
{
    free(head->outcomes.list);
    head->outcomes = (struct outcomes){0};
}
