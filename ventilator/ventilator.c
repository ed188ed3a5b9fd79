/*
 * The ventilator's one thread: a loop of turns. Each turn reads what has arrived, lets every part
 * do what is due, and waits for the next event. Nothing in it blocks but that wait.
 */

#include "ventilator/ventilator.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/random.h"
#include "ventilator/head.h"

/* Frames read in one turn before jobs are sent again. */
#define FRAMES_PER_TURN 256
/* The parts look at their deadlines at least so often. */
#define TURN_MAX (100 * US_PER_MS)
/* What was sent last may take so long to leave. */
#define FAREWELL_LINGER (1 * US_PER_S)
#define PROGRESS_INTERVAL (100 * US_PER_MS)

void head_fail(struct head *head, const char *format, ...)
{
    if (head->failed != STATUS_OK)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(head->why.text, sizeof head->why.text, format, arguments);
    va_end(arguments);
    head->failed = STATUS_MACHINE;
}

/* Both sides counted; only if they agree the run is what it says. */
static void finished(struct head *head)
{
    if (!head->collector.finishing)
        return;
    head->collector.finished = true;
    head->collector.summary = head->in.finished;
    struct dispatch_counts counts;
    collector_counts(head, &counts);
    uint64_t settled = summary_settled(&head->in.finished);
    if (settled > counts.enumerated || (settled < counts.enumerated && !counts.interrupted))
        head_fail(head,
                  "the counts do not agree: found %" PRIu64 " images, the sink has the outcome of "
                  "%" PRIu64 "; run it again",
                  counts.enumerated, settled);
}

static void started(struct head *head)
{
    if (head->collector.started)
        return;
    log_info(head->started ? "the run goes on with another sink" : "the run has started");
    head->collector.started = true;
    head->collector.recorded = head->now;
    if (head->started == 0)
        head->started = head->now;
    plan_ask_anew(head);
    outcomes_say_anew(head);
}

static void from_sink(struct head *head)
{
    head->collector.heard = head->now;
    head->collector.peer = head->frame.peer;
    switch (head->in.envelope.type) {
    case MSG_BEAT:
        collector_beat(head);
        break;
    case MSG_STARTED:
        started(head);
        break;
    case MSG_ANSWER:
        plan_answer(head, &head->in.answer);
        break;
    case MSG_RECORDED:
        collector_recorded(head);
        break;
    case MSG_FINISHED:
        finished(head);
        break;
    case MSG_REFUSED: {
        char text[IMAGE_ERROR_SIZE];
        text_copy(text, sizeof text, head->in.refused);
        head_fail(head, "the sink refuses the run: %s", text);
        break;
    }
    default:
        break; // not for a head
    }
}

/* What a sink may say before it has heard of this run is about none. */
static bool is_about_a_run(enum message_type type)
{
    return type != MSG_BEAT && type != MSG_REFUSED;
}

static void from_worker(struct head *head, worker_index worker)
{
    head->crew.members[worker]->peer = head->frame.peer;
    switch (head->in.envelope.type) {
    case MSG_TAKEN:
        dispatch_taken(head, worker);
        break;
    case MSG_RETURN:
        dispatch_returned(head, worker);
        break;
    case MSG_DONE:
        dispatch_done(head, worker);
        break;
    case MSG_BEAT:
        dispatch_beat(head, worker);
        break;
    case MSG_LEAVING:
        crew_leaving(head, worker);
        break;
    default:
        break; // not for a head
    }
}

/* Messages anyone may say; the others must come from somebody known, and be about this run. */
static void handle(struct head *head)
{
    const struct envelope *envelope = &head->in.envelope;
    switch (envelope->type) {
    case MSG_HELLO:
        (head->in.hello.role == PEER_SINK ? collector_hello : crew_hello)(head);
        return;
    case MSG_STATUS_WANTED:
        inquiry_status(head);
        return;
    case MSG_START_WANTED:
        inquiry_start(head);
        return;
    default:
        break;
    }
    bool ours = envelope->run == head->run && envelope->epoch == head->epoch;
    if (collector_is(head, envelope->sender)) {
        if (ours || !is_about_a_run(envelope->type))
            from_sink(head);
        return;
    }
    worker_index worker = ledger_worker_find(head->ledger, envelope->sender);
    if (worker == NO_WORKER || !ours)
        post_reply(head, MSG_WHO);
    else
        from_worker(head, worker);
}

static void read_control(struct head *head)
{
    for (uint32_t i = 0; i < FRAMES_PER_TURN; i++) {
        if (channel_receive(head->control, &head->frame) != STATUS_OK)
            return;
        struct reason why;
        uint32_t version;
        if (wire_decode(head->frame.bytes, head->frame.size, &head->in, &version, &why) ==
            STATUS_OK) {
            handle(head);
        } else {
            head->malformed++;
            if (head->malformed == 1 || version != PROTOCOL_VERSION)
                log_error("a frame from %s is dropped: %s",
                          head->frame.host[0] ? head->frame.host : "a local peer", why.text);
            if (version != PROTOCOL_VERSION)
                post_refuse(head, &head->frame.peer, why.text);
        }
    }
}

static void see_stop(struct head *head)
{
    enum stop_level level = stop_level(head->config->stop);
    if (level == head->stop)
        return;
    head->stop = level;
    plan_stop(head);
    ledger_drain(head->ledger);
    if (level == STOP_DRAIN && head->collector.started)
        log_info("stopping: what is in hand is finished first");
}

/* What the head knows itself: the sink's counts as its last beat said. */
static void known_summary(const struct head *head, struct summary *summary)
{
    *summary = (struct summary){.run = head->run, .epoch = head->epoch};
    walk_counts(head->plan.walk, &summary->dispatch);
    memcpy(summary->states, head->collector.states, sizeof summary->states);
    uint64_t settled = summary_settled(summary);
    uint64_t enumerated = summary->dispatch.enumerated;
    summary->states[IMAGE_PENDING] = enumerated > settled ? enumerated - settled : 0;
}

static void tell_progress(struct head *head)
{
    if (!head->config->progress || !head->collector.started ||
        head->now < head->progress_told + PROGRESS_INTERVAL)
        return;
    struct summary summary;
    known_summary(head, &summary);
    summary.elapsed = head->now - head->started;
    head->config->progress(head->config->progress_context, &summary);
    head->progress_told = head->now;
}

/* The run that never started has nothing to finish. */
static bool is_over(const struct head *head)
{
    return head->failed != STATUS_OK || head->collector.finished || head->stop == STOP_NOW ||
           (head->stop == STOP_DRAIN && head->started == 0);
}

static void take_turn(struct head *head)
{
    head->now = clock_now();
    see_stop(head);
    read_control(head);
    crew_turn(head);
    collector_turn(head);
    plan_turn(head);
    dispatch_turn(head);
    outcomes_turn(head);
    tell_progress(head);
}

enum { ITEM_CONTROL, ITEM_JOBS, ITEM_FOUND, ITEM_STOP, ITEM_TERMINAL, ITEMS };

static void wait_for_event(struct head *head)
{
    bool at_terminal = head->config->hold_terminal && !head->start_wanted;
    struct wait_item items[ITEMS] = {
        [ITEM_CONTROL] = {.channel = head->control, .fd = -1},
        [ITEM_JOBS] = {.channel = head->jobs_blocked ? head->jobs : NULL,
                       .fd = -1,
                       .want_send = true},
        [ITEM_FOUND] = {.fd = plan_wants_found(head) ? queue_fd(head->plan.found) : -1},
        [ITEM_STOP] = {.fd = stop_fd(head->config->stop, head->stop)},
        [ITEM_TERMINAL] = {.fd = at_terminal ? STDIN_FILENO : -1},
    };
    usec deadline = ledger_next_deadline(head->ledger) - clock_now();
    usec timeout = deadline < 0 ? 0 : deadline < TURN_MAX ? deadline : TURN_MAX;
    if (channel_wait(items, ITEMS, timeout) != STATUS_OK)
        head_fail(head, "the sockets were closed under the run");
    char line[256];
    if (items[ITEM_TERMINAL].readable && read(STDIN_FILENO, line, sizeof line) >= 0)
        head->start_wanted = true;
}

static enum status bind_all(struct head *head)
{
    char endpoint[ENDPOINT_SIZE];
    for (uint32_t i = 0; i < head->config->bind_count; i++) {
        struct address address = head->config->binds[i];
        address_endpoint(&address, SOCKET_CONTROL, endpoint);
        enum status status = channel_bind(head->control, endpoint, &head->why);
        if (status != STATUS_OK)
            return status;
        if (address.transport == TRANSPORT_TCP)
            address.port = channel_port(head->control);
        address_endpoint(&head->config->binds[i], SOCKET_JOBS, endpoint);
        status = channel_bind(head->jobs, endpoint, &head->why);
        if (status != STATUS_OK)
            return status;
        if (address.transport == TRANSPORT_TCP)
            head->jobs_port = channel_port(head->jobs);
        if (head->config->listening)
            head->config->listening(head->config->listening_context, &address);
    }
    return STATUS_OK;
}

static enum status head_open(struct head *head)
{
    const struct ventilator_config *config = head->config;
    head->run = random_id();
    head->epoch = random_id();
    head->incarnation = random_id();
    head->now = clock_now();
    enum status status = channel_open(&head->control, config->context, CHANNEL_SERVER,
                                      FRAME_TO_HEAD_MAX, &head->why);
    if (status == STATUS_OK)
        status = channel_open(&head->jobs, config->context, CHANNEL_JOBS_PUSH, FRAME_JOB_MAX,
                              &head->why);
    if (status == STATUS_OK)
        status = dest_open(&head->dest, config->sources->dest, &head->why);
    if (status == STATUS_OK)
        status = ledger_open(&head->ledger, &head->why);
    if (status == STATUS_OK)
        status = bind_all(head);
    if (status == STATUS_OK)
        status = plan_open(head);
    return status;
}

static void head_close(struct head *head)
{
    plan_close(head);
    outcomes_close(head);
    crew_close(head);
    ledger_close(&head->ledger);
    channel_close(&head->jobs, 0);
    channel_close(&head->control, FAREWELL_LINGER);
    buffer_close(&head->buffer);
    dest_close(&head->dest);
}

/* The sink's summary, or when it could not be asked for, what the head knows itself. */
static void final_summary(struct head *head, struct summary *summary)
{
    if (head->collector.finished) {
        *summary = head->collector.summary;
        return;
    }
    known_summary(head, summary);
    summary->dispatch.interrupted = true;
}

static int exit_status(const struct head *head, const struct summary *summary)
{
    if (head->failed != STATUS_OK)
        return 3;
    return summary->states[IMAGE_FAILED] + summary->states[IMAGE_QUARANTINED] +
                       summary->dispatch.walk_errors >
                   0
               ? 1
               : 0;
}

/* Everyone connected is told; what they do about it is theirs. */
static void say_end(struct head *head, int status)
{
    crew_end(head, status);
    head->out.envelope.type = MSG_END;
    head->out.end.exit_status = status;
    if (head->collector.present)
        (void)post_send(head, &head->collector.peer);
}

enum status ventilator_run(const struct ventilator_config *config, struct summary *summary,
                           struct reason *why)
{
    struct head *head = calloc(1, sizeof *head);
    if (!head)
        return reason_set(why, STATUS_MACHINE, "out of memory for the ventilator");
    head->config = config;
    enum status status = head_open(head);
    if (status == STATUS_OK) {
        for (take_turn(head); !is_over(head); take_turn(head))
            wait_for_event(head);
        final_summary(head, summary);
        say_end(head, exit_status(head, summary));
        status = head->failed;
    }
    if (status != STATUS_OK)
        *why = head->why;
    head_close(head);
    free(head);
    return status;
}
