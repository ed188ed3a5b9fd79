#pragma once

/*
 * Everything a worker has for one epoch of a run: the slots and what they share, and the keeper, a
 * thread that opens it, and after a trouble probes it until it works again. The worker's thread
 * owns the crew and all tasks; nothing here blocks it but crew_stop().
 */

#include "common/message.h"
#include "worker/task.h"
#include "worker/worker.h"

struct crew;

/* Starts the keeper; the slots follow when roots, DEST and decoder are found well. Until then, and
 * in trouble, tasks wait in the queue. `welcome` is not kept. */
enum status crew_start(struct crew **crew, const struct worker_config *config, uint64_t incarnation,
                       const struct welcome *welcome, struct reason *why) MUST_USE;
/* Kills the decoders, ends all threads, removes what was written aside. Tasks are their owner's
 * again. Writes NULL; NULL in is fine. */
void crew_stop(struct crew **crew);

/* There is always room: the queue is as long as a worker may hold tasks. */
void crew_offer(struct crew *crew, struct task *task);
/* A task that no slot took yet, or NULL. */
struct task *crew_take_back(struct crew *crew);
/* A task whose fate is decided, or NULL. crew_finished_fd() is readable while there is one. */
struct task *crew_finished(struct crew *crew);
int crew_finished_fd(const struct crew *crew);

/* Makes slots look at `cancelled` of the tasks they have. */
void crew_wake(struct crew *crew);
/* Until when outputs may be published. */
void crew_renew_lease(struct crew *crew, usec until);

/* Readable when trouble began or was over; then crew_in_trouble() says which. */
int crew_trouble_fd(const struct crew *crew);
bool crew_in_trouble(struct crew *crew, struct reason *text);
