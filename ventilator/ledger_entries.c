/*
 * The ledger's jobs: a pool that grows and is reused, the hash table over their ids, and the one
 * function through which a job changes its state, which keeps the lists and the workers' room
 * right. Entries own their job's path.
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
        chain_in(ledger, index); // the pool grows only when none is FREE
    for (uint32_t index = used; index < count; index++) {
        ledger->entries[index] = (struct entry){.holder = NO_WORKER, .state = ENTRY_FREE};
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
    ledger->workers[entry->holder].sent -= entry->state == ENTRY_SENT;
    ledger->workers[entry->holder].running -= entry->running;
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
        ledger->workers[entry->holder].sent += entry->state == ENTRY_SENT;
    }
}

void ledger_entry_move(struct ledger *ledger, uint32_t index, enum entry_state state,
                       worker_index holder)
{
    struct entry *entry = &ledger->entries[index];
    worker_index before = entry->holder;

    unlink_entry(ledger, index);
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

enum status ledger_entry_add(struct ledger *ledger, struct job *job)
{
    if (ledger_entry_find(ledger, job->id) != NONE)
        return STATUS_MALFORMED;
    if (ledger->in_state[ENTRY_FREE].count == 0 && !grow(ledger))
        return STATUS_MACHINE;

    uint32_t index = ledger->in_state[ENTRY_FREE].first;
    struct entry *entry = &ledger->entries[index];
    *entry = (struct entry){.job = *job, .holder = NO_WORKER, .state = ENTRY_FREE};
    entry->job.attempt = 1;
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

void ledger_entry_orphan(struct ledger *ledger, uint32_t index)
{
    struct entry *entry = &ledger->entries[index];

    ledger_list_remove(&ledger->workers[entry->holder].done, ledger->worker_links, index);
    entry->holder = NO_WORKER;
}

void ledger_entry_retry(struct ledger *ledger, uint32_t index)
{
    struct entry *entry = &ledger->entries[index];

    entry->job.attempt++;
    entry->retry = true;
    ledger->retries++;
    ledger_entry_move(ledger, index, entry->avoid != 0 ? ENTRY_READY_APART : ENTRY_READY_SURE,
                      NO_WORKER);
}

void ledger_entry_lost(struct ledger *ledger, uint32_t index)
{
    ledger->entries[index].stray = true;
    ledger_entry_retry(ledger, index);
}

void ledger_entry_settle_untold(struct ledger *ledger, uint32_t index, enum image_state state)
{
    ledger->entries[index].settled_as = (uint8_t)state;
    ledger_entry_move(ledger, index, ENTRY_UNTOLD, NO_WORKER);
}
