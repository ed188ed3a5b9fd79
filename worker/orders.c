/*
 * What the head says to a worker: the run, jobs, and what not to do any more.
 */

#include <string.h>

#include "common/log.h"
#include "common/protocol.h"
#include "worker/state.h"

/* Frames heard in one turn, so that a flood of jobs does not keep us from saying anything. */
#define FRAMES_PER_TURN 256

/* --- the run --- */

/* Connects a new channel in place of *channel, unless it is there already. */
static void connect_to(struct worker *worker, struct channel **channel, enum channel_kind kind,
                       char present[ENDPOINT_SIZE], const char *wanted)
{
    if (*channel != NULL && strcmp(present, wanted) == 0)
        return;
    channel_close(channel, LEAVE_DEADLINE); // results that are on their way still leave
    enum status status =
        channel_open(channel, worker->config->context, kind, FRAME_JOB_MAX, &worker->why);
    if (status == STATUS_OK)
        status = channel_connect(*channel, wanted, &worker->why);
    strcpy(present, wanted);
    if (status != STATUS_OK)
        worker_end(worker, status);
}

void orders_connect_results(struct worker *worker, const char *endpoint)
{
    worker->results_moved = clock_now();
    connect_to(worker, &worker->results, CHANNEL_RESULTS_PUSH, worker->results_endpoint, endpoint);
}

/* Where the results go: the head's host, unless WELCOME names another. */
static void results_endpoint(const struct worker *worker, const struct welcome *welcome,
                             char endpoint[ENDPOINT_SIZE])
{
    struct address address = worker->config->head;
    if (address.transport != TRANSPORT_TCP) {
        address_endpoint(&address, SOCKET_RESULTS, endpoint);
        return;
    }
    if (welcome->results_host.size > 0)
        text_copy(address.host, sizeof address.host, welcome->results_host);
    address_endpoint_at(&address, SOCKET_RESULTS, welcome->results_port, endpoint);
}

static void connect_all(struct worker *worker, const struct welcome *welcome)
{
    char endpoint[ENDPOINT_SIZE];
    const struct address *head = &worker->config->head;
    bool tcp = head->transport == TRANSPORT_TCP;
    if (tcp)
        address_endpoint_at(head, SOCKET_JOBS, welcome->jobs_port, endpoint);
    else
        address_endpoint(head, SOCKET_JOBS, endpoint);
    connect_to(worker, &worker->jobs, CHANNEL_JOBS_PULL, worker->jobs_endpoint, endpoint);
    if (tcp && welcome->results_port == 0) // no sink yet; another WELCOME will name it
        return;
    results_endpoint(worker, welcome, endpoint);
    orders_connect_results(worker, endpoint);
}

static void on_welcome(struct worker *worker, usec now)
{
    const struct envelope *envelope = &worker->in.envelope;
    const struct welcome *welcome = &worker->in.welcome;
    struct session *session = &worker->session;
    if (envelope->epoch == worker->ended)
        return;
    worker->greeting = false;
    if (worker->crew == NULL || envelope->run != session->run ||
        envelope->epoch != session->epoch) {
        worker_drop_run(worker);
        enum status status =
            crew_start(&worker->crew, worker->config, session->incarnation, welcome, &worker->why);
        if (status != STATUS_OK) {
            worker_end(worker, status);
            return;
        }
        session->run = envelope->run;
        session->epoch = envelope->epoch;
    }
    connect_all(worker, welcome);
    report_beat(worker, now); // its ALIVE is the first lease
}

static void on_end(struct worker *worker, usec now)
{
    worker->ended = worker->in.envelope.epoch;
    worker_drop_run(worker);
    if (worker->config->stay && !worker->leaving) {
        worker->greeting = true;
        worker->hello_due = now;
    } else {
        worker_end(worker, STATUS_OK);
    }
}

static void on_refused(struct worker *worker)
{
    char text[REASON_SIZE];
    text_copy(text, sizeof text, worker->in.refused);
    worker_end(worker, reason_set(&worker->why, STATUS_MACHINE, "%s refuses this worker: %s",
                                  worker->session.endpoint, text));
}

/* --- leases --- */

static void on_alive(struct worker *worker, usec now)
{
    usec sent = worker->in.alive.sent;
    if (worker->crew == NULL || sent <= 0 || sent > worker->beat_sent)
        return; // the answer to a HELLO, or to nothing we said
    crew_renew_lease(worker->crew, sent + LEASE);
    if (!worker->measuring || sent != worker->beat_sent)
        return;
    worker->measuring = false;
    capacity_round_trip(&worker->capacity, now - sent);
    uint32_t wanted = capacity_wanted(&worker->capacity);
    if (wanted != worker->announced) {
        worker->announced = wanted;
        report_beat(worker, now);
    }
}

/* --- jobs --- */

static void take(struct worker *worker, const struct job_message *job, usec now)
{
    struct task *task = task_open(job, now);
    if (task == NULL) {
        report_return(worker, job->attempt, RETURN_TROUBLE, "no memory");
        return;
    }
    struct task *held = task;
    holdings_add(&worker->holdings, &task);
    worker->taken.list[worker->taken.count++] = job->attempt;
    crew_offer(worker->crew, held);
}

static void on_job(struct worker *worker, usec now)
{
    const struct job_message *job = &worker->in.job;
    if (worker->crew == NULL || holdings_find(&worker->holdings, job->attempt) != NULL ||
        worker->taken.count == ATTEMPTS_MAX) // nothing can be said: the head is gone
        return;
    if (worker->leaving)
        report_return(worker, job->attempt, RETURN_LEAVING, "");
    else if (worker->in_trouble)
        report_return(worker, job->attempt, RETURN_TROUBLE, worker->trouble.text);
    else if (worker->holdings.count >= worker->announced)
        report_return(worker, job->attempt, RETURN_FULL, "");
    else
        take(worker, job, now);
}

/* Takes the cancelled ones out of the queue; the others keep their order. */
static void sift_queue(struct worker *worker)
{
    struct task *kept[ATTEMPTS_MAX];
    uint32_t count = 0;
    for (struct task *task = crew_take_back(worker->crew); task != NULL;
         task = crew_take_back(worker->crew)) {
        if (atomic_load(&task->cancelled))
            holdings_remove(&worker->holdings, task);
        else
            kept[count++] = task;
    }
    for (uint32_t i = 0; i < count; i++)
        crew_offer(worker->crew, kept[i]);
}

static void on_cancel(struct worker *worker)
{
    const struct attempts *attempts = &worker->in.attempts;
    bool found = false;
    for (uint32_t i = 0; i < attempts->count && worker->crew != NULL; i++) {
        struct task *task = holdings_find(&worker->holdings, attempts->list[i]);
        if (task == NULL)
            continue;
        atomic_store(&task->cancelled, true);
        found = true;
    }
    if (!found)
        return;
    sift_queue(worker);
    crew_wake(worker->crew);
}

/* --- hearing --- */

static void obey(struct worker *worker, usec now)
{
    switch (worker->in.envelope.type) {
    case MSG_WELCOME:
        on_welcome(worker, now);
        break;
    case MSG_WHO:
        worker->greeting = true;
        worker->hello_due = now;
        break;
    case MSG_REFUSED:
        on_refused(worker);
        break;
    case MSG_ALIVE:
        on_alive(worker, now);
        break;
    case MSG_JOB:
        on_job(worker, now);
        break;
    case MSG_CANCEL:
        on_cancel(worker);
        break;
    case MSG_GO:
        worker->may_go = true;
        break;
    case MSG_END:
        on_end(worker, now);
        break;
    default:
        break; // not for a worker
    }
}

static void hear_control(struct worker *worker)
{
    for (uint32_t i = 0; i < FRAMES_PER_TURN && !worker->over; i++) {
        enum status status = session_receive(&worker->session, &worker->in, &worker->why);
        if (status == STATUS_AGAIN)
            return;
        if (status == STATUS_OK)
            obey(worker, clock_now());
        else
            worker_end(worker, status);
    }
}

/* Only jobs of our run come this way; whatever else does is dropped. */
static void hear_jobs(struct worker *worker)
{
    struct session *session = &worker->session;
    struct frame frame;
    struct reason bad;
    for (uint32_t i = 0; i < FRAMES_PER_TURN && worker->jobs != NULL; i++) {
        if (channel_receive(worker->jobs, &frame) != STATUS_OK)
            return;
        if (wire_decode(frame.bytes, frame.size, &worker->in, NULL, &bad) != STATUS_OK) {
            if (session->malformed++ == 0)
                log_error("%s: a bad frame is dropped: %s", worker->jobs_endpoint, bad.text);
            continue;
        }
        const struct envelope *envelope = &worker->in.envelope;
        if (envelope->type == MSG_JOB && envelope->run == session->run &&
            envelope->epoch == session->epoch)
            on_job(worker, clock_now());
    }
}

void orders_hear(struct worker *worker)
{
    hear_control(worker);
    if (!worker->over)
        hear_jobs(worker);
}
