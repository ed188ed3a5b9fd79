/* What `thumbmill status` and `thumbmill start` ask, answered from what the head knows. */

#include <string.h>

#include "ventilator/head.h"

static int phase_of(const struct head *head)
{
    if (!head->collector.present)
        return PHASE_WAITING;
    if (!head->collector.started)
        return head->config->hold && !head->start_wanted ? PHASE_HELD : PHASE_WAITING;
    if (head->stop != STOP_NONE)
        return PHASE_DRAINING;
    return head->collector.finishing ? PHASE_FINISHING : PHASE_RUNNING;
}

static uint32_t list_workers(const struct head *head, struct status_worker list[STATUS_WORKERS_MAX])
{
    uint32_t listed = 0;
    for (worker_index i = 0; i < WORKERS_MAX && listed < STATUS_WORKERS_MAX; i++) {
        const struct crew_member *member = head->crew.members[i];
        struct ledger_worker state;
        if (!member || !ledger_worker_at(head->ledger, i, &state))
            continue;
        list[listed++] = (struct status_worker){
            .name = text_of(member->name),
            .host = text_of(member->host),
            .incarnation = state.incarnation,
            .slots = state.slots,
            .capacity = state.capacity,
            .held = state.held,
            .running = state.running,
            .images = state.images,
            .trouble = text_of(member->trouble),
            .leaving = state.leaving,
            .silent = head->now - state.heard,
        };
    }
    return listed;
}

void inquiry_status(struct head *head)
{
    struct ledger_counts ledger;
    ledger_count(head->ledger, &ledger);
    struct status_report *report = &head->out.status;
    report->phase = phase_of(head);
    report->dest = text_of(head->config->sources->dest);
    walk_counts(head->plan.walk, &report->counts);
    report->counts.retries = ledger.retries;
    report->counts.returns = ledger.returns;
    memcpy(report->states, head->collector.states, sizeof report->states);
    report->out = ledger.pushed + ledger.sent + ledger.taken;
    report->done = ledger.done + ledger.settling;
    report->ready = ledger.ready + head->plan.lookahead.count;
    report->sink_present = head->collector.present;
    report->worker_count = head->crew.count;
    report->listed = list_workers(head, report->workers);
    post_reply(head, MSG_STATUS);
}

void inquiry_start(struct head *head)
{
    const char *answer = head->collector.started   ? "the run has started already"
                         : head->start_wanted      ? "the start signal was given already"
                         : !head->config->hold     ? "the run is not held"
                         : head->collector.present ? "the start signal is given"
                                                   : "the run starts as soon as a sink is there";
    head->start_wanted = true;
    head->out.accepted = text_of(answer);
    post_reply(head, MSG_START_ACCEPTED);
}
