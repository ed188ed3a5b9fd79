/*
 * What a worker says. TAKEN goes before everything else about the same jobs, and DONE only after
 * the result was accepted for sending. To the head nothing is lost by silence: what a BEAT does not
 * list, the worker does not have.
 */

#include <string.h>

#include "common/protocol.h"
#include "worker/state.h"

/* STATUS_OK is all that callers want to know: what the head does not take now, because it is gone,
 * it will be told otherwise. */
static bool say(struct worker *worker, enum message_type type)
{
    worker->out.envelope.type = type;
    return session_send(&worker->session, &worker->out) == STATUS_OK;
}

static uint32_t present_capacity(const struct worker *worker)
{
    return worker->in_trouble ? 0 : worker->announced;
}

void report_hello(struct worker *worker, usec now)
{
    worker->hello_due = now + HELLO_INTERVAL;
    worker->out.hello = (struct hello){.role = PEER_WORKER,
                                       .name = text_of(worker->name),
                                       .slots = worker->config->slots,
                                       .capacity = present_capacity(worker),
                                       .trouble = text_of(worker->trouble.text)};
    say(worker, MSG_HELLO);
}

/* Says a list of attempts, which is empty then. */
static void say_attempts(struct worker *worker, enum message_type type, struct attempts *attempts)
{
    if (attempts->count == 0)
        return;
    worker->out.attempts = *attempts;
    if (say(worker, type))
        attempts->count = 0;
}

static void say_lists(struct worker *worker)
{
    say_attempts(worker, MSG_TAKEN, &worker->taken);
    say_attempts(worker, MSG_DONE, &worker->done);
}

void report_beat(struct worker *worker, usec now)
{
    say_lists(worker);
    struct beat *beat = &worker->out.beat;
    *beat = (struct beat){.sent = now,
                          .capacity = present_capacity(worker),
                          .trouble = text_of(worker->trouble.text),
                          .round_trip = worker->capacity.round_trip};
    holdings_list(&worker->holdings, beat);
    worker->beat_due = now + BEAT_INTERVAL;
    if (say(worker, MSG_BEAT))
        worker->beat_sent = now;
}

void report_leaving(struct worker *worker)
{
    say_lists(worker);
    say(worker, MSG_LEAVING);
}

void report_return(struct worker *worker, struct attempt attempt, enum return_reason reason,
                   const char *detail)
{
    say_lists(worker);
    uint32_t capacity = worker->leaving ? 0 : present_capacity(worker);
    uint32_t held = worker->holdings.count;
    worker->out.returned = (struct returned){.attempt = attempt,
                                             .reason = reason,
                                             .room = capacity > held ? capacity - held : 0,
                                             .detail = text_of(detail)};
    say(worker, MSG_RETURN);
}

static struct attempt attempt_of(const struct task *task)
{
    return (struct attempt){.job = task->result.job.id, .attempt = task->result.job.attempt};
}

static void give_back(struct worker *worker, struct task *task, enum return_reason reason,
                      const char *detail)
{
    struct attempt attempt = attempt_of(task);
    struct reason kept;
    reason_set(&kept, STATUS_OK, "%s", detail); // it may be the task's own
    holdings_remove(&worker->holdings, task);
    report_return(worker, attempt, reason, kept.text);
}

void report_return_queued(struct worker *worker, enum return_reason reason, const char *detail)
{
    for (struct task *task = crew_take_back(worker->crew); task != NULL;
         task = crew_take_back(worker->crew))
        give_back(worker, task, reason, detail);
}

static void collect(struct worker *worker, struct task *task)
{
    struct outbox *outbox = &worker->outbox;
    switch (task->fate) {
    case FATE_RESULT:
        capacity_service(&worker->capacity, task->result.busy);
        outbox->ring[(outbox->first + outbox->count++) % OUTBOX_MAX] = task;
        break;
    case FATE_RETURN:
        give_back(worker, task, task->reason, task->detail.text);
        break;
    default:
        holdings_remove(&worker->holdings, task);
        break;
    }
    if (worker->leaving) // time for the last result, counted from it
        worker->leave_at = clock_now() + LEAVE_DEADLINE;
}

static enum status encode_result(struct worker *worker, const struct task *task)
{
    struct message *out = &worker->out;
    out->envelope = (struct envelope){.type = MSG_RESULT,
                                      .run = worker->session.run,
                                      .epoch = worker->session.epoch,
                                      .sender = worker->session.incarnation};
    out->result = (struct result_message){.worker = text_of(worker->name),
                                          .slots = worker->config->slots,
                                          .result = task->result,
                                          .path = text_of(task->result.job.path),
                                          .error = text_of(task->result.error),
                                          .warnings = text_of(task->result.warnings)};
    return wire_encode(&worker->buffer, out);
}

/* Sends the first result; false when it must wait. */
static bool send_first(struct worker *worker)
{
    struct outbox *outbox = &worker->outbox;
    struct task *task = outbox->ring[outbox->first];
    enum status status = encode_result(worker, task);
    if (status == STATUS_MALFORMED) { // its decoder made up numbers that no peer would believe
        task_failed(task, "its decoder answered what makes no sense");
        memset(task->result.stages, 0, sizeof task->result.stages);
        status = encode_result(worker, task);
    }
    if (status == STATUS_OK)
        status = channel_send(worker->results, worker->buffer.bytes, worker->buffer.size);
    if (status != STATUS_OK)
        return false;
    worker->results_moved = clock_now();
    outbox->first = (outbox->first + 1) % OUTBOX_MAX;
    outbox->count--;
    worker->done.list[worker->done.count++] = attempt_of(task);
    holdings_remove(&worker->holdings, task);
    return true;
}

static void send_results(struct worker *worker)
{
    while (worker->results != NULL && worker->outbox.count > 0 &&
           worker->done.count < ATTEMPTS_MAX && send_first(worker))
        ;
}

void report_turn(struct worker *worker)
{
    struct task *task = NULL;
    send_results(worker);
    while (worker->crew != NULL && worker->outbox.count < OUTBOX_MAX &&
           (task = crew_finished(worker->crew)) != NULL) {
        collect(worker, task);
        send_results(worker);
    }
    say_lists(worker);
}

bool report_is_waiting(const struct worker *worker)
{
    return worker->taken.count + worker->done.count > 0;
}
