#pragma once

/*
 * The run that a sink collects, from START until FINISHED: what it is, its record, and the tally.
 * No sockets, no clock of its own; it may wait for a disk.
 *
 * Everything may be told again: a question gets the same answer, an outcome counts once. What was
 * kept may be acknowledged only after collection_commit().
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

/* The run that START describes begins at `now`. Copies what it needs of `start`; the observer must
 * stay. `record`: its file; NULL: the one below DEST. A failure's reason is a line for the head:
 * why this run cannot be collected here. */
enum status collection_open(struct collection **collection, const struct envelope *run,
                            const struct start *start, const char *record,
                            const struct collection_observer *observer, usec now,
                            struct reason *why) MUST_USE;
void collection_close(struct collection **collection);

/* True for a message about this run and epoch. */
bool collection_is(const struct collection *collection, const struct envelope *envelope);

/* These: STATUS_MALFORMED when it cannot be of this run (nothing was done; drop it),
 * STATUS_MACHINE when this sink cannot go on. */

/* Answers every entry; the texts of `answer` stay until the next call. What is not new is counted
 * here: fresh, or failed with the reason. */
enum status collection_ask(struct collection *collection, const struct ask *ask,
                           struct answer *answer, usec now, struct reason *why) MUST_USE;
/* STATUS_OK: it is kept, now or before. `from` may be of an earlier epoch. */
enum status collection_result(struct collection *collection, const struct envelope *from,
                              const struct result_message *message, usec now,
                              struct reason *why) MUST_USE;
enum status collection_outcome(struct collection *collection, const struct outcome *outcome,
                               usec now, struct reason *why) MUST_USE;

/* A decoder died of the image, which is tried once more: remembered in case the head dies too. */
enum status collection_crashed(struct collection *collection, const struct outcome *crashed,
                               struct reason *why) MUST_USE;

/* What was kept so far stays. */
enum status collection_commit(struct collection *collection, struct reason *why) MUST_USE;

/* The head's final counts. STATUS_MALFORMED with the two numbers when they do not agree with what
 * was counted here; the collection is finished all the same. */
enum status collection_finish(struct collection *collection, const struct dispatch_counts *counts,
                              struct reason *why) MUST_USE;
bool collection_is_finished(const struct collection *collection);

usec collection_started(const struct collection *collection);
/* So far, with the time until the last image was counted. */
void collection_summary(const struct collection *collection, struct summary *summary);
