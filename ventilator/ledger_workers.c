/*
 * The ledger's workers: a table with stable indices, found by incarnation through a hash table;
 * joining, leaving, and what they say about themselves.
 */

#include "ventilator/ledger_internal.h"

/* The time for TAKEN, in round trips. */
#define TAKEN_ROUND_TRIPS 4
/* What a peer claims about the line must not keep a lost job waiting longer than a lease. */
#define ROUND_TRIP_MAX (LEASE / TAKEN_ROUND_TRIPS)

static uint32_t *bucket_of(struct ledger *ledger, uint64_t incarnation)
{
    return &ledger->worker_buckets[ledger_hash(incarnation, WORKER_BUCKET_BITS)];
}

worker_index ledger_worker_find(const struct ledger *ledger, uint64_t incarnation)
{
    worker_index worker = ledger->worker_buckets[ledger_hash(incarnation, WORKER_BUCKET_BITS)];

    while (worker != NONE && ledger->workers[worker].incarnation != incarnation)
        worker = ledger->workers[worker].chained;
    return worker == NONE ? NO_WORKER : worker;
}

/* An index not in use; NONE when all are. */
static worker_index take_index(struct ledger *ledger)
{
    worker_index worker = ledger->workers_free;

    if (worker != NONE)
        ledger->workers_free = ledger->workers[worker].chained;
    else if (ledger->workers_used < WORKERS_MAX)
        worker = ledger->workers_used++;
    return worker;
}

static worker_index add_worker(struct ledger *ledger, uint64_t incarnation)
{
    worker_index index = take_index(ledger);
    if (index == NONE)
        return NO_WORKER;

    struct worker *worker = &ledger->workers[index];
    uint32_t *bucket = bucket_of(ledger, incarnation);
    *worker = (struct worker){.incarnation = incarnation, .slots = 1, .known = true};
    ledger_list_init(&worker->held);
    ledger_list_init(&worker->done);
    worker->chained = *bucket;
    *bucket = index;
    ledger_list_append(&ledger->heard, ledger->heard_links, index);
    ledger_room_add(ledger, index);
    return index;
}

enum status ledger_worker_joined(struct ledger *ledger, uint64_t incarnation, uint32_t slots,
                                 uint32_t capacity, usec now, worker_index *worker)
{
    ledger_tell(ledger, now);
    *worker = ledger_worker_find(ledger, incarnation);
    if (*worker == NO_WORKER)
        *worker = add_worker(ledger, incarnation);
    if (*worker == NO_WORKER)
        return STATUS_AGAIN;
    ledger_worker_renew(ledger, *worker);
    uint32_t at_most = slots < ATTEMPTS_MAX ? slots : ATTEMPTS_MAX;
    ledger->workers[*worker].slots = at_most > 0 ? at_most : 1;
    ledger_worker_capacity(ledger, *worker, capacity);
    return STATUS_OK;
}

void ledger_worker_capacity(struct ledger *ledger, worker_index worker, uint32_t capacity)
{
    if (!ledger_knows(ledger, worker))
        return;
    ledger->workers[worker].capacity = capacity < ATTEMPTS_MAX ? capacity : ATTEMPTS_MAX;
    ledger_room_update(ledger, worker);
}

static void find_longest_round_trip(struct ledger *ledger)
{
    ledger->round_trip_max = 0;
    for (worker_index at = ledger->heard.first; at != NONE; at = ledger->heard_links[at].next) {
        if (ledger->workers[at].round_trip > ledger->round_trip_max)
            ledger->round_trip_max = ledger->workers[at].round_trip;
    }
}

void ledger_worker_round_trip(struct ledger *ledger, worker_index worker, usec round_trip)
{
    if (!ledger_knows(ledger, worker) || round_trip < 0)
        return;
    usec before = ledger->workers[worker].round_trip;
    usec measured = round_trip < ROUND_TRIP_MAX ? round_trip : ROUND_TRIP_MAX;
    ledger->workers[worker].round_trip = measured;
    if (measured >= ledger->round_trip_max)
        ledger->round_trip_max = measured;
    else if (before == ledger->round_trip_max)
        find_longest_round_trip(ledger);
}

usec ledger_taken_allowance(const struct ledger *ledger)
{
    usec of_the_line = TAKEN_ROUND_TRIPS * ledger->round_trip_max;

    return of_the_line > TAKEN_DEADLINE_MIN ? of_the_line : TAKEN_DEADLINE_MIN;
}

void ledger_worker_renew(struct ledger *ledger, worker_index worker)
{
    ledger->workers[worker].heard = ledger->now;
    ledger_list_remove(&ledger->heard, ledger->heard_links, worker);
    ledger_list_append(&ledger->heard, ledger->heard_links, worker);
    ledger_worker_heard(ledger, worker);
}

void ledger_worker_heard(struct ledger *ledger, worker_index worker)
{
    if (!ledger->workers[worker].doubted)
        return;
    ledger->workers[worker].doubted = false;
    ledger_room_update(ledger, worker);
}

void ledger_worker_leaving(struct ledger *ledger, worker_index worker)
{
    if (!ledger_knows(ledger, worker) || ledger->workers[worker].leaving)
        return;
    ledger->workers[worker].leaving = true;
    ledger_room_update(ledger, worker);
    ledger->paused = true;
    if (ledger->in_state[ENTRY_PUSHED].count == 0)
        ledger_worker_all_clear(ledger);
}

void ledger_worker_all_clear(struct ledger *ledger)
{
    ledger->paused = false;
    for (worker_index at = ledger->heard.first; at != NONE; at = ledger->heard_links[at].next)
        ledger->workers[at].clear = ledger->workers[at].leaving;
}

bool ledger_worker_may_go(const struct ledger *ledger, worker_index worker)
{
    return ledger_knows(ledger, worker) && ledger->workers[worker].clear &&
           ledger->workers[worker].sent == 0;
}

/* Whether the worker may have died of it. One that it TAKES alone it begins at once. */
static bool is_suspect(const struct worker *worker, const struct entry *entry)
{
    bool ran = entry->running || (entry->alone && entry->state == ENTRY_TAKEN);

    return ran && !worker->leaving;
}

/* What it held goes to others; what ran on it when it died is suspected. */
static void give_up_held(struct ledger *ledger, const struct worker *worker)
{
    for (uint32_t index; (index = worker->held.first) != NONE;) {
        bool suspect = is_suspect(worker, &ledger->entries[index]);
        uint32_t job = ledger_backups_ended(ledger, index);
        struct entry *entry = &ledger->entries[job];

        entry->stray = true;
        entry->deaths += suspect;
        if (job != index)
            continue; // the other attempt goes on
        if (entry->deaths > DEATHS_MAX)
            ledger_entry_settle_untold(ledger, job, IMAGE_QUARANTINED);
        else
            ledger_entry_retry(ledger, job);
    }
}

void ledger_worker_left(struct ledger *ledger, worker_index worker, usec now)
{
    if (!ledger_knows(ledger, worker))
        return;
    struct worker *gone = &ledger->workers[worker];
    ledger_tell(ledger, now);
    ledger_worker_capacity(ledger, worker, 0); // out of the window, chosen no more
    give_up_held(ledger, gone);
    while (gone->done.first != NONE)
        ledger_entry_orphan(ledger, gone->done.first);

    uint32_t *at = bucket_of(ledger, gone->incarnation);
    while (*at != worker)
        at = &ledger->workers[*at].chained;
    *at = gone->chained;
    ledger_list_remove(&ledger->heard, ledger->heard_links, worker);
    ledger_room_remove(ledger, worker);
    gone->known = false;
    gone->chained = ledger->workers_free;
    ledger->workers_free = worker;
    if (gone->round_trip == ledger->round_trip_max)
        find_longest_round_trip(ledger);
}

bool ledger_worker_at(const struct ledger *ledger, worker_index worker, struct ledger_worker *out)
{
    if (!ledger_knows(ledger, worker))
        return false;
    const struct worker *at = &ledger->workers[worker];
    *out = (struct ledger_worker){
        .incarnation = at->incarnation,
        .slots = at->slots,
        .capacity = at->capacity,
        .held = at->held.count,
        .running = at->running,
        .images = at->images,
        .leaving = at->leaving,
        .heard = at->heard,
    };
    return true;
}
