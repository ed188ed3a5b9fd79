#pragma once

/*
 * The inside of the ventilator role: one struct, owned by its one thread, and the parts that work
 * on it, a file each. Every part is called from the loop in ventilator.c and returns at once.
 *
 *   plan        walked entries -> ASK -> ANSWER -> look-ahead
 *   dispatch    look-ahead -> ledger -> JOB; TAKEN, RETURN, DONE, BEAT back
 *   crew        which workers are connected, WELCOME, LEAVING, GO, who is in trouble
 *   collector   the sink: START, RECORDED, FINISH
 *   outcomes    states that arise without a worker, until they are recorded
 *   inquiry     status and start requests
 *   post        frames out
 */

#include "common/message.h"
#include "common/wire.h"
#include "ventilator/dest.h"
#include "ventilator/ledger.h"
#include "ventilator/lookahead.h"
#include "ventilator/ventilator.h"
#include "ventilator/walk.h"

/* Batches of an ASK under way at once: enough that the sink's round trip does not show. */
#define ASKS_MAX 8

/* One ASK until all of it is answered. */
struct ask_batch {
    uint64_t first; // number of entries[0]; 0: the place is free
    uint32_t count, unanswered;
    usec sent;
    struct job entries[ASK_MAX]; // id 0 once answered
};

struct plan {
    struct queue *found;
    struct walk *walk;
    uint64_t next_number;
    struct ask_batch asks[ASKS_MAX];
    struct lookahead lookahead;
    bool exhausted;   // the walk has ended and its queue is empty
    bool counts_sent; // the sink knows the final counts
};

/* What the ledger does not know of a worker: how to reach it and what to call it. */
struct crew_member {
    struct peer_id peer;
    char name[WORKER_NAME_SIZE];
    char host[HOST_SIZE];
    char trouble[IMAGE_ERROR_SIZE];
    usec blind_until; // it does not see what the head sees; what it says of itself does not count
};

struct crew {
    struct crew_member *members[WORKERS_MAX]; // by worker_index; NULL: nobody
    uint32_t count;
    usec empty_since;   // nobody is there; 0: somebody is
    usec trouble_since; // everybody is in trouble; 0: somebody is well
    bool noticed;       // the line about waiting was written
};

struct collector {
    bool present;
    uint64_t incarnation;
    struct peer_id peer;
    char results_host[HOST_SIZE];
    uint16_t results_port;
    usec heard, absent_since;
    usec recorded; // when it last recorded something
    usec asked;    // when START or FINISH was last sent
    bool started;  // this sink
    bool finishing, finished, noticed;
    uint64_t states[IMAGE_STATES]; // as its beats say
    struct summary summary;        // of FINISHED
};

/* An outcome that waits to be recorded. */
struct unsettled {
    uint64_t job;
    enum image_state state;
    usec sent;
    char error[IMAGE_ERROR_SIZE];
};

/* Outcomes under way beyond which the plan takes no further entries. Quarantines may add to them:
 * at most one for each job that is out. */
#define OUTCOMES_PLANNED_MAX 256

struct outcomes {
    struct unsettled *list; // owned, grows
    uint32_t count, capacity;
};

struct head {
    const struct ventilator_config *config;
    uint64_t run, epoch, incarnation;
    struct dest dest;
    struct channel *control, *jobs;
    uint16_t jobs_port;
    struct ledger *ledger;
    struct plan plan;
    struct crew crew;
    struct collector collector;
    struct outcomes outcomes;
    struct buffer buffer;
    struct message in, out;
    struct frame frame;          // what `in` was decoded from
    usec now;                    // of this turn
    enum stop_level stop;        // seen so far
    uint64_t malformed;          // frames dropped
    usec started, progress_told; // 0: not yet
    bool start_wanted;
    bool jobs_blocked;  // PUSH had no room; wake when it has
    enum status failed; // not STATUS_OK: the run cannot go on, for `why`
    struct reason why;
};

/* --- post: out is filled but for its envelope --- */

/* False: that peer is gone or takes nothing; every message is said again by its own rule. */
bool post_send(struct head *head, const struct peer_id *peer);
void post_refuse(struct head *head, const struct peer_id *peer, const char *text);
void post_simple(struct head *head, const struct peer_id *peer, enum message_type type);
/* To whom the frame being handled came from. */
void post_reply(struct head *head, enum message_type type);
/* The answer to a BEAT that was `sent` then; 0: to something else. */
void post_alive(struct head *head, const struct peer_id *peer, usec sent);
/* Fills the run's setup as START and WELCOME carry it. */
void post_setup(const struct head *head, struct run_setup *setup);

/* --- plan --- */

enum status plan_open(struct head *head) MUST_USE;
void plan_close(struct head *head);
/* Takes what was walked, asks, asks again. */
void plan_turn(struct head *head);
void plan_answer(struct head *head, const struct answer *answer);
/* Another sink: what is unanswered is asked again at once, and the counts are said again. */
void plan_ask_anew(struct head *head);
/* Nothing walked, asked or looked ahead is left. */
bool plan_is_done(const struct head *head);
/* True when a walked entry could be taken now: wake for it. */
bool plan_wants_found(const struct head *head);
void plan_stop(struct head *head); // a drain: no further entries

/* --- dispatch --- */

void dispatch_turn(struct head *head);
void dispatch_taken(struct head *head, worker_index worker);
void dispatch_returned(struct head *head, worker_index worker);
void dispatch_done(struct head *head, worker_index worker);
void dispatch_beat(struct head *head, worker_index worker);

/* --- crew --- */

void crew_hello(struct head *head);
void crew_leaving(struct head *head, worker_index worker);
void crew_trouble(struct head *head, worker_index worker, struct text trouble);
/* It gets nothing for longer than the grace, so that others do the work, or the run stops. */
void crew_is_blind(struct head *head, worker_index worker);
bool crew_stays_blind(const struct head *head, worker_index worker);
void crew_lost(struct head *head, worker_index worker, const char *how);
void crew_welcome_all(struct head *head); // those still to be welcomed; the sink is there
void crew_turn(struct head *head);
void crew_end(struct head *head, int exit_status);
void crew_close(struct head *head);

/* --- collector --- */

void collector_hello(struct head *head);
void collector_beat(struct head *head);
void collector_recorded(struct head *head);
void collector_turn(struct head *head);
/* What the head says at the end of how many there were. */
void collector_counts(struct head *head, struct dispatch_counts *counts);
/* True when a message of this sender is the sink's. */
bool collector_is(const struct head *head, uint64_t sender);

/* --- outcomes --- */

bool outcomes_have_room(const struct head *head);
/* The job (known to the ledger) ends so; the ledger settles it. */
void outcomes_add(struct head *head, uint64_t job, enum image_state state, const char *error);
/* The same for one that the ledger has settled already. */
void outcomes_announce(struct head *head, uint64_t job, enum image_state state, const char *error);
/* A decoder died of the job, which is tried once more: the record remembers it. */
void outcomes_crashed(struct head *head, uint64_t job, const char *error);
void outcomes_recorded(struct head *head, uint64_t job);
void outcomes_turn(struct head *head);
void outcomes_say_anew(struct head *head); // to another sink
void outcomes_close(struct head *head);

/* --- inquiry --- */

void inquiry_status(struct head *head);
void inquiry_start(struct head *head);

/* --- ventilator.c --- */

/* The run cannot go on: the first reason stands. */
void head_fail(struct head *head, const char *format, ...) __attribute__((format(printf, 2, 3)));
