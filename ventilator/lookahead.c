/*
 * The look-ahead: a binary heap in an array of LOOKAHEAD_SIZE jobs.
 */

#include "ventilator/lookahead.h"

#include <stdlib.h>

static bool before(const struct job *a, const struct job *b)
{
    return a->size != b->size ? a->size > b->size : a->id < b->id;
}

enum status lookahead_open(struct lookahead *lookahead)
{
    *lookahead = (struct lookahead){.heap = calloc(LOOKAHEAD_SIZE, sizeof(struct job))};
    return lookahead->heap != NULL ? STATUS_OK : STATUS_MACHINE;
}

void lookahead_close(struct lookahead *lookahead)
{
    for (size_t i = 0; i < lookahead->count; i++)
        job_clear(&lookahead->heap[i]);
    free(lookahead->heap);
    *lookahead = (struct lookahead){0};
}

bool lookahead_is_full(const struct lookahead *lookahead)
{
    return lookahead->count == LOOKAHEAD_SIZE;
}

void lookahead_put(struct lookahead *lookahead, struct job *job)
{
    size_t at = lookahead->count++;

    while (at > 0 && before(job, &lookahead->heap[(at - 1) / 2])) {
        lookahead->heap[at] = lookahead->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    lookahead->heap[at] = *job;
    *job = (struct job){0};
}

bool lookahead_take(struct lookahead *lookahead, struct job *job)
{
    if (lookahead->count == 0)
        return false;
    struct job *heap = lookahead->heap;
    size_t count = --lookahead->count;
    size_t at = 0;

    *job = heap[0];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &heap[count]))
            break;
        heap[at] = heap[child];
    }
    heap[at] = heap[count];
    return true;
}
