/*
 * The crew: which workers are connected, how to reach them, who is in trouble, who is leaving.
 * What they hold is the ledger's business.
 */

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "ventilator/head.h"

static void welcome(struct head *head, struct crew_member *member)
{
    const struct collector *collector = &head->collector;
    head->out.envelope.type = MSG_WELCOME;
    post_setup(head, &head->out.welcome.setup);
    head->out.welcome.jobs_port = head->jobs_port;
    head->out.welcome.results_host = text_of(collector->results_host);
    head->out.welcome.results_port = collector->results_port;
    head->out.welcome.token = text_of(head->dest.token);
    (void)post_send(head, &member->peer);
}

void crew_welcome_all(struct head *head)
{
    for (worker_index i = 0; i < WORKERS_MAX; i++)
        if (head->crew.members[i])
            welcome(head, head->crew.members[i]);
}

static struct crew_member *join(struct head *head, worker_index worker)
{
    struct crew_member *member = calloc(1, sizeof *member);
    if (!member) {
        ledger_worker_left(head->ledger, worker, head->now);
        head_fail(head, "out of memory for a worker");
        return NULL;
    }
    head->crew.members[worker] = member;
    head->crew.count++;
    text_copy(member->name, sizeof member->name, head->in.hello.name);
    memcpy(member->host, head->frame.host, sizeof member->host);
    return member;
}

/* Also said again by a worker that was asked WHO, or whose WELCOME was lost. */
void crew_hello(struct head *head)
{
    const struct hello *hello = &head->in.hello;
    worker_index worker;
    if (ledger_worker_joined(head->ledger, head->in.envelope.sender, hello->slots, hello->capacity,
                             head->now, &worker) != STATUS_OK) {
        post_refuse(head, &head->frame.peer, "this head has as many workers as it can serve");
        return;
    }
    struct crew_member *member = head->crew.members[worker];
    if (!member)
        member = join(head, worker);
    if (!member)
        return;
    member->peer = head->frame.peer;
    crew_trouble(head, worker, hello->trouble);
    if (head->collector.present)
        welcome(head, member);
    else
        post_alive(head, &member->peer, 0);
}

void crew_trouble(struct head *head, worker_index worker, struct text trouble)
{
    struct crew_member *member = head->crew.members[worker];
    char text[sizeof member->trouble];
    text_copy(text, sizeof text, trouble);
    if (strcmp(text, member->trouble) == 0)
        return;
    if (text[0] != '\0')
        log_error("worker %s can't work: %s", member->name, text);
    else
        log_info("worker %s works again", member->name);
    memcpy(member->trouble, text, sizeof text);
}

void crew_is_blind(struct head *head, worker_index worker)
{
    head->crew.members[worker]->blind_until = head->now + TROUBLE_GRACE + BEAT_INTERVAL;
    ledger_worker_capacity(head->ledger, worker, 0);
}

bool crew_stays_blind(const struct head *head, worker_index worker)
{
    return head->now < head->crew.members[worker]->blind_until;
}

static void forget(struct head *head, worker_index worker)
{
    free(head->crew.members[worker]);
    head->crew.members[worker] = NULL;
    head->crew.count--;
    ledger_worker_left(head->ledger, worker, head->now);
}

void crew_lost(struct head *head, worker_index worker, const char *how)
{
    log_error("worker %s is lost: %s; its jobs go to others", head->crew.members[worker]->name,
              how);
    struct ledger_worker state;
    if (ledger_worker_at(head->ledger, worker, &state))
        dest_fence(&head->dest, state.incarnation);
    forget(head, worker);
}

void crew_leaving(struct head *head, worker_index worker)
{
    ledger_worker_leaving(head->ledger, worker);
}

/* GO, once nothing can be on its way to it and nothing is left in its hands. */
static void let_go(struct head *head)
{
    for (worker_index i = 0; i < WORKERS_MAX; i++) {
        struct ledger_worker state;
        if (!head->crew.members[i] || !ledger_worker_at(head->ledger, i, &state) ||
            !state.leaving || state.held > 0 || !ledger_worker_may_go(head->ledger, i))
            continue;
        post_simple(head, &head->crew.members[i]->peer, MSG_GO);
        forget(head, i);
    }
}

/* The line for a person when nobody is there to do the work. */
static void notice_absence(struct head *head)
{
    struct crew *crew = &head->crew;
    if (crew->count > 0) {
        crew->empty_since = 0;
        crew->noticed = false;
        return;
    }
    if (crew->empty_since == 0)
        crew->empty_since = head->now;
    if (!crew->noticed && head->collector.started && !ledger_is_settled(head->ledger) &&
        head->now - crew->empty_since >= WAITING_NOTICE) {
        crew->noticed = true;
        log_error("waiting for a worker: none is connected");
    }
}

static const char *some_trouble(const struct crew *crew)
{
    for (worker_index i = 0; i < WORKERS_MAX; i++)
        if (crew->members[i] && crew->members[i]->trouble[0] != '\0')
            return crew->members[i]->trouble;
    return "no worker has room";
}

static bool somebody_leaves(const struct head *head)
{
    struct ledger_worker state;
    for (worker_index i = 0; i < WORKERS_MAX; i++)
        if (head->crew.members[i] && ledger_worker_at(head->ledger, i, &state) && state.leaving)
            return true;
    return false;
}

/* Nobody can work: after the grace the run stops, with the reason of one of them. */
static void look_for_trouble(struct head *head)
{
    struct ledger_counts counts;
    ledger_count(head->ledger, &counts);
    if (counts.workers == 0 || counts.workers_well > 0 || !head->collector.started ||
        somebody_leaves(head)) { // who leaves still has something in hand
        head->crew.trouble_since = 0;
        return;
    }
    if (head->crew.trouble_since == 0)
        head->crew.trouble_since = head->now;
    if (head->now - head->crew.trouble_since >= TROUBLE_GRACE)
        head_fail(head, "no worker can work: %s", some_trouble(&head->crew));
}

/* Workers that may be given up in one turn; more wait for the next. */
#define GONE_MAX 64

void crew_turn(struct head *head)
{
    worker_index gone[GONE_MAX];
    uint32_t count = ledger_expire(head->ledger, head->now, gone, GONE_MAX);
    for (uint32_t i = 0; i < count; i++)
        crew_lost(head, gone[i], "not heard for three beats");
    let_go(head);
    notice_absence(head);
    look_for_trouble(head);
}

void crew_end(struct head *head, int exit_status)
{
    head->out.envelope.type = MSG_END;
    head->out.end.exit_status = exit_status;
    for (worker_index i = 0; i < WORKERS_MAX; i++)
        if (head->crew.members[i])
            (void)post_send(head, &head->crew.members[i]->peer);
}

void crew_close(struct head *head)
{
    for (worker_index i = 0; i < WORKERS_MAX; i++)
        free(head->crew.members[i]);
}
