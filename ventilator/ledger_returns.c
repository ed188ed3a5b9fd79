/*
 * The ledger, jobs on their way back: TAKEN, RETURNed, DONE, recorded. Peers say these things, so
 * every id and attempt is checked against what is live before anything changes.
 */

#include "ventilator/ledger_internal.h"

/* Decoders that may die of an image or overran their time, before it is quarantined. */
#define BLAME_MAX 2
/* Every so many RETURN_FULLs of a job it goes the sure way, whatever round robin does. */
#define SURE_AFTER_FULL 3

/* The entry of a live attempt that this worker may speak about; NONE otherwise. A PUSHED one may
 * be with anyone. */
static uint32_t find_live(const struct ledger *ledger, worker_index worker, struct attempt attempt)
{
    uint32_t index = ledger_entry_find(ledger, attempt.job);
    if (index == NONE || !ledger_knows(ledger, worker))
        return NONE;

    const struct entry *entry = &ledger->entries[index];
    bool out =
        entry->state == ENTRY_PUSHED ||
        ((entry->state == ENTRY_SENT || entry->state == ENTRY_TAKEN) && entry->holder == worker);
    return out && entry->job.attempt == attempt.attempt ? index : NONE;
}

bool ledger_taken(struct ledger *ledger, worker_index worker, struct attempt attempt, usec now)
{
    uint32_t index = find_live(ledger, worker, attempt);

    ledger_tell(ledger, now);
    if (ledger_knows(ledger, worker))
        ledger_worker_heard(ledger, worker);
    if (index == NONE)
        return false;
    struct entry *entry = &ledger->entries[index];
    if (entry->state == ENTRY_TAKEN)
        return true;
    if (ledger->workers[worker].held.count >= ATTEMPTS_MAX)
        return false; // its beats could not list it
    if (entry->state == ENTRY_PUSHED && ledger->workers[worker].unseen > 0)
        ledger->workers[worker].unseen--;
    ledger_entry_move(ledger, index, ENTRY_TAKEN, worker);
    return true;
}

void ledger_done(struct ledger *ledger, worker_index worker, struct attempt attempt, usec now)
{
    uint32_t index = find_live(ledger, worker, attempt);

    ledger_tell(ledger, now);
    if (ledger_knows(ledger, worker))
        ledger_worker_heard(ledger, worker);
    if (index == NONE)
        return;
    ledger->workers[worker].images++;
    ledger_entry_move(ledger, index, ENTRY_DONE, worker);
}

/* It had no room: round robin tries the next, unless it tried often enough. */
static void returned_full(struct ledger *ledger, uint32_t index)
{
    struct entry *entry = &ledger->entries[index];
    enum entry_state way = ENTRY_READY;

    entry->full = (entry->full + 1) % SURE_AFTER_FULL;
    entry->job.attempt++;
    ledger->returns++;
    if (entry->avoid != 0)
        way = ENTRY_READY_APART;
    else if (entry->retry || entry->full == 0)
        way = ENTRY_READY_SURE;
    ledger_entry_move(ledger, index, way, NO_WORKER);
}

static enum returned_action returned_blamed(struct ledger *ledger, uint32_t index, uint64_t by)
{
    struct entry *entry = &ledger->entries[index];

    entry->blame++;
    entry->avoid = by;
    if (entry->blame >= BLAME_MAX) {
        ledger_entry_move(ledger, index, ENTRY_SETTLING, NO_WORKER);
        return RETURNED_SETTLE;
    }
    ledger_entry_retry(ledger, index);
    return RETURNED_RETRY;
}

static enum returned_action act_on(struct ledger *ledger, const struct worker *worker,
                                   uint32_t index, enum return_reason reason)
{
    switch (reason) {
    case RETURN_CRASHED:
    case RETURN_OVERRAN:
        return returned_blamed(ledger, index, worker->incarnation);
    case RETURN_MISSING:
        ledger->entries[index].avoid = worker->incarnation;
        ledger_entry_move(ledger, index, ENTRY_LOOKED_FOR, NO_WORKER);
        return RETURNED_LOOK;
    case RETURN_FULL:
        returned_full(ledger, index);
        return RETURNED_RETRY;
    case RETURN_LEAVING:
    case RETURN_TROUBLE:
    case RETURN_REASONS:
        break;
    }
    ledger_entry_retry(ledger, index);
    return RETURNED_RETRY;
}

/* It said how many places are free; those neither free nor held by what we know of are taken by
 * jobs whose TAKEN is on its way. */
static void learn_room(struct ledger *ledger, worker_index index, uint32_t room)
{
    struct worker *worker = &ledger->workers[index];
    uint64_t accounted = (uint64_t)worker->held.count + room;

    worker->unseen = accounted < worker->capacity ? worker->capacity - (uint32_t)accounted : 0;
    ledger_room_update(ledger, index);
}

enum returned_action ledger_returned(struct ledger *ledger, worker_index worker,
                                     const struct returned *returned, usec now)
{
    ledger_tell(ledger, now);
    if (!ledger_knows(ledger, worker))
        return RETURNED_IGNORED;
    uint32_t index = find_live(ledger, worker, returned->attempt);
    enum returned_action action = RETURNED_IGNORED;
    ledger_worker_heard(ledger, worker);
    if (returned->reason == RETURN_TROUBLE)
        ledger_worker_capacity(ledger, worker, 0);
    if (index != NONE)
        action = act_on(ledger, &ledger->workers[worker], index, returned->reason);
    learn_room(ledger, worker, returned->room);
    return action;
}

void ledger_retry(struct ledger *ledger, uint64_t job, usec now)
{
    uint32_t index = ledger_entry_find(ledger, job);

    ledger_tell(ledger, now);
    if (index != NONE && ledger->entries[index].state == ENTRY_LOOKED_FOR)
        ledger_entry_retry(ledger, index);
}

void ledger_settle(struct ledger *ledger, uint64_t job)
{
    uint32_t index = ledger_entry_find(ledger, job);

    if (index != NONE)
        ledger_entry_move(ledger, index, ENTRY_SETTLING, NO_WORKER);
}

const struct job *ledger_next_settled(struct ledger *ledger, enum image_state *state)
{
    uint32_t index = ledger->in_state[ENTRY_UNTOLD].first;

    if (index == NONE)
        return NULL;
    *state = ledger->entries[index].settled_as;
    ledger_entry_move(ledger, index, ENTRY_SETTLING, NO_WORKER);
    return &ledger->entries[index].job;
}

/* A worker's results reach the sink in the order in which it said DONE: those said before this one
 * and not recorded yet are probably lost. */
static void overtake(struct ledger *ledger, uint32_t index)
{
    const struct entry *entry = &ledger->entries[index];

    if (entry->state != ENTRY_DONE || entry->holder == NO_WORKER || entry->stray)
        return; // of a stray job, another worker's result may be meant
    const struct list *done = &ledger->workers[entry->holder].done;
    while (done->first != index)
        ledger_entry_move(ledger, done->first, ENTRY_OVERTAKEN, NO_WORKER);
}

bool ledger_recorded(struct ledger *ledger, uint64_t job)
{
    uint32_t index = ledger_entry_find(ledger, job);

    if (index == NONE)
        return false;
    overtake(ledger, index);
    ledger_entry_forget(ledger, index);
    ledger->recorded++;
    return true;
}

/* Whether it may have the attempt, or said DONE of it. */
static bool is_its_own(const struct ledger *ledger, worker_index worker, struct attempt attempt)
{
    uint32_t index = ledger_entry_find(ledger, attempt.job);

    if (index == NONE || find_live(ledger, worker, attempt) != NONE)
        return index != NONE;
    return ledger->entries[index].state == ENTRY_DONE && ledger->entries[index].holder == worker;
}

void ledger_strays(const struct ledger *ledger, worker_index worker, const struct attempts *held,
                   struct attempts *strays)
{
    strays->count = 0;
    for (uint32_t i = 0; i < held->count; i++) {
        if (!is_its_own(ledger, worker, held->list[i]))
            strays->list[strays->count++] = held->list[i];
    }
}
