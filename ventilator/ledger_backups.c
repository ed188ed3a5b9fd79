/*
 * The ledger, second attempts: when a job is a straggler, who may back it up, and what becomes of
 * one attempt when the other has ended or won. And the CANCELs that follow from it.
 *
 * The idea of backup tasks is that of Dean and Ghemawat, "MapReduce", OSDI 2004, 3.6.
 */

#include "ventilator/ledger_internal.h"

/* Of its expected time, before a job counts as a straggler. */
#define BACKUP_AFTER_TIMES 3
/* The weight of the latest observation: some hundred of them make the mean. */
#define NEWEST (1.0 / 64)

/* --- expected times --- */

void ledger_backups_observe(struct ledger *ledger, usec time, uint64_t size)
{
    double weight = ledger->mean_time > 0 ? NEWEST : 1;
    double seen = time > 0 ? (double)time : 1;

    ledger->mean_time += ((seen - ledger->mean_time) * weight);
    ledger->mean_size += (((double)size - ledger->mean_size) * weight);
}

static double expected_time(const struct ledger *ledger, uint64_t size)
{
    double share = ledger->mean_size > 0 ? (double)size / ledger->mean_size : 1;

    return ledger->mean_time * (share > 1 ? share : 1);
}

/* --- two attempts --- */

static bool anything_ready(const struct ledger *ledger)
{
    const struct list *in = ledger->in_state;

    return in[ENTRY_READY].count > 0 || in[ENTRY_READY_SURE].count > 0 ||
           in[ENTRY_READY_APART].count > 0 || in[ENTRY_READY_ALONE].count > 0;
}

/* An image that did harm already is not tried twice at once. */
static bool is_straggler(const struct ledger *ledger, const struct entry *entry)
{
    usec age = ledger->now - entry->since;

    return entry->state == ENTRY_TAKEN && entry->twin == NONE && entry->job.crashes == 0 &&
           entry->deaths == 0 && ledger->mean_time > 0 && age > BACKUP_AFTER_MIN &&
           (double)age > BACKUP_AFTER_TIMES * expected_time(ledger, entry->job.size);
}

void ledger_backups_consider(struct ledger *ledger, uint32_t index)
{
    if (!ledger->no_more || ledger->draining || anything_ready(ledger) ||
        !is_straggler(ledger, &ledger->entries[index]))
        return;
    uint32_t backup = ledger_entry_take_free(ledger);
    if (backup == NONE)
        return; // it can do without
    struct entry *job = &ledger->entries[index], *twin = &ledger->entries[backup];
    twin->job = job->job;
    twin->job.attempt = ++job->attempts;
    twin->twin = index;
    job->twin = backup;
    ledger_entry_move(ledger, backup, ENTRY_BACKUP_READY, NO_WORKER);
}

worker_index ledger_backups_choose(const struct ledger *ledger, uint32_t backup)
{
    worker_index straggler = ledger->entries[ledger->entries[backup].twin].holder;
    worker_index chosen = ledger_room_choose(ledger, ledger->workers[straggler].incarnation);

    return anything_ready(ledger) || chosen == straggler ? NO_WORKER : chosen;
}

/* Its entry is given up; the other one is the job's, and that is returned. */
static uint32_t drop(struct ledger *ledger, uint32_t index)
{
    uint32_t other = ledger->entries[index].twin;

    if (!ledger_is_backup(ledger->entries[index].state))
        ledger_entry_take_over(ledger, other);
    ledger->entries[other].twin = NONE;
    ledger_entry_release(ledger, index);
    return other;
}

uint32_t ledger_backups_ended(struct ledger *ledger, uint32_t index)
{
    uint32_t other = ledger->entries[index].twin;

    if (other == NONE)
        return index;
    return drop(ledger, ledger->entries[other].state == ENTRY_BACKUP_READY ? other : index);
}

/* --- CANCEL --- */

/* Whoever has that attempt will be told. Without memory it is told when its next beat lists it. */
static void cancel(struct ledger *ledger, uint32_t index)
{
    const struct entry *entry = &ledger->entries[index];

    if (!ledger_is_sent(entry->state) && !ledger_is_taken(entry->state))
        return;
    uint32_t note = ledger_entry_take_free(ledger);
    if (note == NONE)
        return;
    entry = &ledger->entries[index];
    ledger->entries[note].job = (struct job){.id = entry->job.id, .attempt = entry->job.attempt};
    ledger->entries[note].avoid = ledger->workers[entry->holder].incarnation;
    ledger_entry_move(ledger, note, ENTRY_CANCELLED, NO_WORKER);
}

void ledger_backups_won(struct ledger *ledger, uint32_t index)
{
    uint32_t other = ledger->entries[index].twin;

    if (other == NONE)
        return;
    cancel(ledger, other);
    drop(ledger, other);
    ledger->entries[index].stray = true;
}

void ledger_backups_withdraw(struct ledger *ledger, uint32_t index)
{
    uint32_t other = ledger->entries[index].twin;

    cancel(ledger, index);
    if (other == NONE)
        return;
    cancel(ledger, other);
    drop(ledger, other);
}

bool ledger_next_cancel(struct ledger *ledger, worker_index *worker, struct attempt *attempt)
{
    uint32_t index;

    while ((index = ledger->in_state[ENTRY_CANCELLED].first) != NONE) {
        const struct entry *entry = &ledger->entries[index];

        *attempt = (struct attempt){entry->job.id, entry->job.attempt};
        *worker = ledger_worker_find(ledger, entry->avoid);
        ledger_entry_release(ledger, index);
        if (*worker != NO_WORKER)
            return true;
    }
    return false;
}
