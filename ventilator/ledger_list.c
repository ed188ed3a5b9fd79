/*
 * Doubly linked lists over indices: the links are arrays beside what they link, so that the arrays
 * may move when they grow, and one thing may be in several lists.
 */

#include "ventilator/ledger_internal.h"

/* 2^64 divided by the golden ratio: neighbouring keys land far apart. */
#define GOLDEN_RATIO_64 0x9E3779B97F4A7C15ULL

void ledger_list_init(struct list *list)
{
    *list = (struct list){.first = NONE, .last = NONE, .count = 0};
}

/* Links `index` between two neighbours; NONE stands for the end of the list. */
static void insert(struct list *list, struct links *links, uint32_t index, uint32_t previous,
                   uint32_t next)
{
    links[index] = (struct links){.next = next, .previous = previous};
    *(previous == NONE ? &list->first : &links[previous].next) = index;
    *(next == NONE ? &list->last : &links[next].previous) = index;
    list->count++;
}

void ledger_list_append(struct list *list, struct links *links, uint32_t index)
{
    insert(list, links, index, list->last, NONE);
}

void ledger_list_prepend(struct list *list, struct links *links, uint32_t index)
{
    insert(list, links, index, NONE, list->first);
}

void ledger_list_remove(struct list *list, struct links *links, uint32_t index)
{
    struct links at = links[index];

    *(at.previous == NONE ? &list->first : &links[at.previous].next) = at.next;
    *(at.next == NONE ? &list->last : &links[at.next].previous) = at.previous;
    list->count--;
}

uint32_t ledger_hash(uint64_t key, unsigned bits)
{
    return (uint32_t)((key * GOLDEN_RATIO_64) >> (64 - bits));
}
