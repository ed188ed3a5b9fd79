#pragma once

/*
 * The inside of the clerk, shared by sink/clerk*.c.
 *
 *   clerk          the thread, its queues, the view
 *   clerk_reading  what frames say
 *   clerk_answers  answers, kept back until the commit
 */

#include <pthread.h>
#include <stdatomic.h>

#include "common/queue.h"
#include "common/wire.h"
#include "sink/clerk.h"
#include "sink/collection.h"

/* Frames of one group. Their RECORDED must fit one message. */
#define GROUP_MAX 512
/* Frames that may wait for the clerk; results only up to half of it, so that the head's frames,
 * which are bounded by themselves, find room. */
#define HANDED_MAX 2048
/* Answers of a group: each frame has one at most, and RECORDED is one more. */
#define ANSWERS_MAX (GROUP_MAX + 1)

_Static_assert(GROUP_MAX <= ATTEMPTS_MAX, "a group's RECORDED is one message");

struct clerk {
    const struct sink_config *config; // the caller's
    uint64_t incarnation;
    struct queue *handed, *answers; // of struct letter
    pthread_t thread;
    bool running;
    _Atomic bool busy; // something is in its hands
    pthread_mutex_t lock;
    struct clerk_view view; // under the lock
    /* The thread's own: */
    struct collection *collection; // NULL: none
    uint64_t run, epoch;           // of the collection, or of the START that was refused last
    enum status agreed, failed;    // as the view's
    struct reason why;
    uint64_t changes;
    uint64_t dropped; // frames that were no business of this run
    struct attempts recorded;
    struct letter *pending[ANSWERS_MAX]; // owned
    uint32_t pending_count;
    struct buffer buffer;
    struct message in, out;
};

/* --- clerk --- */

/* NULL without memory. */
struct letter *clerk_letter(enum letter_origin origin, const void *bytes, size_t size);
/* The clerk cannot go on; the first reason stands. */
void clerk_fail(struct clerk *clerk, const struct reason *why);
/* Brings the view up to date. */
void clerk_show(struct clerk *clerk);

/* --- clerk_reading --- */

/* Does what a frame says. Takes the letter. */
void clerk_read(struct clerk *clerk, struct letter *letter);

/* --- clerk_answers --- */

/* clerk->out, as a message of this type. */
void clerk_say(struct clerk *clerk, enum message_type type);
void clerk_refuse(struct clerk *clerk, const char *why);
/* Commits the group so far, and lets its answers out; when it fails they are dropped, and the head
 * is told why. */
void clerk_commit(struct clerk *clerk);
void clerk_drop_answers(struct clerk *clerk);
