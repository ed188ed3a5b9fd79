/*
 * The plan: what was walked becomes a number, the sink is asked about it in batches, and what is
 * new enters the look-ahead, from which the largest leaves first.
 *
 * Memory is bounded by three numbers: the walk's queue, ASKS_MAX batches, LOOKAHEAD_SIZE jobs.
 * Nothing is asked that the look-ahead could not take.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "ventilator/head.h"

/* Entries the walk may be ahead of the plan. */
#define FOUND_MAX 1024

enum status plan_open(struct head *head)
{
    struct plan *plan = &head->plan;
    plan->next_number = 1;
    enum status status = lookahead_open(&plan->lookahead);
    if (status != STATUS_OK)
        return reason_set(&head->why, status, "out of memory for the look-ahead");
    status = queue_open(&plan->found, FOUND_MAX, found_free, &head->why);
    if (status != STATUS_OK)
        return status;
    return walk_start(&plan->walk, head->config->sources, plan->found, &head->why);
}

static void clear_batch(struct ask_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        job_clear(&batch->entries[i]);
    *batch = (struct ask_batch){0};
}

void plan_close(struct head *head)
{
    struct plan *plan = &head->plan;
    if (plan->found)
        queue_stop(plan->found);
    walk_stop(&plan->walk);
    queue_close(&plan->found);
    for (uint32_t i = 0; i < ASKS_MAX; i++)
        clear_batch(&plan->asks[i]);
    lookahead_close(&plan->lookahead);
}

void plan_stop(struct head *head)
{
    head->plan.exhausted = true;
    queue_stop(head->plan.found);
}

static uint32_t entries_asked(const struct plan *plan)
{
    uint32_t asked = 0;
    for (uint32_t i = 0; i < ASKS_MAX; i++)
        asked += plan->asks[i].count;
    return asked;
}

static struct ask_batch *free_batch(struct plan *plan)
{
    for (uint32_t i = 0; i < ASKS_MAX; i++)
        if (plan->asks[i].first == 0)
            return &plan->asks[i];
    return NULL;
}

bool plan_wants_found(const struct head *head)
{
    const struct plan *plan = &head->plan;
    return head->collector.started && !plan->exhausted && outcomes_have_room(head) &&
           free_batch((struct plan *)plan) != NULL &&
           entries_asked(plan) + plan->lookahead.count + ASK_MAX <= LOOKAHEAD_SIZE;
}

static void send_ask(struct head *head, struct ask_batch *batch)
{
    struct ask *ask = &head->out.ask;
    head->out.envelope.type = MSG_ASK;
    walk_counts(head->plan.walk, &ask->known);
    ask->count = 0;
    for (uint32_t i = 0; batch && i < batch->count; i++) {
        const struct job *job = &batch->entries[i];
        if (job->id != 0)
            ask->entries[ask->count++] = (struct ask_entry){.number = job->id,
                                                            .root = job->root,
                                                            .path = text_of(job->path),
                                                            .size = job->size,
                                                            .mtime_ns = job->mtime_ns};
    }
    if (post_send(head, &head->collector.peer) && batch)
        batch->sent = head->now;
}

/* An entry that ends here: planned, so that the ledger counts it, and settled at once. */
static void fail_early(struct head *head, struct job *job, const char *error)
{
    uint64_t id = job->id;
    if (ledger_plan(head->ledger, job) != STATUS_OK) {
        job_clear(job);
        head_fail(head, "out of memory for a job");
        return;
    }
    outcomes_add(head, id, IMAGE_FAILED, error);
}

static void fail_for_size(struct head *head, struct job *job)
{
    char size[32], limit[32], error[IMAGE_ERROR_SIZE];
    text_bytes(size, sizeof size, (double)job->size);
    text_bytes(limit, sizeof limit, (double)head->config->options->max_bytes);
    snprintf(error, sizeof error, "%s, more than --max-bytes %s", size, limit);
    fail_early(head, job, error);
}

/* Gives the entry its number; one that is to be done joins the batch. Frees `found`. */
static void take_found(struct head *head, struct found *found, struct ask_batch *batch)
{
    if (!found->path) {
        head->plan.exhausted = true;
        found_free(found);
        return;
    }
    struct job job = {.id = head->plan.next_number++,
                      .root = found->root,
                      .size = found->size,
                      .mtime_ns = found->mtime_ns,
                      .path = found->path};
    found->path = NULL;
    if (found->error)
        fail_early(head, &job, found->error);
    else if (job.size > head->config->options->max_bytes)
        fail_for_size(head, &job);
    else
        batch->entries[batch->count++] = job;
    found_free(found);
}

/* Fills one batch with what waits in the queue and asks it. False: nothing waited. */
static bool ask_one_batch(struct head *head)
{
    struct plan *plan = &head->plan;
    struct ask_batch *batch = free_batch(plan);
    void *item;
    bool any = false;
    while (batch->count < ASK_MAX && outcomes_have_room(head) && !plan->exhausted &&
           queue_try_take(plan->found, &item) == STATUS_OK) {
        take_found(head, item, batch);
        any = true;
    }
    if (batch->count > 0) {
        batch->first = batch->entries[0].id;
        batch->unanswered = batch->count;
        send_ask(head, batch);
    }
    return any;
}

void plan_turn(struct head *head)
{
    struct plan *plan = &head->plan;
    while (plan_wants_found(head) && ask_one_batch(head))
        ;
    for (uint32_t i = 0; i < ASKS_MAX; i++) {
        struct ask_batch *batch = &plan->asks[i];
        if (batch->first != 0 && head->now - batch->sent >= RESEND_INTERVAL)
            send_ask(head, batch);
    }
    if (plan->exhausted && !plan->counts_sent && head->collector.started) {
        send_ask(head, NULL);
        plan->counts_sent = true;
    }
}

static struct job *asked_entry(struct plan *plan, uint64_t number, struct ask_batch **found)
{
    for (uint32_t i = 0; i < ASKS_MAX; i++) {
        struct ask_batch *batch = &plan->asks[i];
        if (batch->first == 0 || number < batch->first)
            continue;
        for (uint32_t k = 0; k < batch->count; k++)
            if (batch->entries[k].id == number) {
                *found = batch;
                return &batch->entries[k];
            }
    }
    return NULL;
}

void plan_answer(struct head *head, const struct answer *answer)
{
    for (uint32_t i = 0; i < answer->count; i++) {
        struct ask_batch *batch;
        struct job *job = asked_entry(&head->plan, answer->entries[i].number, &batch);
        if (!job)
            continue; // answered before
        job->crashes = answer->entries[i].crashes;
        if (answer->entries[i].verdict == VERDICT_NEW && head->stop == STOP_NONE)
            lookahead_put(&head->plan.lookahead, job);
        else
            job_clear(job); // counted by the sink, or pending when the run is drained
        if (--batch->unanswered == 0)
            clear_batch(batch);
    }
}

void plan_ask_anew(struct head *head)
{
    send_ask(head, NULL); // the sink learns at once which numbers there are
    head->plan.counts_sent = false;
    for (uint32_t i = 0; i < ASKS_MAX; i++)
        head->plan.asks[i].sent = 0;
}

bool plan_is_done(const struct head *head)
{
    const struct plan *plan = &head->plan;
    return plan->exhausted && entries_asked(plan) == 0 &&
           (plan->lookahead.count == 0 || head->stop != STOP_NONE);
}
