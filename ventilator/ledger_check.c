/*
 * What must hold between any two steps of the ledger, checked from scratch. For tests.
 */

#include "ventilator/ledger_internal.h"

#define BROKEN(why, ...)                                                                           \
    do {                                                                                           \
        reason_set(why, STATUS_MALFORMED, __VA_ARGS__);                                            \
        return false;                                                                              \
    } while (0)

/* Every link has its counterpart, the ends are the ends, the count is the length. */
static bool check_list(const struct list *list, const struct links *links, const char *name,
                       struct reason *why)
{
    uint32_t previous = NONE, length = 0;

    for (uint32_t at = list->first; at != NONE; at = links[at].next) {
        if (links[at].previous != previous || length++ > list->count)
            BROKEN(why, "%s: broken link at %u", name, at);
        previous = at;
    }
    if (list->last != previous || list->count != length)
        BROKEN(why, "%s: %u linked, %u counted", name, length, list->count);
    return true;
}

/* Whether a state has a deadline, so that its list must be in order of time. */
static bool is_timed(enum entry_state state)
{
    return state == ENTRY_PUSHED || ledger_is_sent(state) || state == ENTRY_DONE ||
           state == ENTRY_OVERTAKEN;
}

/* Two entries of one job: its own, which is TAKEN and blameless, and the backup's. */
static bool check_twin(const struct ledger *ledger, uint32_t index, struct reason *why)
{
    const struct entry *entry = &ledger->entries[index];
    bool backup = ledger_is_backup(entry->state);

    if (entry->twin == NONE) {
        if (backup)
            BROKEN(why, "entry %u backs up nothing", index);
        return true;
    }
    const struct entry *twin = &ledger->entries[entry->twin];
    if (twin->twin != index || twin->job.id != entry->job.id)
        BROKEN(why, "entry %u is not the twin of its twin", index);
    if (backup ? twin->state != ENTRY_TAKEN : !ledger_is_backup(twin->state))
        BROKEN(why, "entry %u, state %d: a twin in state %d", index, entry->state, twin->state);
    if (twin->holder == entry->holder || twin->job.attempt == entry->job.attempt)
        BROKEN(why, "entry %u: both attempts are one", index);
    if (!backup && (entry->job.crashes > 0 || entry->deaths > 0))
        BROKEN(why, "entry %u did harm and has a backup", index);
    return true;
}

/* Where jobs that are to run alone may be, and that others are not meant to be alone. */
static bool check_alone(const struct ledger *ledger, uint32_t index, struct reason *why)
{
    const struct entry *entry = &ledger->entries[index];
    bool may_be = entry->state == ENTRY_READY_ALONE || entry->state == ENTRY_SENT ||
                  entry->state == ENTRY_TAKEN;
    bool must_be = entry->state == ENTRY_READY_ALONE || (may_be && entry->deaths >= DEATHS_MAX);

    if (entry->alone ? !may_be : must_be)
        BROKEN(why, "entry %u, state %d, %u deaths: alone %d", index, entry->state, entry->deaths,
               entry->alone);
    if (entry->alone && entry->holder != NO_WORKER &&
        ledger->workers[entry->holder].held.count != 1)
        BROKEN(why, "entry %u is not alone on worker %u", index, entry->holder);
    return true;
}

static bool check_entry(const struct ledger *ledger, uint32_t index, enum entry_state state,
                        struct reason *why)
{
    const struct entry *entry = &ledger->entries[index];
    bool has_worker = ledger_is_sent(state) || ledger_is_taken(state);
    bool may_have_worker = has_worker || state == ENTRY_DONE;

    if (entry->state != state)
        BROKEN(why, "entry %u is in the list of state %d, not its own", index, (int)state);
    if (entry->holder == NO_WORKER ? has_worker : !may_have_worker)
        BROKEN(why, "entry %u, state %d: holder %u", index, (int)state, entry->holder);
    if (entry->holder != NO_WORKER && !ledger_knows(ledger, entry->holder))
        BROKEN(why, "entry %u: its worker %u left", index, entry->holder);
    if (entry->running && !ledger_is_taken(state))
        BROKEN(why, "entry %u runs in state %d", index, (int)state);
    if (ledger_is_job(state) && ledger_entry_find(ledger, entry->job.id) != index)
        BROKEN(why, "entry %u is not found by its id", index);
    return check_twin(ledger, index, why) && check_alone(ledger, index, why);
}

static bool check_states(const struct ledger *ledger, struct reason *why)
{
    uint64_t total = 0, here = 0, alone = 0;

    for (enum entry_state state = 0; state < ENTRY_STATES; state++) {
        const struct list *list = &ledger->in_state[state];
        usec since = 0;

        if (!check_list(list, ledger->state_links, "list of a state", why))
            return false;
        for (uint32_t at = list->first; at != NONE; at = ledger->state_links[at].next) {
            if (!check_entry(ledger, at, state, why))
                return false;
            if (is_timed(state) && ledger->entries[at].since < since)
                BROKEN(why, "state %d is not in order of time at %u", (int)state, at);
            since = ledger->entries[at].since;
            alone += ledger->entries[at].alone;
        }
        total += list->count;
        here += ledger_is_job(state) ? list->count : 0;
    }
    if (alone != ledger->alone)
        BROKEN(why, "%llu jobs run alone, %u counted", (unsigned long long)alone, ledger->alone);
    if (total != ledger->entry_count || ledger->planned != here + ledger->recorded)
        BROKEN(why, "%llu planned, %llu recorded, %llu here", (unsigned long long)ledger->planned,
               (unsigned long long)ledger->recorded, (unsigned long long)here);
    return true;
}

/* Its own lists hold what names it as the holder, and its counts are theirs. */
static bool check_held(const struct ledger *ledger, worker_index index, struct reason *why)
{
    const struct worker *worker = &ledger->workers[index];
    uint32_t sent = 0, running = 0, alone = 0;

    if (!check_list(&worker->held, ledger->worker_links, "held", why) ||
        !check_list(&worker->done, ledger->worker_links, "done", why))
        return false;
    for (uint32_t at = worker->held.first; at != NONE; at = ledger->worker_links[at].next) {
        const struct entry *entry = &ledger->entries[at];

        if (entry->holder != index || entry->state == ENTRY_DONE)
            BROKEN(why, "worker %u holds entry %u, which says otherwise", index, at);
        sent += ledger_is_sent(entry->state);
        running += entry->running;
        alone += entry->alone;
    }
    for (uint32_t at = worker->done.first; at != NONE; at = ledger->worker_links[at].next) {
        if (ledger->entries[at].holder != index || ledger->entries[at].state != ENTRY_DONE)
            BROKEN(why, "worker %u did entry %u, which says otherwise", index, at);
    }
    if (sent != worker->sent || running != worker->running || alone != worker->alone)
        BROKEN(why, "worker %u: %u sent, %u running, %u alone", index, sent, running, alone);
    return true;
}

static bool check_room(const struct ledger *ledger, worker_index index, struct reason *why)
{
    const struct worker *worker = &ledger->workers[index];
    uint32_t limit = worker->leaving ? 0 : worker->capacity;
    uint32_t parent = (worker->heap_at - 1) / 2;

    if (ledger->heap[worker->heap_at] != index)
        BROKEN(why, "worker %u is not where the heap has it", index);
    if (worker->heap_at > 0) {
        const struct worker *above = &ledger->workers[ledger->heap[parent]];

        if ((uint64_t)above->room * worker->slots < (uint64_t)worker->room * above->slots)
            BROKEN(why, "worker %u has more room than the one above it", index);
    }
    if (worker->alone > 0 && worker->room > 0)
        BROKEN(why, "worker %u has room beside a job that runs alone", index);
    if (worker->limit != limit || worker->room + worker->occupied > limit)
        BROKEN(why, "worker %u: limit %u, room %u, occupied %u", index, worker->limit, worker->room,
               worker->occupied);
    return true;
}

static bool check_workers(const struct ledger *ledger, struct reason *why)
{
    uint64_t window = 0, occupied = 0, holding = 0, held = 0;
    uint32_t well = 0;
    usec heard = 0;

    if (!check_list(&ledger->heard, ledger->heard_links, "heard", why))
        return false;
    for (worker_index at = ledger->heard.first; at != NONE; at = ledger->heard_links[at].next) {
        const struct worker *worker = &ledger->workers[at];

        if (worker->heard < heard || ledger_worker_find(ledger, worker->incarnation) != at)
            BROKEN(why, "worker %u is out of order or not found", at);
        if (!check_held(ledger, at, why) || !check_room(ledger, at, why))
            return false;
        heard = worker->heard;
        window += worker->limit;
        occupied += worker->occupied;
        well += worker->limit > 0;
        holding += worker->held.count;
    }
    for (enum entry_state state = 0; state < ENTRY_STATES; state++)
        held += ledger_is_sent(state) || ledger_is_taken(state) ? ledger->in_state[state].count : 0;
    if (window != ledger->window || occupied != ledger->occupied || well != ledger->well)
        BROKEN(why, "the window is not the sum of its parts");
    if (holding != held)
        BROKEN(why, "%llu jobs are with workers, which hold %llu", (unsigned long long)held,
               (unsigned long long)holding);
    return true;
}

bool ledger_check(const struct ledger *ledger, struct reason *why)
{
    if (ledger->paused && ledger->in_state[ENTRY_PUSHED].count == 0)
        BROKEN(why, "pushing waits for pushes that are all accounted for");
    return check_states(ledger, why) && check_workers(ledger, why);
}
