/*
 * The ledger itself: opening and closing, jobs on their way out, and the counts. The ledger owns
 * every job from ledger_plan() until ledger_recorded(). ventilator/ledger_internal.h has the map.
 */

#include <stdlib.h>

#include "ventilator/ledger_internal.h"

enum status ledger_open(struct ledger **address, struct reason *why)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);

    if (ledger == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory for the ledger of jobs");
    for (size_t state = 0; state < ENTRY_STATES; state++)
        ledger_list_init(&ledger->in_state[state]);
    ledger_list_init(&ledger->heard);
    for (size_t bucket = 0; bucket < 1u << WORKER_BUCKET_BITS; bucket++)
        ledger->worker_buckets[bucket] = NONE;
    ledger->workers_free = NONE;
    *address = ledger;
    return STATUS_OK;
}

void ledger_close(struct ledger **address)
{
    struct ledger *ledger = *address;

    if (ledger == NULL)
        return;
    for (uint32_t index = 0; index < ledger->entry_count; index++)
        if (ledger_is_job(ledger->entries[index].state))
            job_clear(&ledger->entries[index].job);
    free(ledger->entries);
    free(ledger->state_links);
    free(ledger->worker_links);
    free(ledger->buckets);
    free(ledger);
    *address = NULL;
}

void ledger_tell(struct ledger *ledger, usec now)
{
    if (now > ledger->now)
        ledger->now = now;
}

enum status ledger_plan(struct ledger *ledger, struct job *job)
{
    enum status status = ledger_entry_add(ledger, job);

    if (status == STATUS_OK) {
        ledger->planned++;
        ledger->no_more = false;
    }
    return status;
}

void ledger_no_more(struct ledger *ledger)
{
    ledger->no_more = true;
}

static bool gives_out(const struct ledger *ledger)
{
    uint32_t done = ledger->in_state[ENTRY_DONE].count + ledger->in_state[ENTRY_OVERTAKEN].count;

    return !ledger->draining && done < DONE_MAX;
}

/* Places of the window that nothing out occupies. */
static uint64_t free_places(const struct ledger *ledger)
{
    uint64_t out = ledger->occupied + ledger->in_state[ENTRY_PUSHED].count;
    bool closed = ledger->paused || ledger->alone > 0 || !gives_out(ledger);

    return closed || out >= ledger->window ? 0 : ledger->window - out;
}

bool ledger_window_is_open(const struct ledger *ledger)
{
    return free_places(ledger) > ledger->in_state[ENTRY_READY].count;
}

/* While the pipes are doubted, one push at a time finds out which of them still lead to somebody.
 */
static bool may_push(const struct ledger *ledger)
{
    return free_places(ledger) > 0 &&
           (ledger->probes == 0 || ledger->in_state[ENTRY_PUSHED].count == 0);
}

const struct job *ledger_next_push(struct ledger *ledger, usec now)
{
    uint32_t index = ledger->in_state[ENTRY_READY].first;

    ledger_tell(ledger, now);
    return index != NONE && may_push(ledger) ? &ledger->entries[index].job : NULL;
}

void ledger_pushed(struct ledger *ledger, uint64_t job, usec now)
{
    uint32_t index = ledger_entry_find(ledger, job);

    ledger_tell(ledger, now);
    if (index != NONE && ledger->entries[index].state == ENTRY_READY)
        ledger_entry_move(ledger, index, ENTRY_PUSHED, NO_WORKER);
}

/* Whom to send it to. What was pushed may be on its way to anyone, so one that must be alone waits
 * until nothing is. */
static worker_index choose_for(const struct ledger *ledger, uint32_t index)
{
    const struct entry *entry = &ledger->entries[index];

    if (entry->state == ENTRY_BACKUP_READY)
        return ledger_backups_choose(ledger, index);
    if (entry->state != ENTRY_READY_ALONE)
        return ledger_room_choose(ledger, entry->avoid);
    if (ledger->in_state[ENTRY_PUSHED].count > 0)
        return NO_WORKER;
    return ledger_room_choose_idle(ledger, entry->avoid);
}

/* Whether what is READY goes the sure way too, for pushes may get stuck. */
static bool is_sure(const struct ledger *ledger)
{
    return ledger->probes > 0 && free_places(ledger) > 0;
}

const struct job *ledger_next_sure(struct ledger *ledger, usec now, worker_index *worker)
{
    static const enum entry_state ways[] = {ENTRY_READY_ALONE, ENTRY_READY_APART, ENTRY_READY_SURE,
                                            ENTRY_BACKUP_READY, ENTRY_READY};

    ledger_tell(ledger, now);
    if (!gives_out(ledger))
        return NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        uint32_t index = ledger->in_state[ways[i]].first;

        if (index == NONE || (ways[i] == ENTRY_READY && !is_sure(ledger)))
            continue;
        *worker = choose_for(ledger, index);
        if (*worker != NO_WORKER)
            return &ledger->entries[index].job;
    }
    return NULL;
}

void ledger_sent(struct ledger *ledger, uint64_t job, worker_index worker, usec now)
{
    uint32_t index = ledger_entry_find(ledger, job);

    ledger_tell(ledger, now);
    if (index == NONE || !ledger_knows(ledger, worker))
        return;
    enum entry_state state = ledger->entries[index].state;
    uint32_t twin = ledger->entries[index].twin;
    if (state == ENTRY_READY_SURE || state == ENTRY_READY_APART || state == ENTRY_READY_ALONE ||
        (state == ENTRY_READY && ledger->probes > 0)) {
        ledger_entry_move(ledger, index, ENTRY_SENT, worker);
    } else if (twin != NONE && ledger->entries[twin].state == ENTRY_BACKUP_READY) {
        ledger->backups++;
        ledger_entry_move(ledger, twin, ENTRY_BACKUP_SENT, worker);
    }
}

const struct job *ledger_job(const struct ledger *ledger, uint64_t job)
{
    uint32_t index = ledger_entry_find(ledger, job);

    return index == NONE ? NULL : &ledger->entries[index].job;
}

void ledger_drain(struct ledger *ledger)
{
    ledger->draining = true;
}

void ledger_count(const struct ledger *ledger, struct ledger_counts *counts)
{
    const struct list *in = ledger->in_state;

    *counts = (struct ledger_counts){
        .planned = ledger->planned,
        .ready = (uint64_t)in[ENTRY_READY].count + in[ENTRY_READY_SURE].count +
                 in[ENTRY_READY_APART].count + in[ENTRY_READY_ALONE].count,
        .pushed = in[ENTRY_PUSHED].count,
        .sent = in[ENTRY_SENT].count,
        .taken = in[ENTRY_TAKEN].count,
        .done = (uint64_t)in[ENTRY_DONE].count + in[ENTRY_OVERTAKEN].count,
        .settling = (uint64_t)in[ENTRY_LOOKED_FOR].count + in[ENTRY_UNTOLD].count +
                    in[ENTRY_SETTLING].count,
        .recorded = ledger->recorded,
        .capacity = ledger->window,
        .retries = ledger->retries,
        .returns = ledger->returns,
        .backups = ledger->backups,
        .workers = ledger->heard.count,
        .workers_well = ledger->well,
    };
}

bool ledger_is_settled(const struct ledger *ledger)
{
    struct ledger_counts counts;

    ledger_count(ledger, &counts);
    return counts.planned == counts.recorded + (ledger->draining ? counts.ready : 0);
}
