/*
 * The sink as the head knows it: HELLO, the start signal, what is recorded, the agreement at the
 * end. START and FINISH are said again until answered.
 */

#include <string.h>

#include "common/log.h"
#include "ventilator/head.h"

bool collector_is(const struct head *head, uint64_t sender)
{
    return head->collector.present && head->collector.incarnation == sender;
}

/* Workers connect where the sink advertises, else where the head sees it; a sink on the head's own
 * machine is reached at the host the worker dialled, which an empty text says. */
static void take_results_address(struct head *head, const struct hello *hello)
{
    struct collector *collector = &head->collector;
    struct address seen = {.transport = TRANSPORT_TCP};
    memcpy(seen.host, head->frame.host, sizeof seen.host);
    if (hello->results_host.size > 0)
        text_copy(collector->results_host, sizeof collector->results_host, hello->results_host);
    else if (seen.host[0] != '\0' && !address_is_local(&seen))
        memcpy(collector->results_host, seen.host, sizeof collector->results_host);
    else
        collector->results_host[0] = '\0';
    collector->results_port = hello->results_port;
}

void collector_hello(struct head *head)
{
    struct collector *collector = &head->collector;
    if (collector->present && collector->incarnation != head->in.envelope.sender) {
        post_refuse(head, &head->frame.peer, "another sink collects for this head already");
        return;
    }
    bool news = !collector->present;
    collector->present = true;
    collector->incarnation = head->in.envelope.sender;
    collector->peer = head->frame.peer;
    collector->heard = head->now;
    take_results_address(head, &head->in.hello);
    post_alive(head, &collector->peer, 0);
    if (news) {
        collector->asked = 0;
        collector->noticed = false;
        crew_welcome_all(head);
    }
}

void collector_beat(struct head *head)
{
    if (head->in.beat.capacity > 0) // it works on something: not idle, only slow
        head->collector.recorded = head->now;
    memcpy(head->collector.states, head->in.beat.states, sizeof head->collector.states);
    head->collector.peer = head->frame.peer;
    head->collector.heard = head->now;
    post_alive(head, &head->collector.peer, head->in.beat.sent);
}

void collector_recorded(struct head *head)
{
    const struct attempts *recorded = &head->in.attempts;
    head->collector.recorded = head->now;
    for (uint32_t i = 0; i < recorded->count; i++) {
        uint64_t job = recorded->list[i].job;
        if (ledger_recorded(head->ledger, job))
            outcomes_recorded(head, job);
    }
}

static void send_start(struct head *head)
{
    head->out.envelope.type = MSG_START;
    post_setup(head, &head->out.start.setup);
    head->out.start.force = head->config->force;
    head->out.start.retry_failed = head->config->retry_failed;
    if (post_send(head, &head->collector.peer))
        head->collector.asked = head->now;
}

void collector_counts(struct head *head, struct dispatch_counts *counts)
{
    struct ledger_counts ledger;
    ledger_count(head->ledger, &ledger);
    walk_counts(head->plan.walk, counts);
    counts->retries = ledger.retries;
    counts->returns = ledger.returns;
    counts->interrupted = head->stop != STOP_NONE;
}

static void send_finish(struct head *head)
{
    head->out.envelope.type = MSG_FINISH;
    collector_counts(head, &head->out.finish);
    if (post_send(head, &head->collector.peer))
        head->collector.asked = head->now;
}

/* Another one may take its place: the record knows what was acknowledged, and what was not is done
 * again. */
static void look_for_loss(struct head *head)
{
    struct collector *collector = &head->collector;
    if (head->now - collector->heard < LEASE)
        return;
    collector->present = collector->started = collector->finishing = false;
    collector->noticed = true;
    log_error("the sink is lost: not heard for three beats; waiting for another");
}

static void notice_absence(struct head *head)
{
    struct collector *collector = &head->collector;
    if (collector->absent_since == 0)
        collector->absent_since = head->now;
    if (!collector->noticed && head->now - collector->absent_since >= WAITING_NOTICE) {
        collector->noticed = true;
        log_error("waiting for a sink: none is connected");
    }
}

void collector_turn(struct head *head)
{
    struct collector *collector = &head->collector;
    if (!collector->present) {
        notice_absence(head);
        return;
    }
    collector->absent_since = 0;
    look_for_loss(head);
    bool due = head->now - collector->asked >= RESEND_INTERVAL;
    bool held = head->config->hold && !head->start_wanted;
    if (!collector->started) {
        if (due && !held)
            send_start(head);
        return;
    }
    if (head->now - collector->recorded >= SINK_IDLE)
        ledger_sink_idle(head->ledger, head->now);
    if (plan_is_done(head) && ledger_is_settled(head->ledger) && !collector->finished) {
        if (due || !collector->finishing)
            send_finish(head);
        collector->finishing = true;
    }
}
