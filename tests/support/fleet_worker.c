/*
 * The simulated workers: what arrives is queued, RETURNed, or swallowed; slots run what is queued.
 */

#include <stdlib.h>

#include "tests/support/fleet_internal.h"

static void enqueue(struct sim_worker *worker, struct attempt attempt)
{
    if (worker->queue_count == worker->queue_size) {
        uint32_t size = worker->queue_size * 2 + 1;
        struct attempt *queue = fleet_checked(calloc(size, sizeof *queue));

        for (uint32_t i = 0; i < worker->queue_count; i++)
            queue[i] = worker->queue[(worker->queue_first + i) % worker->queue_size];
        free(worker->queue);
        worker->queue = queue;
        worker->queue_size = size;
        worker->queue_first = 0;
    }
    worker->queue[(worker->queue_first + worker->queue_count++) % worker->queue_size] = attempt;
}

static struct attempt dequeue(struct sim_worker *worker)
{
    struct attempt attempt = worker->queue[worker->queue_first];

    worker->queue_first = (worker->queue_first + 1) % worker->queue_size;
    worker->queue_count--;
    return attempt;
}

static void fill_slots(struct fleet *fleet, uint32_t number)
{
    struct sim_worker *worker = &fleet->workers[number];

    while (worker->queue_count > 0 && worker->running_count < fleet->plan->workers[number].slots) {
        struct attempt attempt = dequeue(worker);
        struct sim_job *job = &fleet->jobs[attempt.job];
        double takes = (double)job->takes / fleet->plan->workers[number].speed;

        worker->running[worker->running_count++] = (struct running){attempt, fleet->now};
        if (!job->recorded)
            job->started = fleet->now;
        job->starts++;
        fleet_post(fleet, (usec)takes,
                   (struct event){.kind = AT_WORKER_FINISH, .worker = number, .attempt = attempt});
    }
}

/* Adds the part of a run that lies within the time that is measured. */
void fleet_worker_account(struct fleet *fleet, struct sim_worker *worker,
                          const struct running *running)
{
    usec from = running->since > fleet->measured_from ? running->since : fleet->measured_from;

    if (fleet->measured_until == 0 && fleet->now > from)
        worker->busy += (double)(fleet->now - from);
}

static void give_back(struct fleet *fleet, uint32_t number, struct attempt attempt,
                      enum return_reason reason)
{
    const struct sim_worker *worker = &fleet->workers[number];
    uint32_t held = worker->queue_count + worker->running_count;

    fleet_post(fleet, FLEET_LATENCY,
               (struct event){.kind = AT_HEAD_RETURN,
                              .worker = number,
                              .attempt = attempt,
                              .reason = reason,
                              .room = worker->capacity > held ? worker->capacity - held : 0});
}

static void on_worker_job(struct fleet *fleet, const struct event *event)
{
    struct sim_worker *worker = &fleet->workers[event->worker];

    if (worker->stopped)
        fleet->jobs[event->attempt.job].dealt = true;
    if (worker->stopped || worker->told_go)
        return;
    if (fleet->plan->event == FLEET_JOINS && event->worker == fleet->plan->who &&
        fleet->outcome->first_job == 0)
        fleet->outcome->first_job = fleet->now - fleet->plan->when;
    if (worker->leaving) {
        give_back(fleet, event->worker, event->attempt, RETURN_LEAVING);
        return;
    }
    if (!fleet->plan->plain && worker->queue_count + worker->running_count >= worker->capacity) {
        give_back(fleet, event->worker, event->attempt, RETURN_FULL);
        return;
    }
    enqueue(worker, event->attempt);
    if (!fleet->plan->plain)
        fleet_say(fleet, AT_HEAD_TAKEN, event->worker, event->attempt);
    fill_slots(fleet, event->worker);
}

static void leave_if_done(struct fleet *fleet, uint32_t number)
{
    struct sim_worker *worker = &fleet->workers[number];

    if (worker->told_go && worker->running_count == 0 && !worker->gone) {
        worker->gone = true;
        fleet_say(fleet, AT_HEAD_LEFT, number, (struct attempt){0});
    }
}

/* Its place among those running; running_count: it was cancelled. */
static uint32_t find_running(const struct sim_worker *worker, struct attempt attempt)
{
    uint32_t at = 0;

    while (at < worker->running_count && (worker->running[at].attempt.job != attempt.job ||
                                          worker->running[at].attempt.attempt != attempt.attempt))
        at++;
    return at;
}

static void on_worker_finish(struct fleet *fleet, const struct event *event)
{
    struct sim_worker *worker = &fleet->workers[event->worker];
    struct sim_job *job = &fleet->jobs[event->attempt.job];
    uint32_t at = find_running(worker, event->attempt);

    if (worker->stopped || worker->frozen || at == worker->running_count)
        return;
    fleet_worker_account(fleet, worker, &worker->running[at]);
    worker->running[at] = worker->running[--worker->running_count];
    fleet->outcome->recorded += !job->recorded;
    job->recorded = true;
    fleet_say(fleet, AT_HEAD_DONE, event->worker, event->attempt);
    fleet_post(fleet, (usec)2 * FLEET_LATENCY, // by way of the sink
               (struct event){.kind = AT_HEAD_RECORDED, .attempt = event->attempt});
    fill_slots(fleet, event->worker);
    leave_if_done(fleet, event->worker);
}

static void on_worker_beat_due(struct fleet *fleet, const struct event *event)
{
    struct sim_worker *worker = &fleet->workers[event->worker];
    uint32_t held = worker->queue_count + worker->running_count;

    if (worker->stopped || worker->gone || fleet->plan->plain)
        return;
    if (held > ATTEMPTS_MAX)
        abort();
    struct beat *beat = fleet_checked(calloc(1, sizeof *beat));
    beat->capacity = worker->capacity;
    for (uint32_t i = 0; i < worker->running_count; i++) {
        beat->running[beat->held.count] = 1;
        beat->held.list[beat->held.count++] = worker->running[i].attempt;
    }
    for (uint32_t i = 0; i < worker->queue_count; i++)
        beat->held.list[beat->held.count++] =
            worker->queue[(worker->queue_first + i) % worker->queue_size];
    fleet_post(fleet, FLEET_LATENCY,
               (struct event){.kind = AT_HEAD_BEAT, .worker = event->worker, .beat = beat});
    fleet_post(fleet, BEAT_INTERVAL,
               (struct event){.kind = AT_WORKER_BEAT_DUE, .worker = event->worker});
}

static void on_worker_start(struct fleet *fleet, const struct event *event)
{
    fleet_say(fleet, AT_HEAD_HELLO, event->worker, (struct attempt){0});
    fleet_post(fleet, BEAT_INTERVAL,
               (struct event){.kind = AT_WORKER_BEAT_DUE, .worker = event->worker});
}

static void on_worker_stop(struct fleet *fleet, const struct event *event)
{
    struct sim_worker *worker = &fleet->workers[event->worker];

    worker->stopped = true;
    for (uint32_t i = 0; i < worker->running_count; i++)
        fleet->jobs[worker->running[i].attempt.job].dealt = true;
    while (worker->queue_count > 0)
        fleet->jobs[dequeue(worker).job].dealt = true;
}

static void on_worker_freeze(struct fleet *fleet, const struct event *event)
{
    fleet->workers[event->worker].frozen = true;
}

static void on_worker_cancel(struct fleet *fleet, const struct event *event)
{
    struct sim_worker *worker = &fleet->workers[event->worker];
    uint32_t at = find_running(worker, event->attempt);

    if (worker->stopped)
        return;
    if (at < worker->running_count)
        worker->running[at] = worker->running[--worker->running_count];
    for (uint32_t queued = worker->queue_count; queued > 0; queued--) {
        struct attempt attempt = dequeue(worker);

        if (attempt.job != event->attempt.job || attempt.attempt != event->attempt.attempt)
            enqueue(worker, attempt);
    }
    fill_slots(fleet, event->worker);
}

static void on_worker_leave(struct fleet *fleet, const struct event *event)
{
    struct sim_worker *worker = &fleet->workers[event->worker];

    worker->leaving = true;
    fleet_say(fleet, AT_HEAD_LEAVING, event->worker, (struct attempt){0});
    while (worker->queue_count > 0)
        give_back(fleet, event->worker, dequeue(worker), RETURN_LEAVING);
}

static void on_worker_go(struct fleet *fleet, const struct event *event)
{
    fleet->workers[event->worker].told_go = true;
    fleet_say(fleet, AT_HEAD_CLOSED, event->worker, (struct attempt){0});
    leave_if_done(fleet, event->worker);
}

void fleet_worker_handle(struct fleet *fleet, const struct event *event)
{
    static void (*const handlers[EVENT_KINDS])(struct fleet *, const struct event *) = {
        [AT_WORKER_JOB] = on_worker_job,       [AT_WORKER_FINISH] = on_worker_finish,
        [AT_WORKER_START] = on_worker_start,   [AT_WORKER_BEAT_DUE] = on_worker_beat_due,
        [AT_WORKER_STOP] = on_worker_stop,     [AT_WORKER_LEAVE] = on_worker_leave,
        [AT_WORKER_GO] = on_worker_go,         [AT_WORKER_FREEZE] = on_worker_freeze,
        [AT_WORKER_CANCEL] = on_worker_cancel,
    };

    handlers[event->kind](fleet, event);
}
