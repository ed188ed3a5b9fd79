/*
 * The simulated fleet's head, and its main loop. The head does with the ledger what the ventilator
 * does: sends by the sure way first, then pushes, after everything it hears.
 */

#include "tests/support/fleet.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/fleet_internal.h"
#include "tests/support/random.h"

/* Of the underlying normal: the mean is 1.5 times the median, one in a hundred takes 8 times. */
#define JOB_SIGMA 0.9
/* The head plans so many jobs at a time. */
#define PLAN_BATCH 64

static void broken(struct fleet *fleet, const char *promise)
{
    if (!fleet->broken)
        fprintf(stderr, "at %lld us: %s\n", (long long)fleet->now, promise);
    fleet->broken = true;
}

/* The worker that PUSH deals to next; NO_WORKER when every pipe is full or closed. */
static uint32_t deal(struct fleet *fleet)
{
    for (uint32_t tried = 0; tried < fleet->plan->worker_count; tried++) {
        uint32_t number = fleet->turn;
        struct sim_worker *worker = &fleet->workers[number];

        fleet->turn = (fleet->turn + 1) % fleet->plan->worker_count;
        if (!worker->connected)
            continue;
        if (!worker->stopped || worker->swallowed++ < fleet->plan->pipe)
            return number;
    }
    return NO_WORKER;
}

static void send_job(struct fleet *fleet, const struct job *job, uint32_t to)
{
    struct sim_job *at = &fleet->jobs[job->id];

    if (job->attempt == 1)
        at->pushed = fleet->now;
    fleet_say(fleet, AT_WORKER_JOB, to, (struct attempt){job->id, job->attempt});
}

static uint32_t number_of(const struct fleet *fleet, worker_index index)
{
    for (uint32_t number = 0; number < fleet->plan->worker_count; number++) {
        if (fleet->workers[number].index == index)
            return number;
    }
    abort();
}

static void send_out(struct fleet *fleet)
{
    const struct job *job;
    worker_index index;
    uint32_t to;

    while ((job = ledger_next_sure(fleet->ledger, fleet->now, &index)) != NULL) {
        fleet->chosen++;
        send_job(fleet, job, number_of(fleet, index));
        ledger_sent(fleet->ledger, job->id, index, fleet->now);
    }
    while ((job = ledger_next_push(fleet->ledger, fleet->now)) != NULL) {
        if ((to = deal(fleet)) == NO_WORKER)
            break;
        send_job(fleet, job, to);
        ledger_pushed(fleet->ledger, job->id, fleet->now);
    }
}

/* The tail begins: what the slots have done so far is the measure. */
static void stop_measuring(struct fleet *fleet, const struct ledger_counts *counts)
{
    for (uint32_t i = 0; i < fleet->plan->worker_count; i++) {
        struct sim_worker *worker = &fleet->workers[i];

        for (uint32_t at = 0; at < worker->running_count; at++)
            fleet_worker_account(fleet, worker, &worker->running[at]);
    }
    fleet->measured_until = fleet->now;
    fleet->outcome->early_backups = (uint32_t)counts->backups;
}

static void plan_and_send(struct fleet *fleet)
{
    struct ledger_counts counts;

    send_out(fleet);
    for (;;) {
        ledger_count(fleet->ledger, &counts);
        if (counts.ready > 0 || fleet->planned == fleet->plan->jobs)
            break;
        for (uint32_t i = 0; i < PLAN_BATCH && fleet->planned < fleet->plan->jobs; i++) {
            struct job job = {.id = ++fleet->planned};

            job.size = (uint64_t)fleet->jobs[job.id].takes; // as images do, nearly

            if (ledger_plan(fleet->ledger, &job) != STATUS_OK)
                abort();
        }
        send_out(fleet);
    }
    if (fleet->planned == fleet->plan->jobs)
        ledger_no_more(fleet->ledger);
    if (counts.ready == 0 && fleet->measured_until == 0)
        stop_measuring(fleet, &counts);
}

static void on_hello(struct fleet *fleet, uint32_t number)
{
    struct sim_worker *worker = &fleet->workers[number];

    if (ledger_worker_joined(fleet->ledger, number + 1, fleet->plan->workers[number].slots,
                             worker->capacity, fleet->now, &worker->index) != STATUS_OK)
        abort();
    ledger_worker_round_trip(fleet->ledger, worker->index, (usec)2 * FLEET_LATENCY);
    worker->connected = true;
}

static void on_left(struct fleet *fleet, uint32_t number)
{
    ledger_worker_left(fleet->ledger, fleet->workers[number].index, fleet->now);
    fleet->workers[number].index = NO_WORKER;
    fleet->workers[number].connected = false;
    if (fleet->plan->event == FLEET_LEAVES)
        fleet->outcome->leaving = fleet->now - fleet->plan->when;
}

static void head_handle(struct fleet *fleet, const struct event *event)
{
    worker_index index = fleet->workers[event->worker].index;
    struct returned returned = {event->attempt, event->reason, event->room, {0}};

    switch (event->kind) {
    case AT_HEAD_HELLO:
        on_hello(fleet, event->worker);
        break;
    case AT_HEAD_TAKEN:
        (void)ledger_taken(fleet->ledger, index, event->attempt, fleet->now);
        break;
    case AT_HEAD_RETURN:
        (void)ledger_returned(fleet->ledger, index, &returned, fleet->now);
        break;
    case AT_HEAD_DONE:
        ledger_done(fleet->ledger, index, event->attempt, fleet->now);
        break;
    case AT_HEAD_RECORDED:
        (void)ledger_recorded(fleet->ledger, event->attempt.job);
        break;
    case AT_HEAD_BEAT:
        ledger_beat(fleet->ledger, index, event->beat, fleet->now);
        break;
    case AT_HEAD_LEAVING:
        ledger_worker_leaving(fleet->ledger, index);
        break;
    case AT_HEAD_CLOSED:
        fleet->workers[event->worker].connected = false;
        break;
    case AT_HEAD_LEFT:
        on_left(fleet, event->worker);
        break;
    default:
        break;
    }
}

static void send_cancels(struct fleet *fleet)
{
    worker_index index;
    struct attempt attempt;

    while (ledger_next_cancel(fleet->ledger, &index, &attempt))
        fleet_say(fleet, AT_WORKER_CANCEL, number_of(fleet, index), attempt);
}

/* Deadlines, GO, and then whatever may be sent. */
static void head_turn(struct fleet *fleet)
{
    worker_index gone[FLEET_WORKERS_MAX];

    if (!fleet->plan->plain && ledger_next_deadline(fleet->ledger) <= fleet->now) {
        uint32_t count = ledger_expire(fleet->ledger, fleet->now, gone, FLEET_WORKERS_MAX);

        for (uint32_t i = 0; i < count; i++)
            on_left(fleet, number_of(fleet, gone[i]));
        if (ledger_next_deadline(fleet->ledger) <= fleet->now)
            broken(fleet, "a deadline is left after everything overdue expired");
    }
    if (fleet->plan->event == FLEET_LEAVES) {
        struct sim_worker *worker = &fleet->workers[fleet->plan->who];

        if (!worker->go_sent && ledger_worker_may_go(fleet->ledger, worker->index)) {
            worker->go_sent = true;
            fleet_say(fleet, AT_WORKER_GO, fleet->plan->who, (struct attempt){0});
        }
    }
    send_cancels(fleet);
    plan_and_send(fleet);
}

static bool goes_away(const struct fleet_plan *plan)
{
    return plan->event == FLEET_STOPS || plan->event == FLEET_FREEZES ||
           plan->event == FLEET_LEAVES;
}

static void set_up(struct fleet *fleet)
{
    static const enum event_kind kinds[] = {[FLEET_STOPS] = AT_WORKER_STOP,
                                            [FLEET_FREEZES] = AT_WORKER_FREEZE,
                                            [FLEET_LEAVES] = AT_WORKER_LEAVE};
    const struct fleet_plan *plan = fleet->plan;
    uint64_t state = plan->seed;

    if (ledger_open(&fleet->ledger, NULL) != STATUS_OK)
        abort();
    fleet->jobs = fleet_checked(calloc(plan->jobs + 1, sizeof *fleet->jobs));
    for (uint32_t id = 1; id <= plan->jobs; id++)
        fleet->jobs[id].takes =
            (usec)((double)plan->median * exp(JOB_SIGMA * random_normal(&state)));
    fleet->measured_from = plan->when;
    for (uint32_t i = 0; i < plan->worker_count; i++) {
        bool later = plan->event == FLEET_JOINS && plan->who == i;

        fleet->workers[i].index = NO_WORKER;
        fleet->workers[i].capacity = plan->workers[i].slots * (1 + plan->ahead);
        fleet_post(fleet, later ? plan->when : 0,
                   (struct event){.kind = AT_WORKER_START, .worker = i});
    }
    if (goes_away(plan))
        fleet_post(fleet, plan->when,
                   (struct event){.kind = kinds[plan->event], .worker = plan->who});
}

static void run(struct fleet *fleet)
{
    while (!fleet->broken &&
           !(fleet->planned == fleet->plan->jobs && ledger_is_settled(fleet->ledger))) {
        usec deadline = fleet->plan->plain ? INT64_MAX : ledger_next_deadline(fleet->ledger);

        if (fleet->event_count == 0 && deadline == INT64_MAX) {
            broken(fleet, "nothing is going to happen any more, and jobs are not recorded");
        } else if (fleet->event_count == 0 || deadline < fleet->events[0].at) {
            fleet->now = deadline;
            head_turn(fleet);
        } else {
            struct event event = fleet_next_event(fleet);

            fleet->now = event.at;
            if (event.kind < AT_HEAD_HELLO) {
                fleet_worker_handle(fleet, &event);
            } else {
                head_handle(fleet, &event);
                head_turn(fleet);
            }
            free(event.beat);
        }
    }
}

static void summarize(struct fleet *fleet)
{
    const struct fleet_plan *plan = fleet->plan;
    struct fleet_outcome *outcome = fleet->outcome;
    double work = 0, speed = 0;
    struct ledger_counts counts;

    for (uint32_t i = 0; i < plan->worker_count; i++) {
        if (goes_away(plan) && plan->who == i)
            continue;
        work += fleet->workers[i].busy * plan->workers[i].speed;
        speed += plan->workers[i].slots * plan->workers[i].speed;
    }
    for (uint32_t id = 1; id <= plan->jobs; id++) {
        const struct sim_job *job = &fleet->jobs[id];
        usec *longest = job->dealt ? &outcome->longest_wait_dealt : &outcome->longest_wait;

        if (job->starts > outcome->most_starts)
            outcome->most_starts = job->starts;
        if (job->started - job->pushed > *longest)
            *longest = job->started - job->pushed;
    }
    ledger_count(fleet->ledger, &counts);
    outcome->efficiency = work / speed / (double)(fleet->measured_until - fleet->measured_from);
    outcome->returns = (double)counts.returns / plan->jobs;
    outcome->chosen = (double)fleet->chosen / plan->jobs;
    outcome->backups = (uint32_t)counts.backups;
    outcome->elapsed = fleet->now;
}

bool fleet_run(const struct fleet_plan *plan, struct fleet_outcome *outcome)
{
    struct fleet *fleet = fleet_checked(calloc(1, sizeof *fleet));
    bool kept;

    *outcome = (struct fleet_outcome){0};
    fleet->plan = plan;
    fleet->outcome = outcome;
    set_up(fleet);
    run(fleet);
    summarize(fleet);
    kept = !fleet->broken;
    while (fleet->event_count > 0) {
        struct event event = fleet_next_event(fleet);
        free(event.beat);
    }
    for (uint32_t i = 0; i < plan->worker_count; i++)
        free(fleet->workers[i].queue);
    ledger_close(&fleet->ledger);
    free(fleet->events);
    free(fleet->jobs);
    free(fleet);
    return kept;
}
