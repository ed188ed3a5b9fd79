/*
 * The ledger's jobs: a pool that grows and is reused, the hash table over their ids, and the one
 * function through which a job changes its state, which keeps the lists and the workers' room
 * right. A job's own entry owns its path.
 */

#include <stdlib.h>

#include "ventilator/ledger_internal.h"

/* The pool starts small and doubles. */
#define POOL_BITS_FIRST 4
/* Indices are 32 bits wide, and the table of buckets has twice as many. */
#define POOL_BITS_MAX 30

uint32_t ledger_entry_find(const struct ledger *ledger, uint64_t job)
{
    if (ledger->entry_count == 0)
        return NONE;
    uint32_t index = ledger->buckets[ledger_hash(job, ledger->bucket_bits)];
    while (index != NONE && ledger->entries[index].job.id != job)
        index = ledger->entries[index].chained;
    return index;
}

static void chain_in(struct ledger *ledger, uint32_t index)
{
    struct entry *entry = &ledger->entries[index];
    uint32_t *bucket = &ledger->buckets[ledger_hash(entry->job.id, ledger->bucket_bits)];

    entry->chained = *bucket;
    *bucket = index;
}

static void chain_out(struct ledger *ledger, uint32_t index)
{
    const struct entry *entry = &ledger->entries[index];
    uint32_t *at = &ledger->buckets[ledger_hash(entry->job.id, ledger->bucket_bits)];

    while (*at != index)
        at = &ledger->entries[*at].chained;
    *at = entry->chained;
}

/* Writes the larger array in place of the old one; false leaves the old one as it was. */
static bool enlarge(void **array, size_t count, size_t size)
{
    void *larger = reallocarray(*array, count, size);

    if (larger != NULL)
        *array = larger;
    return larger != NULL;
}

static bool grow(struct ledger *ledger)
{
    unsigned bits = ledger->entry_count == 0 ? POOL_BITS_FIRST : ledger->bucket_bits;
    uint32_t count = 1u << bits;

    if (bits > POOL_BITS_MAX || !enlarge((void **)&ledger->entries, count, sizeof(struct entry)) ||
        !enlarge((void **)&ledger->state_links, count, sizeof(struct links)) ||
        !enlarge((void **)&ledger->worker_links, count, sizeof(struct links)) ||
        !enlarge((void **)&ledger->buckets, (size_t)count * 2, sizeof(uint32_t)))
        return false;

    uint32_t used = ledger->entry_count;
    ledger->entry_count = count;
    ledger->bucket_bits = bits + 1;
    for (size_t bucket = 0; bucket < (size_t)count * 2; bucket++)
        ledger->buckets[bucket] = NONE;
    for (uint32_t index = 0; index < used; index++)
        if (ledger_is_job(ledger->entries[index].state))
            chain_in(ledger, index);
    for (uint32_t index = used; index < count; index++) {
        ledger->entries[index] =
            (struct entry){.holder = NO_WORKER, .twin = NONE, .state = ENTRY_FREE};
        ledger_list_append(&ledger->in_state[ENTRY_FREE], ledger->state_links, index);
    }
    return true;
}

/* The list of its worker that an entry of this state is in; NULL: in none. */
static struct list *worker_list(struct ledger *ledger, enum entry_state state, worker_index holder)
{
    if (holder == NO_WORKER)
        return NULL;
    return state == ENTRY_DONE ? &ledger->workers[holder].done : &ledger->workers[holder].held;
}

static void unlink_entry(struct ledger *ledger, uint32_t index)
{
    const struct entry *entry = &ledger->entries[index];
    struct list *of_worker = worker_list(ledger, entry->state, entry->holder);

    ledger_list_remove(&ledger->in_state[entry->state], ledger->state_links, index);
    if (of_worker == NULL)
        return;
    ledger_list_remove(of_worker, ledger->worker_links, index);
    ledger->workers[entry->holder].sent -= ledger_is_sent(entry->state);
    ledger->workers[entry->holder].running -= entry->running;
    ledger->workers[entry->holder].alone -= entry->alone;
}

static void link_entry(struct ledger *ledger, uint32_t index)
{
    const struct entry *entry = &ledger->entries[index];
    struct list *of_state = &ledger->in_state[entry->state];
    struct list *of_worker = worker_list(ledger, entry->state, entry->holder);
    bool came_back = entry->state == ENTRY_READY && entry->job.attempt > 1;

    if (came_back || entry->state == ENTRY_FREE) // the last one freed is still in the cache
        ledger_list_prepend(of_state, ledger->state_links, index);
    else
        ledger_list_append(of_state, ledger->state_links, index);
    if (of_worker != NULL) {
        ledger_list_append(of_worker, ledger->worker_links, index);
        ledger->workers[entry->holder].sent += ledger_is_sent(entry->state);
        ledger->workers[entry->holder].running += entry->running;
        ledger->workers[entry->holder].alone += entry->alone;
    }
}

void ledger_entry_move(struct ledger *ledger, uint32_t index, enum entry_state state,
                       worker_index holder)
{
    struct entry *entry = &ledger->entries[index];
    worker_index before = entry->holder;

    unlink_entry(ledger, index);
    ledger->probes -= entry->state == ENTRY_PUSHED && ledger->probes > 0;
    ledger->alone -= entry->alone;
    entry->alone = state == ENTRY_READY_ALONE ||
                   (entry->alone && (state == ENTRY_SENT || state == ENTRY_TAKEN));
    ledger->alone += entry->alone;
    entry->state = state;
    entry->holder = holder;
    entry->since = ledger->now;
    entry->running = false;
    entry->mark = 0;
    link_entry(ledger, index);

    if (before != NO_WORKER)
        ledger_room_update(ledger, before);
    if (holder != NO_WORKER && holder != before)
        ledger_room_update(ledger, holder);
    if (ledger->paused && ledger->in_state[ENTRY_PUSHED].count == 0)
        ledger_worker_all_clear(ledger);
}

uint32_t ledger_entry_take_free(struct ledger *ledger)
{
    if (ledger->in_state[ENTRY_FREE].count == 0 && !grow(ledger))
        return NONE;
    uint32_t index = ledger->in_state[ENTRY_FREE].first;
    ledger->entries[index] = (struct entry){.holder = NO_WORKER, .twin = NONE, .state = ENTRY_FREE};
    return index;
}

enum status ledger_entry_add(struct ledger *ledger, struct job *job)
{
    if (ledger_entry_find(ledger, job->id) != NONE)
        return STATUS_MALFORMED;
    uint32_t index = ledger_entry_take_free(ledger);
    if (index == NONE)
        return STATUS_MACHINE;

    struct entry *entry = &ledger->entries[index];
    entry->job = *job;
    entry->job.attempt = entry->attempts = 1;
    *job = (struct job){0};
    chain_in(ledger, index);
    ledger_entry_move(ledger, index, ENTRY_READY, NO_WORKER);
    return STATUS_OK;
}

void ledger_entry_forget(struct ledger *ledger, uint32_t index)
{
    chain_out(ledger, index);
    ledger_entry_move(ledger, index, ENTRY_FREE, NO_WORKER);
    job_clear(&ledger->entries[index].job);
}

void ledger_entry_release(struct ledger *ledger, uint32_t index)
{
    ledger_entry_move(ledger, index, ENTRY_FREE, NO_WORKER);
    ledger->entries[index].job = (struct job){0}; // the path was another's
    ledger->entries[index].twin = NONE;
}

/* A SENT one gets its time for TAKEN anew: the list it joins is in order of time. */
void ledger_entry_take_over(struct ledger *ledger, uint32_t backup)
{
    struct entry *to = &ledger->entries[backup], *from = &ledger->entries[to->twin];
    const struct entry kept = *to;

    unlink_entry(ledger, backup);
    chain_out(ledger, to->twin);
    *to = *from;
    to->job.attempt = kept.job.attempt;
    to->twin = kept.twin;
    to->holder = kept.holder;
    to->mark = kept.mark;
    to->running = kept.running;
    to->state = kept.state == ENTRY_BACKUP_SENT ? ENTRY_SENT : ENTRY_TAKEN;
    to->since = to->state == ENTRY_SENT ? ledger->now : kept.since;
    chain_in(ledger, backup);
    link_entry(ledger, backup);
}

void ledger_entry_orphan(struct ledger *ledger, uint32_t index)
{
    struct entry *entry = &ledger->entries[index];

    ledger_list_remove(&ledger->workers[entry->holder].done, ledger->worker_links, index);
    entry->holder = NO_WORKER;
}

void ledger_entry_next_attempt(struct ledger *ledger, uint32_t index, enum entry_state way)
{
    struct entry *entry = &ledger->entries[index];

    entry->job.attempt = ++entry->attempts;
    if (entry->deaths >= DEATHS_MAX)
        way = ENTRY_READY_ALONE;
    else if (entry->avoid != 0)
        way = ENTRY_READY_APART;
    else if (entry->retry)
        way = ENTRY_READY_SURE;
    ledger_entry_move(ledger, index, way, NO_WORKER);
}

void ledger_entry_retry(struct ledger *ledger, uint32_t index)
{
    ledger->entries[index].retry = true;
    ledger->retries++;
    ledger_entry_next_attempt(ledger, index, ENTRY_READY_SURE);
}

void ledger_entry_lost(struct ledger *ledger, uint32_t index)
{
    uint32_t job = ledger_backups_ended(ledger, index);

    ledger->entries[job].stray = true;
    if (job == index)
        ledger_entry_retry(ledger, job);
}

void ledger_entry_settle_untold(struct ledger *ledger, uint32_t index, enum image_state state)
{
    ledger->entries[index].settled_as = (uint8_t)state;
    ledger_entry_move(ledger, index, ENTRY_UNTOLD, NO_WORKER);
}
