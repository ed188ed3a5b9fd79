#pragma once

/*
 * The run that a sink collects, from START until FINISHED: what it is, who claimed which output
 * name, which images were counted, and the tally. No sockets, no clock of its own.
 *
 * Everything may be told again: a question gets the same answer, an outcome counts once.
 */

#include "common/message.h"
#include "common/status.h"
#include "common/summary.h"

struct collection;

/* Whom every image is told that was not simply made; see sink.h. */
struct collection_observer {
    void (*outcome)(void *context, enum image_state state, const char *source, const char *error);
    void *context;
};

/* The run that START describes begins at `now`. Copies what it needs of `setup`; the observer must
 * stay. A failure's reason is a line for the head: why this run cannot be collected here. */
enum status collection_open(struct collection **collection, const struct envelope *run,
                            const struct run_setup *setup,
                            const struct collection_observer *observer, usec now,
                            struct reason *why) MUST_USE;
void collection_close(struct collection **collection);

/* True for a message about this run and epoch. */
bool collection_is(const struct collection *collection, const struct envelope *envelope);

/* These three: STATUS_MALFORMED when it cannot be of this run (nothing was done; drop it),
 * STATUS_MACHINE when this sink cannot go on. */

/* Answers every entry; the texts of `answer` stay until the next call. An image whose name is taken
 * is counted here as failed. */
enum status collection_ask(struct collection *collection, const struct ask *ask,
                           struct answer *answer, usec now, struct reason *why) MUST_USE;
/* STATUS_OK: it is kept, now or before, and may be acknowledged. */
enum status collection_result(struct collection *collection, uint64_t incarnation,
                              const struct result_message *message, usec now,
                              struct reason *why) MUST_USE;
enum status collection_outcome(struct collection *collection, const struct outcome *outcome,
                               usec now, struct reason *why) MUST_USE;

/* The head's final counts. STATUS_MACHINE with the two numbers when they do not agree with what was
 * counted here; the collection is finished all the same. */
enum status collection_finish(struct collection *collection, const struct dispatch_counts *counts,
                              struct reason *why) MUST_USE;
bool collection_is_finished(const struct collection *collection);

/* So far, with the time until `now`. */
void collection_progress(const struct collection *collection, usec now, struct summary *summary);
/* With the time until the last image was counted. */
void collection_summary(const struct collection *collection, struct summary *summary);
