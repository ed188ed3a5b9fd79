/*
 * The ledger, jobs on their way back: TAKEN, RETURNed, DONE, recorded. Peers say these things, so
 * every id and attempt is checked against what is live before anything changes.
 */

#include "ventilator/ledger_internal.h"

/* Decoders that may die of an image or overran their time, before it is quarantined. */
#define BLAME_MAX 2
/* Every so many RETURN_FULLs of a job it goes the sure way, whatever round robin does. */
#define SURE_AFTER_FULL 3

/* Whether this worker may speak about that attempt. A PUSHED one may be with anyone. */
static bool may_speak(const struct entry *entry, worker_index worker, uint32_t attempt)
{
    bool has_it =
        (ledger_is_sent(entry->state) || ledger_is_taken(entry->state)) && entry->holder == worker;

    return entry->job.attempt == attempt && (has_it || entry->state == ENTRY_PUSHED);
}

/* The entry of a live attempt that this worker may speak about; NONE otherwise. */
static uint32_t find_live(const struct ledger *ledger, worker_index worker, struct attempt attempt)
{
    uint32_t index = ledger_entry_find(ledger, attempt.job);

    if (index == NONE || !ledger_knows(ledger, worker))
        return NONE;
    if (may_speak(&ledger->entries[index], worker, attempt.attempt))
        return index;
    index = ledger->entries[index].twin;
    return index != NONE && may_speak(&ledger->entries[index], worker, attempt.attempt) ? index
                                                                                        : NONE;
}

uint32_t ledger_take(struct ledger *ledger, worker_index worker, struct attempt attempt)
{
    uint32_t index = find_live(ledger, worker, attempt);

    if (ledger_knows(ledger, worker))
        ledger_worker_heard(ledger, worker);
    if (index == NONE || ledger_is_taken(ledger->entries[index].state))
        return index;
    if (ledger->entries[index].state == ENTRY_PUSHED) {
        if (ledger->workers[worker].held.count >= ATTEMPTS_MAX)
            return NONE; // its beats could not list it
        if (ledger->workers[worker].unseen > 0)
            ledger->workers[worker].unseen--;
    }
    bool backup = ledger_is_backup(ledger->entries[index].state);
    ledger_entry_move(ledger, index, backup ? ENTRY_BACKUP_TAKEN : ENTRY_TAKEN, worker);
    return index;
}

bool ledger_taken(struct ledger *ledger, worker_index worker, struct attempt attempt, usec now)
{
    ledger_tell(ledger, now);
    return ledger_take(ledger, worker, attempt) != NONE;
}

void ledger_done(struct ledger *ledger, worker_index worker, struct attempt attempt, usec now)
{
    uint32_t index = find_live(ledger, worker, attempt);

    ledger_tell(ledger, now);
    if (ledger_knows(ledger, worker))
        ledger_worker_heard(ledger, worker);
    if (index == NONE)
        return;
    const struct entry *entry = &ledger->entries[index];
    if (ledger_is_taken(entry->state))
        ledger_backups_observe(ledger, ledger->now - entry->since, entry->job.size);
    ledger->workers[worker].images++;
    ledger_backups_won(ledger, index);
    ledger_entry_move(ledger, index, ENTRY_DONE, worker);
}

/* It had no room: round robin tries the next, unless it tried often enough. */
static void returned_full(struct ledger *ledger, uint32_t index)
{
    struct entry *entry = &ledger->entries[index];

    entry->full = (entry->full + 1) % SURE_AFTER_FULL;
    ledger_entry_next_attempt(ledger, index, entry->full == 0 ? ENTRY_READY_SURE : ENTRY_READY);
}

static enum returned_action returned_blamed(struct ledger *ledger, uint32_t index)
{
    if (ledger->entries[index].job.crashes >= BLAME_MAX) {
        ledger_entry_move(ledger, index, ENTRY_SETTLING, NO_WORKER);
        return RETURNED_SETTLE;
    }
    ledger_entry_retry(ledger, index);
    return RETURNED_RETRY;
}

/* The reasons that say something about the image, or about the worker and the image. */
static void note(struct entry *entry, enum return_reason reason, uint64_t by)
{
    bool blamed = reason == RETURN_CRASHED || reason == RETURN_OVERRAN;

    entry->job.crashes += blamed;
    if (blamed || reason == RETURN_MISSING)
        entry->avoid = by;
}

static enum returned_action act_on(struct ledger *ledger, uint64_t by, uint32_t index,
                                   enum return_reason reason)
{
    uint32_t job = ledger_backups_ended(ledger, index);

    note(&ledger->entries[job], reason, by);
    ledger->returns += reason == RETURN_FULL;
    if (job != index)
        return RETURNED_RETRY; // the other attempt goes on; only a blameless job has two
    switch (reason) {
    case RETURN_CRASHED:
    case RETURN_OVERRAN:
        return returned_blamed(ledger, job);
    case RETURN_MISSING:
        ledger_entry_move(ledger, job, ENTRY_LOOKED_FOR, NO_WORKER);
        return RETURNED_LOOK;
    case RETURN_FULL:
        returned_full(ledger, job);
        return RETURNED_RETRY;
    case RETURN_LEAVING:
    case RETURN_TROUBLE:
    case RETURN_REASONS:
        break;
    }
    ledger_entry_retry(ledger, job);
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
        action = act_on(ledger, ledger->workers[worker].incarnation, index, returned->reason);
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

    if (index == NONE)
        return;
    ledger_backups_withdraw(ledger, index);
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
    if (ledger->entries[index].twin != NONE || ledger->entries[index].stray)
        ledger_backups_withdraw(ledger, index); // else its DONE is on its way
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
