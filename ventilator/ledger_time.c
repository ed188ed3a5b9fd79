/*
 * The ledger and time: beats that renew leases, what is overdue, results that never arrived.
 */

#include "ventilator/ledger_internal.h"

/* From being overtaken until a result counts as lost: RECORDED may list a commit in any order. */
#define OVERTAKEN_ALLOWANCE (1 * US_PER_S)
/* Results of one job that may be lost, before it counts as unrecordable. */
#define UNRECORDED_MAX 3

/* The held jobs that it lists, marked; and which of them run. */
static void mark_listed(struct ledger *ledger, worker_index worker, const struct beat *beat)
{
    struct worker *at = &ledger->workers[worker];

    for (uint32_t i = 0; i < beat->held.count; i++) {
        uint32_t index = ledger_take(ledger, worker, beat->held.list[i]);
        if (index == NONE)
            continue;
        struct entry *entry = &ledger->entries[index];
        entry->mark = at->beats;
        at->running -= entry->running;
        entry->running = beat->running[i] != 0;
        at->running += entry->running;
        ledger_backups_consider(ledger, index);
    }
}

/* TAKEN and BEAT come one after the other, so what is TAKEN and not listed is not there any more. A
 * SENT one may still be on its way. */
static void give_up_unlisted(struct ledger *ledger, worker_index worker)
{
    const struct worker *at = &ledger->workers[worker];

    for (uint32_t index = at->held.first, next; index != NONE; index = next) {
        const struct entry *entry = &ledger->entries[index];

        next = ledger->worker_links[index].next;
        if (ledger_is_taken(entry->state) && entry->mark != at->beats)
            ledger_entry_lost(ledger, index);
    }
}

void ledger_beat(struct ledger *ledger, worker_index worker, const struct beat *beat, usec now)
{
    if (!ledger_knows(ledger, worker))
        return;
    struct worker *at = &ledger->workers[worker];
    ledger_tell(ledger, now);
    ledger_worker_renew(ledger, worker);
    at->beats++;
    mark_listed(ledger, worker, beat);
    give_up_unlisted(ledger, worker);
    at->unseen = 0;
    ledger_worker_capacity(ledger, worker, beat->capacity);
}

/* The first entry of a state if it has been there for `allowance`; NONE otherwise. */
static uint32_t first_overdue(const struct ledger *ledger, enum entry_state state, usec allowance)
{
    uint32_t index = ledger->in_state[state].first;

    return index != NONE && ledger->entries[index].since + allowance <= ledger->now ? index : NONE;
}

static void result_lost(struct ledger *ledger, uint32_t index)
{
    if (++ledger->entries[index].unrecorded >= UNRECORDED_MAX)
        ledger_entry_settle_untold(ledger, index, IMAGE_FAILED);
    else
        ledger_entry_lost(ledger, index);
}

static void expire_sent(struct ledger *ledger, enum entry_state sent, usec allowance)
{
    uint32_t index;

    while ((index = first_overdue(ledger, sent, allowance)) != NONE) {
        ledger->workers[ledger->entries[index].holder].doubted = true;
        ledger_entry_lost(ledger, index);
    }
}

static void expire_jobs(struct ledger *ledger)
{
    usec allowance = ledger_taken_allowance(ledger);
    uint32_t index;

    while ((index = first_overdue(ledger, ENTRY_PUSHED, allowance)) != NONE) {
        ledger_entry_lost(ledger, index);
        ledger->probes = 2 * ledger->heard.count; // round robin comes past every pipe
    }
    expire_sent(ledger, ENTRY_SENT, allowance);
    expire_sent(ledger, ENTRY_BACKUP_SENT, allowance);
    while ((index = first_overdue(ledger, ENTRY_OVERTAKEN, OVERTAKEN_ALLOWANCE)) != NONE)
        result_lost(ledger, index);
}

uint32_t ledger_expire(struct ledger *ledger, usec now, worker_index *gone, uint32_t max)
{
    uint32_t count = 0;

    ledger_tell(ledger, now);
    expire_jobs(ledger);
    for (worker_index at = ledger->heard.first; at != NONE; at = ledger->heard_links[at].next) {
        if (count == max || ledger->workers[at].heard + LEASE > ledger->now)
            break;
        gone[count++] = at;
    }
    return count;
}

void ledger_sink_idle(struct ledger *ledger, usec now)
{
    uint32_t index;

    ledger_tell(ledger, now);
    while ((index = first_overdue(ledger, ENTRY_DONE, SINK_IDLE)) != NONE)
        result_lost(ledger, index);
}

static usec earlier(usec deadline, const struct ledger *ledger, enum entry_state state,
                    usec allowance)
{
    uint32_t index = ledger->in_state[state].first;

    if (index == NONE || ledger->entries[index].since + allowance > deadline)
        return deadline;
    return ledger->entries[index].since + allowance;
}

usec ledger_next_deadline(const struct ledger *ledger)
{
    usec allowance = ledger_taken_allowance(ledger);
    usec deadline = INT64_MAX;

    if (ledger->heard.first != NONE)
        deadline = ledger->workers[ledger->heard.first].heard + LEASE;
    deadline = earlier(deadline, ledger, ENTRY_PUSHED, allowance);
    deadline = earlier(deadline, ledger, ENTRY_SENT, allowance);
    deadline = earlier(deadline, ledger, ENTRY_BACKUP_SENT, allowance);
    return earlier(deadline, ledger, ENTRY_OVERTAKEN, OVERTAKEN_ALLOWANCE);
}
