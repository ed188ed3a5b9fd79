#pragma once

/*
 * What a worker holds: every task from its taking until its fate was told. Owns them. Of the
 * worker's thread.
 */

#include "common/message.h"
#include "worker/task.h"

struct holdings {
    uint32_t count;
    struct task *list[ATTEMPTS_MAX];
};

/* Takes the task. There must be room. */
void holdings_add(struct holdings *holdings, struct task **task);
/* Closes the task, which must be held. */
void holdings_remove(struct holdings *holdings, struct task *task);
/* Closes all. No slot may have any of them. */
void holdings_clear(struct holdings *holdings);
/* NULL when it is not held. */
struct task *holdings_find(const struct holdings *holdings, struct attempt attempt);
/* The list of a BEAT. */
void holdings_list(const struct holdings *holdings, struct beat *beat);
