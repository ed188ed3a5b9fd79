#pragma once

/*
 * The clerk: the sink's thread that may wait for a disk. It is handed frames (START, ASK, OUTCOME,
 * CRASHED, FINISH, RESULT), keeps what they say in the record, commits by the group, and only then
 * lets the answers out: STARTED or REFUSED, ANSWER, RECORDED, FINISHED.
 *
 * It shares with the sink's socket thread two bounded queues of frames, and a view of the counts
 * under a lock.
 */

#include "common/message.h"
#include "common/status.h"
#include "sink/sink.h"

struct clerk;

/* What the clerk has come to. */
struct clerk_view {
    bool collecting;     // a run is collected: results may be handed over
    bool finished;       // FINISH was heard; a run's last summary stands
    uint64_t run, epoch; // of the run that is or was collected; 0: none yet
    uint64_t changes;    // grows with everything counted
    usec started;        // of the run
    enum status agreed;  // on the counts, with the latest FINISH
    enum status failed;  // not STATUS_OK: the sink cannot go on
    struct reason why;   // of either
    struct summary summary;
};

/* The config must outlive it; its observers are called from the clerk's thread. */
enum status clerk_start(struct clerk **clerk, const struct sink_config *config,
                        uint64_t incarnation, struct reason *why) MUST_USE;
/* Ends the thread after the group in hand; what waits is dropped: it was not acknowledged. */
void clerk_stop(struct clerk **clerk);

enum letter_origin { FROM_HEAD, FROM_WORKERS, FROM_CLERK };

/* A frame on its way between the two threads. */
struct letter {
    enum letter_origin origin;
    size_t size;
    char bytes[];
};

/* Copies a frame of the head or of a worker for the clerk. STATUS_AGAIN when too many wait (nothing
 * is lost: everything of the head is said again), STATUS_MACHINE without memory, STATUS_CLOSED once
 * stopped. */
enum status clerk_hand(struct clerk *clerk, enum letter_origin origin, const void *bytes,
                       size_t size) MUST_USE;
/* Whether results may be read: there is room, with a reserve for the head's frames. */
bool clerk_has_room(const struct clerk *clerk);

/* An answer to be sent to the head as it is; owned by the caller then. STATUS_AGAIN: none waits. */
enum status clerk_answer(struct clerk *clerk, struct letter **letter) MUST_USE;
/* Readable after each group: an answer waits, or there is room and the view is news. Take answers
 * first, then look: what ends a sink is shown after its last words. */
int clerk_fd(const struct clerk *clerk);

/* Something waits for it, or is in its hands: a sink that records nothing now is slow, not idle. */
bool clerk_is_busy(struct clerk *clerk);

void clerk_look(struct clerk *clerk, struct clerk_view *view);
