#pragma once

/* A walk and all that it found, for tests. Failures end the test. */

#include "ventilator/walk.h"

/* Small, so that the walk has to wait for room. */
#define WALKED_QUEUE_CAPACITY 4

struct walked {
    struct sources sources; // opened by the test
    struct queue *queue;
    struct walk *walk;
    struct found **list; // in the order of paths, once collected
    size_t count, capacity;
    struct dispatch_counts counts; // once collected
};

void walked_start(struct walked *walked);
/* Takes one that the test took from the queue. */
void walked_keep(struct walked *walked, void *item);
/* Takes what is found up to the mark of its end. */
void walked_collect(struct walked *walked);
/* NULL when no such path was found. */
const struct found *walked_find(const struct walked *walked, const char *path);
/* Stops the walk, wherever it is, and frees everything. */
void walked_end(struct walked *walked);
