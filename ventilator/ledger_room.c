/*
 * The window, and whom to choose: what each worker adds to the window and occupies of it, and a
 * binary heap of the known workers by the share of their slots that is free.
 */

#include "ventilator/ledger_internal.h"

/* Compares room / slots without dividing; of equals the lower index comes first. */
static bool before(const struct ledger *ledger, worker_index a, worker_index b)
{
    const struct worker *left = &ledger->workers[a], *right = &ledger->workers[b];
    uint64_t left_share = (uint64_t)left->room * right->slots;
    uint64_t right_share = (uint64_t)right->room * left->slots;

    return left_share != right_share ? left_share > right_share : a < b;
}

static void place(struct ledger *ledger, uint32_t at, worker_index worker)
{
    ledger->heap[at] = worker;
    ledger->workers[worker].heap_at = at;
}

static void sift_up(struct ledger *ledger, worker_index worker)
{
    uint32_t at = ledger->workers[worker].heap_at;

    while (at > 0 && before(ledger, worker, ledger->heap[(at - 1) / 2])) {
        place(ledger, at, ledger->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(ledger, at, worker);
}

static void sift_down(struct ledger *ledger, worker_index worker)
{
    uint32_t at = ledger->workers[worker].heap_at;
    uint32_t count = ledger->heard.count;

    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(ledger, ledger->heap[child + 1], ledger->heap[child]))
            child++;
        if (!before(ledger, ledger->heap[child], worker))
            break;
        place(ledger, at, ledger->heap[child]);
    }
    place(ledger, at, worker);
}

void ledger_room_add(struct ledger *ledger, worker_index worker)
{
    place(ledger, ledger->heard.count - 1, worker); // it was just put into that list
    sift_up(ledger, worker);
    ledger_room_update(ledger, worker);
}

void ledger_room_remove(struct ledger *ledger, worker_index worker)
{
    uint32_t at = ledger->workers[worker].heap_at;
    worker_index last = ledger->heap[ledger->heard.count]; // it was just taken out of that list

    if (last == worker)
        return;
    place(ledger, at, last);
    sift_up(ledger, last);
    sift_down(ledger, last);
}

void ledger_room_update(struct ledger *ledger, worker_index index)
{
    struct worker *worker = &ledger->workers[index];
    uint32_t limit = worker->leaving ? 0 : worker->capacity;
    uint32_t occupied = worker->held.count < limit ? worker->held.count : limit;
    uint32_t used = worker->held.count + worker->unseen;

    ledger->window += limit;
    ledger->window -= worker->limit;
    ledger->occupied += occupied;
    ledger->occupied -= worker->occupied;
    ledger->well += limit > 0;
    ledger->well -= worker->limit > 0;
    worker->limit = limit;
    worker->occupied = occupied;
    bool open = !worker->doubted && worker->alone == 0;
    worker->room = open && used < limit ? limit - used : 0;
    sift_up(ledger, index);
    sift_down(ledger, index);
}

/* The first of the heap is the best; the second best is one of the two below it. */
static worker_index second_best(const struct ledger *ledger)
{
    uint32_t count = ledger->heard.count;

    if (count < 2)
        return NO_WORKER;
    return count > 2 && before(ledger, ledger->heap[2], ledger->heap[1]) ? ledger->heap[2]
                                                                         : ledger->heap[1];
}

worker_index ledger_room_choose(const struct ledger *ledger, uint64_t avoid)
{
    if (ledger->heard.count == 0)
        return NO_WORKER;
    worker_index best = ledger->heap[0];
    if (ledger->workers[best].incarnation == avoid && ledger->well > 1)
        best = second_best(ledger);
    return best != NO_WORKER && ledger->workers[best].room > 0 ? best : NO_WORKER;
}

worker_index ledger_room_choose_idle(const struct ledger *ledger, uint64_t avoid)
{
    worker_index last_resort = NO_WORKER;

    for (worker_index at = ledger->heard.first; at != NONE; at = ledger->heard_links[at].next) {
        const struct worker *worker = &ledger->workers[at];

        if (worker->room == 0 || worker->held.count > 0 || worker->unseen > 0)
            continue;
        if (worker->incarnation != avoid)
            return at;
        if (ledger->well == 1)
            last_resort = at;
    }
    return last_resort;
}
