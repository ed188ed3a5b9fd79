/*
 * The worker's thread: one poll loop over control, jobs, results, what the slots finished, trouble
 * and stops. Nothing in it blocks but the poll, and the ending of a run, which waits for the slots.
 *
 *   JOB -> holdings, jobs queue -> slot -> finished queue -> outbox -> RESULT, then DONE
 *
 * Backpressure: when the sink takes no results the outbox fills, then the finished queue, then the
 * slots wait, then the worker is full and RETURNs.
 */

#include "worker/worker.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/protocol.h"
#include "worker/state.h"

/* How long the sink may take no result before its connection is made anew. */
#define RESULTS_PATIENCE (5 * US_PER_S)

void worker_end(struct worker *worker, enum status status)
{
    worker->over = true;
    worker->status = status;
}

void worker_drop_run(struct worker *worker)
{
    crew_stop(&worker->crew);
    holdings_clear(&worker->holdings);
    worker->outbox = (struct outbox){0};
    worker->taken.count = worker->done.count = 0;
    channel_close(&worker->jobs, 0);
    channel_close(&worker->results, worker->leaving ? LEAVE_DEADLINE : 0);
    worker->session.run = worker->session.epoch = 0;
    worker->in_trouble = false;
    worker->trouble.text[0] = '\0';
    worker->beat_sent = 0;
}

/* --- trouble --- */

static void see_trouble(struct worker *worker, usec now)
{
    bool was = worker->in_trouble;
    if (worker->crew == NULL)
        return;
    worker->in_trouble = crew_in_trouble(worker->crew, &worker->trouble);
    if (worker->in_trouble == was)
        return;
    if (worker->in_trouble)
        report_return_queued(worker, RETURN_TROUBLE, worker->trouble.text);
    report_beat(worker, now);
    if (worker->config->head.transport == TRANSPORT_INPROC)
        return; // the head says it, to the same terminal
    if (worker->in_trouble)
        log_error("%s takes no work until this is over: %s", worker->name, worker->trouble.text);
    else
        log_info("%s works again", worker->name);
}

/* --- stops --- */

static void begin_leaving(struct worker *worker, usec now)
{
    worker->leaving = true;
    worker->leave_at = now + LEAVE_DEADLINE;
    if (worker->crew == NULL) {
        worker_end(worker, STATUS_OK);
        return;
    }
    report_leaving(worker);
    report_return_queued(worker, RETURN_LEAVING, "");
}

static void see_stop(struct worker *worker, usec now)
{
    enum stop_level level = stop_level(worker->config->stop);
    if (level == worker->seen)
        return;
    worker->seen = level;
    if (level == STOP_NOW)
        worker_end(worker, STATUS_OK);
    else
        begin_leaving(worker, now);
}

/* Leaving ends when no slot has anything, and nothing is left to be said or it was tried for long
 * enough. */
static void see_leaving(struct worker *worker, usec now)
{
    uint32_t in_slots = worker->holdings.count - worker->outbox.count;
    if (!worker->leaving || in_slots > 0)
        return;
    bool said = worker->outbox.count == 0 && !report_is_waiting(worker);
    if ((said && worker->may_go) || now >= worker->leave_at)
        worker_end(worker, STATUS_OK);
}

/* --- time --- */

static void look_for_head(struct worker *worker, usec now)
{
    usec silent = now - worker->session.heard;
    bool bound = worker->crew != NULL || !worker->config->stay; // else it may wait for the next run
    if (bound && silent >= worker->config->head_timeout) {
        worker_end(worker, reason_set(&worker->why, STATUS_MACHINE,
                                      "no head at %s for %lld s; is it running, and is this its "
                                      "address?",
                                      worker->session.endpoint,
                                      (long long)(worker->config->head_timeout / US_PER_S)));
        return;
    }
    bool reopened = false;
    enum status status = session_tend(&worker->session, now, &reopened, &worker->why);
    if (status != STATUS_OK)
        worker_end(worker, status);
    if (reopened) { // whatever ended that connection may have ended the others
        worker->jobs_endpoint[0] = worker->results_endpoint[0] = '\0';
        worker->greeting = true;
        worker->hello_due = now;
    }
}

/* A sink that takes nothing for so long may have a connection that libzmq gave up on. */
static void look_for_sink(struct worker *worker, usec now)
{
    if (worker->outbox.count == 0 || worker->results == NULL ||
        now - worker->results_moved < RESULTS_PATIENCE)
        return;
    char endpoint[ENDPOINT_SIZE];
    strcpy(endpoint, worker->results_endpoint);
    worker->results_endpoint[0] = '\0';
    orders_connect_results(worker, endpoint);
}

static void see_time(struct worker *worker, usec now)
{
    look_for_head(worker, now);
    if (worker->over)
        return;
    if (worker->greeting && now >= worker->hello_due)
        report_hello(worker, now);
    if (worker->crew != NULL && now >= worker->beat_due) {
        look_for_sink(worker, now);
        report_beat(worker, now);
        worker->measuring = true;
    }
}

static usec earlier(usec one, usec other)
{
    return one < other ? one : other;
}

static usec next_deadline(const struct worker *worker)
{
    usec deadline = session_deadline(&worker->session);
    if (worker->crew != NULL || !worker->config->stay) // between runs one that stays waits for ever
        deadline = earlier(deadline, worker->session.heard + worker->config->head_timeout);
    if (worker->greeting)
        deadline = earlier(deadline, worker->hello_due);
    if (worker->crew != NULL)
        deadline = earlier(deadline, worker->beat_due);
    if (worker->leaving && worker->holdings.count == worker->outbox.count)
        deadline = earlier(deadline, worker->leave_at);
    return deadline;
}

/* --- the loop --- */

enum { ITEM_CONTROL, ITEM_JOBS, ITEM_RESULTS, ITEM_FINISHED, ITEM_TROUBLE, ITEM_STOP, ITEMS };

static void wait_for_event(struct worker *worker)
{
    struct crew *crew = worker->crew;
    bool room = worker->outbox.count < OUTBOX_MAX;
    bool results = worker->outbox.count > 0 && worker->done.count < ATTEMPTS_MAX;
    struct wait_item items[ITEMS] = {
        [ITEM_CONTROL] = {.channel = worker->session.control,
                          .fd = -1,
                          .want_send = report_is_waiting(worker)},
        [ITEM_JOBS] = {.channel = worker->jobs, .fd = -1},
        [ITEM_RESULTS] = {.channel = results ? worker->results : NULL, .fd = -1, .want_send = true},
        [ITEM_FINISHED] = {.fd = crew != NULL && room ? crew_finished_fd(crew) : -1},
        [ITEM_TROUBLE] = {.fd = crew != NULL ? crew_trouble_fd(crew) : -1},
        [ITEM_STOP] = {.fd = stop_fd(worker->config->stop, worker->seen)},
    };
    usec left = next_deadline(worker) - clock_now();
    if (channel_wait(items, ITEMS, left < 0 ? 0 : left) != STATUS_OK)
        worker_end(worker, reason_set(&worker->why, STATUS_MACHINE,
                                      "the sockets were closed under the worker"));
}

static void take_turn(struct worker *worker)
{
    usec now = clock_now();
    see_stop(worker, now);
    if (!worker->over)
        orders_hear(worker);
    if (!worker->over)
        see_trouble(worker, now);
    if (!worker->over)
        report_turn(worker);
    if (!worker->over)
        see_time(worker, clock_now());
    if (!worker->over)
        see_leaving(worker, clock_now());
}

static void name_worker(struct worker *worker)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (worker->config->name == NULL && gethostname(host, sizeof host) != 0)
        strcpy(host, "worker");
    text_copy(worker->name, sizeof worker->name,
              text_of(worker->config->name != NULL ? worker->config->name : host));
}

static enum status worker_open(struct worker *worker, const struct worker_config *config)
{
    worker->config = config;
    name_worker(worker);
    capacity_init(&worker->capacity, config->slots);
    worker->announced = capacity_wanted(&worker->capacity);
    worker->greeting = true;
    worker->hello_due = clock_now();
    return session_open(&worker->session, config->context, &config->head, &worker->why);
}

static void worker_close(struct worker *worker)
{
    worker_drop_run(worker);
    session_close(&worker->session, worker->leaving ? LEAVE_DEADLINE : 0);
    buffer_close(&worker->buffer);
}

enum status worker_run(const struct worker_config *config, struct reason *why)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory for a worker");
    enum status status = worker_open(worker, config);
    if (status != STATUS_OK)
        worker_end(worker, status);
    while (!worker->over) {
        take_turn(worker);
        if (!worker->over)
            wait_for_event(worker);
    }
    worker_close(worker);
    status = worker->status;
    if (status != STATUS_OK)
        reason_set(why, status, "%s", worker->why.text);
    free(worker);
    return status;
}
