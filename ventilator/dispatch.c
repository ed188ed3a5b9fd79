/*
 * Dispatch: jobs leave by PUSH while the window has room, by control where the ledger wants the
 * sure way; what workers say of them goes into the ledger. The rules are the ledger's, the sockets
 * are here.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/text.h"
#include "ventilator/head.h"

/* Jobs sent in one turn before the sockets are read again. */
#define DISPATCH_PER_TURN 256

static void fill_job(struct head *head, const struct job *job)
{
    head->out.envelope.type = MSG_JOB;
    head->out.job = (struct job_message){
        .attempt = {.job = job->id, .attempt = job->attempt},
        .root = job->root,
        .size = job->size,
        .mtime_ns = job->mtime_ns,
        .path = text_of(job->path),
    };
}

static enum status push_job(struct head *head, const struct job *job)
{
    fill_job(head, job);
    head->out.envelope.run = head->run;
    head->out.envelope.epoch = head->epoch;
    head->out.envelope.sender = head->incarnation;
    if (wire_encode(&head->buffer, &head->out) != STATUS_OK)
        return STATUS_MACHINE;
    return channel_send(head->jobs, head->buffer.bytes, head->buffer.size);
}

/* The largest jobs of the look-ahead enter the ledger, only when they can leave at once. */
static void plan_jobs(struct head *head)
{
    struct job job;
    while (ledger_window_is_open(head->ledger) && lookahead_take(&head->plan.lookahead, &job))
        if (ledger_plan(head->ledger, &job) != STATUS_OK) {
            job_clear(&job);
            head_fail(head, "out of memory for a job");
            return;
        }
}

static void push_jobs(struct head *head)
{
    head->jobs_blocked = false;
    for (uint32_t i = 0; i < DISPATCH_PER_TURN; i++) {
        const struct job *job = ledger_next_push(head->ledger, head->now);
        if (!job)
            return;
        if (push_job(head, job) != STATUS_OK) {
            head->jobs_blocked = true;
            return;
        }
        ledger_pushed(head->ledger, job->id, head->now);
    }
}

static void send_sure_jobs(struct head *head)
{
    for (uint32_t i = 0; i < DISPATCH_PER_TURN; i++) {
        worker_index worker;
        const struct job *job = ledger_next_sure(head->ledger, head->now, &worker);
        if (!job)
            return;
        uint64_t id = job->id;
        fill_job(head, job);
        if (!post_send(head, &head->crew.members[worker]->peer)) {
            crew_lost(head, worker, "its connection is gone");
            continue;
        }
        ledger_sent(head->ledger, id, worker, head->now);
    }
}

/* Jobs the ledger gave up: they took worker after worker down, or no result of theirs arrived. */
static void announce_settled(struct head *head)
{
    enum image_state state;
    for (const struct job *job; (job = ledger_next_settled(head->ledger, &state)) != NULL;)
        outcomes_announce(head, job->id, state,
                          state == IMAGE_QUARANTINED
                              ? "quarantined: six workers died while they decoded it"
                              : "unrecordable: its result was lost three times");
}

/* Tells it which attempts nobody waits for any more: those in head->out.attempts. */
static void send_cancel(struct head *head, worker_index worker)
{
    if (head->out.attempts.count == 0)
        return;
    head->out.envelope.type = MSG_CANCEL;
    (void)post_send(head, &head->crew.members[worker]->peer);
}

/* What another attempt has done already. */
static void cancel_attempts(struct head *head)
{
    worker_index worker;
    struct attempt attempt;
    while (ledger_next_cancel(head->ledger, &worker, &attempt)) {
        head->out.attempts.count = 1;
        head->out.attempts.list[0] = attempt;
        send_cancel(head, worker);
    }
}

void dispatch_turn(struct head *head)
{
    announce_settled(head);
    cancel_attempts(head);
    if (plan_is_done(head))
        ledger_no_more(head->ledger);
    if (!head->collector.started)
        return;
    plan_jobs(head);
    push_jobs(head);
    send_sure_jobs(head);
}

void dispatch_taken(struct head *head, worker_index worker)
{
    const struct attempts *taken = &head->in.attempts;
    struct attempts *dead = &head->out.attempts;
    dead->count = 0;
    for (uint32_t i = 0; i < taken->count; i++)
        if (!ledger_taken(head->ledger, worker, taken->list[i], head->now))
            dead->list[dead->count++] = taken->list[i];
    send_cancel(head, worker);
}

void dispatch_done(struct head *head, worker_index worker)
{
    const struct attempts *done = &head->in.attempts;
    for (uint32_t i = 0; i < done->count; i++)
        ledger_done(head->ledger, worker, done->list[i], head->now);
}

void dispatch_beat(struct head *head, worker_index worker)
{
    const struct beat *beat = &head->in.beat;
    if (!crew_stays_blind(head, worker))
        crew_trouble(head, worker, beat->trouble);
    if (beat->round_trip > 0)
        ledger_worker_round_trip(head->ledger, worker, beat->round_trip);
    ledger_beat(head->ledger, worker, beat, head->now);
    if (crew_stays_blind(head, worker))
        ledger_worker_capacity(head->ledger, worker, 0);
    ledger_strays(head->ledger, worker, &beat->held, &head->out.attempts);
    send_cancel(head, worker);
    post_alive(head, &head->crew.members[worker]->peer, beat->sent);
}

/* True when the file is there for the head, so that the worker, not the image, is at fault. */
static bool head_sees(const struct head *head, const struct job *job)
{
    char path[JOB_PATH_SIZE + 2 + JOB_PATH_SIZE];
    struct stat stat;
    snprintf(path, sizeof path, "%s/%s", head->config->sources->roots[job->root], job->path);
    return fstatat(AT_FDCWD, path, &stat, 0) == 0; // as the walk looked
}

static void look_for_source(struct head *head, worker_index worker, uint64_t id)
{
    const struct job *job = ledger_job(head->ledger, id);
    if (!job)
        return;
    if (!head_sees(head, job)) {
        outcomes_add(head, id, IMAGE_FAILED, "no such file: it was removed since it was found");
        return;
    }
    crew_trouble(head, worker, text_of("it does not see a source file that the head sees"));
    crew_is_blind(head, worker);
    ledger_retry(head->ledger, id, head->now);
}

static void quarantine(struct head *head, const struct returned *returned)
{
    char detail[IMAGE_ERROR_SIZE], error[IMAGE_ERROR_SIZE];
    text_copy(detail, sizeof detail, returned->detail);
    snprintf(error, sizeof error, "quarantined after two decoders: %.*s", (int)sizeof error - 64,
             detail);
    outcomes_add(head, returned->attempt.job, IMAGE_QUARANTINED, error);
}

static void remember_crash(struct head *head, const struct returned *returned)
{
    char detail[IMAGE_ERROR_SIZE];
    text_copy(detail, sizeof detail, returned->detail);
    outcomes_crashed(head, returned->attempt.job, detail);
}

void dispatch_returned(struct head *head, worker_index worker)
{
    const struct returned *returned = &head->in.returned;
    if (returned->reason == RETURN_TROUBLE) {
        ledger_worker_capacity(head->ledger, worker, 0);
        crew_trouble(head, worker, returned->detail);
    }
    switch (ledger_returned(head->ledger, worker, returned, head->now)) {
    case RETURNED_SETTLE:
        quarantine(head, returned);
        break;
    case RETURNED_LOOK:
        look_for_source(head, worker, returned->attempt.job);
        break;
    case RETURNED_RETRY:
        if (returned->reason == RETURN_CRASHED || returned->reason == RETURN_OVERRAN)
            remember_crash(head, returned);
        break;
    case RETURNED_IGNORED:
        break;
    }
}
