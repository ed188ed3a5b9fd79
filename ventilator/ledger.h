#pragma once

/*
 * The ledger: every job that is not yet recorded, who holds it, until when. Pure: no sockets, no
 * clock of its own (every call is told the time), no lock. The conservation law is its invariant:
 *   planned = ready + pushed + sent + taken + done + settling + recorded
 * and ledger_check() verifies it after any step (tests do so after each).
 *
 *   READY -> PUSHED (by PUSH, to whom is not known) ---> TAKEN by w -> DONE by w -> recorded
 *         -> SENT to w (over control) --------------/
 *   back to READY: RETURNed, not TAKEN in time, lease expired, its worker gone
 *   READY -> SETTLING: it ends without a worker (quarantined); an OUTCOME goes to the sink
 *
 * Each giving-out is an attempt; only a live one is listened to. A job has one, and at the end of a
 * run perhaps a second:
 *
 * Backups. Once nothing more will be planned (ledger_no_more) and nothing is READY, a beat that
 * lists a TAKEN job checks whether that is a straggler: whether it was TAKEN longer ago than
 *   max(BACKUP_AFTER_MIN, 3 * T * max(1, size / S))
 * where T and S are means over the jobs DONE so far, of the time from TAKEN to DONE and of the
 * size, smoothed (1/64 of each new one). Then it is given out once more, the sure way, to another
 * worker with room. The first attempt that is DONE wins, the other one is cancelled
 * (ledger_next_cancel). An attempt that ends otherwise leaves the job to the other. A job that a
 * decoder or a worker died of is not backed up. It counts as one job, by its first attempt that is
 * still live.
 *
 * Alone. A job that ran on five workers as they died goes, the sure way, to a worker that holds
 * nothing and gets nothing else meanwhile; nothing is pushed from then until it is DONE or back,
 * for nobody knows who gets a push. If that worker dies too, the job is settled.
 */

#include "common/job.h"
#include "common/message.h"
#include "common/protocol.h"
#include "common/status.h"

struct ledger;

/* A worker as the ledger knows it: index into its table, valid until ledger_worker_left(). */
typedef uint32_t worker_index;
#define NO_WORKER UINT32_MAX

enum status ledger_open(struct ledger **address, struct reason *why) MUST_USE;
void ledger_close(struct ledger **address);

/* --- workers --- */

/* An incarnation joins, or says HELLO again: its slots and capacity are these, its last beat is
 * now. STATUS_AGAIN when WORKERS_MAX are known. */
enum status ledger_worker_joined(struct ledger *ledger, uint64_t incarnation, uint32_t slots,
                                 uint32_t capacity, usec now, worker_index *worker) MUST_USE;
/* NO_WORKER when it is not known. */
worker_index ledger_worker_find(const struct ledger *ledger, uint64_t incarnation);
/* From a HELLO, BEAT or RETURN: capacity 0 means trouble. */
void ledger_worker_capacity(struct ledger *ledger, worker_index worker, uint32_t capacity);
/* A measured round trip to it. */
void ledger_worker_round_trip(struct ledger *ledger, worker_index worker, usec round_trip);
/* It said LEAVING: no more job is meant for it, and nothing is pushed until nothing is un-TAKEN. */
void ledger_worker_leaving(struct ledger *ledger, worker_index worker);
/* True once nothing that was pushed can still be on its way to it: it may be told GO. */
bool ledger_worker_may_go(const struct ledger *ledger, worker_index worker);
/* It is gone: everything it held is READY again. Its index may be reused. What was RUNNING, unless
 * it said LEAVING, is held against the job: after the fifth such death it runs alone, the sixth
 * settles it (ledger_next_settled). */
void ledger_worker_left(struct ledger *ledger, worker_index worker, usec now);
/* Its beat: the leases of what it holds are renewed until now + LEASE; what the ledger thinks it
 * holds and it does not list is READY again. Its capacity is taken from it as well. */
void ledger_beat(struct ledger *ledger, worker_index worker, const struct beat *beat, usec now);
/* Those of the attempts it says it holds that are not its own, into `strays`: tell it CANCEL. */
void ledger_strays(const struct ledger *ledger, worker_index worker, const struct attempts *held,
                   struct attempts *strays);

/* --- jobs, on their way out --- */

/* A job to do (id new, in any order; its crashes count as blame; path taken: *job is zeroed).
 * STATUS_MACHINE: no memory; STATUS_MALFORMED: that id is known already; *job is left alone by
 * both. */
enum status ledger_plan(struct ledger *ledger, struct job *job) MUST_USE;

/* Nothing is left to plan, unless ledger_plan() is called again. */
void ledger_no_more(struct ledger *ledger);
/* A job TAKEN for less is never backed up: it is likely to be done before its backup would be. */
#define BACKUP_AFTER_MIN BEAT_INTERVAL

/* The next job for PUSH, or NULL: none is ready for it, the window is full, DONE_MAX is reached, a
 * worker is leaving, a job runs alone, or no worker is well. It is still READY until
 * ledger_pushed() says it went. */
const struct job *ledger_next_push(struct ledger *ledger, usec now);
/* True when a job planned now could leave at once, beside those that are READY: time to plan one.
 */
bool ledger_window_is_open(const struct ledger *ledger);
/* It was sent: job->attempt, as ledger_next_push() had it, is the live attempt now. */
void ledger_pushed(struct ledger *ledger, uint64_t job, usec now);

/* The next job that must go the sure way, or a backup, and the chosen worker with room; or NULL. */
const struct job *ledger_next_sure(struct ledger *ledger, usec now, worker_index *worker);
void ledger_sent(struct ledger *ledger, uint64_t job, worker_index worker, usec now);

/* --- jobs, on their way back --- */

/* False: that attempt is not live any more; the worker should be told CANCEL. */
bool ledger_taken(struct ledger *ledger, worker_index worker, struct attempt attempt, usec now);

/* What the ventilator must do about a RETURN. */
enum returned_action {
    RETURNED_IGNORED, // not a live attempt
    RETURNED_RETRY,   // READY again, or another attempt of it is live
    RETURNED_SETTLE,  // it was the second death or overrun: SETTLING, quarantined; send an OUTCOME
    RETURNED_LOOK,    // MISSING: look for the file; then ledger_retry() or ledger_settle()
};
enum returned_action ledger_returned(struct ledger *ledger, worker_index worker,
                                     const struct returned *returned, usec now);
/* After RETURNED_LOOK: the file is there, so the worker does not see it. */
void ledger_retry(struct ledger *ledger, uint64_t job, usec now);
/* The job ends without a worker (from READY or after RETURNED_LOOK): only RECORDED is awaited. */
void ledger_settle(struct ledger *ledger, uint64_t job);
/* Jobs that the ledger itself settled, each said once, then NULL: QUARANTINED (six workers died
 * while it ran on them, alone on the last) or FAILED (unrecordable: its results were lost three
 * times). Ask after ledger_worker_left(), ledger_expire() and ledger_sink_idle(); send an OUTCOME
 * for each. */
const struct job *ledger_next_settled(struct ledger *ledger, enum image_state *state);

void ledger_done(struct ledger *ledger, worker_index worker, struct attempt attempt, usec now);
/* Forgets the job, whatever state it is in (a late result of another attempt counts as well).
 * False when it is not known (recorded twice). */
bool ledger_recorded(struct ledger *ledger, uint64_t job);
/* Attempts that nobody waits for any more, because another one of the job was DONE or recorded,
 * and who has them; each said once, then false. Ask after what is said of jobs; send a CANCEL. */
bool ledger_next_cancel(struct ledger *ledger, worker_index *worker, struct attempt *attempt);

/* The job as planned, NULL when not known. Valid until the next call that changes the ledger. */
const struct job *ledger_job(const struct ledger *ledger, uint64_t job);

/* --- time --- */

/* Expires what is overdue at `now`: un-TAKEN pushes, leases, and DONE jobs of a worker that has had
 * a later result recorded since. Workers whose beats are missing are
 * written to `gone` (at most `max`) and must be given to ledger_worker_left(). */
uint32_t ledger_expire(struct ledger *ledger, usec now, worker_index *gone, uint32_t max);
/* Say it when the sink was heard and has recorded nothing for SINK_IDLE: what has been DONE for
 * that long got lost on its way to it, and is READY again. */
#define SINK_IDLE (3 * US_PER_S)
void ledger_sink_idle(struct ledger *ledger, usec now);
/* When ledger_expire() has something to do next; INT64_MAX: nothing waits. */
usec ledger_next_deadline(const struct ledger *ledger);

/* Stops giving out jobs; what is out may come back. READY jobs stay pending for ever. */
void ledger_drain(struct ledger *ledger);

struct ledger_counts {
    uint64_t planned, ready, pushed, sent, taken, done, settling, recorded;
    uint64_t capacity;                  // of the workers that are well: the window
    uint64_t retries, returns, backups; // so far
    uint32_t workers, workers_well;
};
void ledger_count(const struct ledger *ledger, struct ledger_counts *counts);
/* Everything planned is recorded; or, draining, nothing is out any more. */
bool ledger_is_settled(const struct ledger *ledger);

/* What a worker holds, for `status`. */
struct ledger_worker {
    uint64_t incarnation;
    uint32_t slots, capacity, held, running;
    uint64_t images;
    bool leaving;
    usec heard;
};
bool ledger_worker_at(const struct ledger *ledger, worker_index worker, struct ledger_worker *out);

/* The conservation law and every internal link; O(jobs). False: `why` says what is broken. */
bool ledger_check(const struct ledger *ledger, struct reason *why);
