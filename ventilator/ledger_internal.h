#pragma once

/*
 * The inside of the ledger, for ventilator/ledger*.c alone.
 *
 * Jobs live in one pool of entries, found by id through a hash table. An entry is in exactly one
 * list of its state, and, while a worker has it, in one list of that worker: so counts are lengths
 * of lists, and hardly a step looks at more than the jobs it changes. Deadlines need no heap: the
 * time allowed is the same for all of a state, so the first of its list is always due first.
 * Workers with room are in a heap by the share of their slots that is free.
 *
 *   ledger_list      lists over indices             ledger_time   beats, deadlines, expiry
 *   ledger_entries   the pool, and every change of state        ledger_returns   the way back
 *   ledger_room      window, room, whom to choose   ledger_check  the invariants
 *   ledger_workers   who is here                    ledger        the way out, counts
 *   ledger_backups   second attempts, CANCELs
 *
 * A job with two live attempts has two entries, each the other's twin: the job's own, which is
 * found by id, and that of its backup. Each is in its state's list and with its worker.
 */

#include "ventilator/ledger.h"

/* --- lists over indices (ledger_list.c) --- */

#define NONE UINT32_MAX

struct links {
    uint32_t next, previous;
};

struct list {
    uint32_t first, last, count;
};

void ledger_list_init(struct list *list);
void ledger_list_append(struct list *list, struct links *links, uint32_t index);
void ledger_list_prepend(struct list *list, struct links *links, uint32_t index);
void ledger_list_remove(struct list *list, struct links *links, uint32_t index);
/* Multiplicative hashing: Knuth, The Art of Computer Programming 3, 6.4. Below 2^bits. */
uint32_t ledger_hash(uint64_t key, unsigned bits);

/* --- jobs (ledger_entries.c) --- */

enum entry_state {
    ENTRY_FREE,
    ENTRY_READY,       // for PUSH; those that came back before those never tried
    ENTRY_READY_SURE,  // for a chosen worker
    ENTRY_READY_APART, // for a chosen worker, another than entry.avoid if there is one
    ENTRY_READY_ALONE, // for one that holds nothing and gets nothing else
    ENTRY_PUSHED,
    ENTRY_SENT,
    ENTRY_TAKEN,
    ENTRY_DONE,
    ENTRY_OVERTAKEN,  // DONE, but a later result of the same worker was recorded since
    ENTRY_LOOKED_FOR, // RETURNED_LOOK was answered; ledger_retry() or ledger_settle() follows
    ENTRY_UNTOLD,     // SETTLING, and ledger_next_settled() has not said so yet
    ENTRY_SETTLING,
    ENTRY_BACKUP_READY, // a second attempt of its twin's job, which is TAKEN: for another worker
    ENTRY_BACKUP_SENT,
    ENTRY_BACKUP_TAKEN,
    ENTRY_CANCELLED, // no job: an attempt that entry.avoid is to be told CANCEL about
    ENTRY_STATES
};

static inline bool ledger_is_sent(unsigned state)
{
    return state == ENTRY_SENT || state == ENTRY_BACKUP_SENT;
}

static inline bool ledger_is_taken(unsigned state)
{
    return state == ENTRY_TAKEN || state == ENTRY_BACKUP_TAKEN;
}

static inline bool ledger_is_backup(unsigned state)
{
    return state == ENTRY_BACKUP_READY || state == ENTRY_BACKUP_SENT || state == ENTRY_BACKUP_TAKEN;
}

/* Whether it stands for a job, and so is found by its id. */
static inline bool ledger_is_job(unsigned state)
{
    return state != ENTRY_FREE && state != ENTRY_CANCELLED && !ledger_is_backup(state);
}

/* Worker deaths with a job RUNNING, after which it runs alone. */
#define DEATHS_MAX 5

struct entry {
    struct job job;      // attempt: the live one; while READY the next one. A backup's path is
                         // its twin's
    usec since;          // when it came into its state
    uint64_t avoid;      // incarnation of the worker it failed on; 0: any will do
    uint32_t attempts;   // numbers given to attempts
    uint32_t twin;       // the entry of the other live attempt; NONE
    uint32_t chained;    // next entry of the same hash bucket
    worker_index holder; // SENT to, TAKEN by, DONE by; NO_WORKER if that one left
    uint32_t mark;       // the holder's beat that listed it last; 0: none did
    uint8_t state;       // enum entry_state
    uint8_t settled_as;  // enum image_state, for ledger_next_settled()
    uint8_t deaths;      // workers that died while it ran on them
    uint8_t unrecorded;  // results of it that were lost
    uint8_t full;        // RETURN_FULLs, modulo SURE_AFTER_FULL
    bool running;        // TAKEN, and a decoder works on it, as of the last beat
    bool retry;          // goes the sure way from now on
    bool alone;          // waits to run alone, or does
    bool stray;          // an earlier attempt ended unseen: its result may still come
};

/* --- workers (ledger_workers.c, ledger_room.c) --- */

struct worker {
    uint64_t incarnation;
    uint64_t images; // DONE by it
    usec heard;      // its last beat
    usec round_trip;
    uint32_t slots;    // at least 1
    uint32_t capacity; // as it said, at most ATTEMPTS_MAX; 0: in trouble
    uint32_t unseen;   // places taken by jobs whose TAKEN has not arrived, as a RETURN let us know
    uint32_t running;  // of held, as of the last beat
    uint32_t sent;     // of held, how many it has not TAKEN yet
    uint32_t alone;    // of held, 1 if it runs alone
    uint32_t beats;    // counts its beats, for entry.mark
    struct list held;  // SENT and TAKEN, over worker_links
    struct list done;  // DONE, in the order it said so, over worker_links
    uint32_t limit;    // its part of the window: capacity, or 0 while leaving
    uint32_t occupied; // its part of ledger.occupied: held, at most limit
    uint32_t room;     // free places for chosen jobs
    uint32_t heap_at;
    uint32_t chained; // next worker of the same hash bucket; next free one while unknown
    bool known;
    bool leaving;
    bool clear;   // leaving, and what was pushed before it said so is TAKEN or back
    bool doubted; // let a SENT job lapse: chosen again only when it is heard
};

#define WORKER_BUCKET_BITS 13 // twice WORKERS_MAX
_Static_assert((1u << WORKER_BUCKET_BITS) >= 2 * WORKERS_MAX, "short chains");

struct ledger {
    usec now; // the latest time it was told
    bool draining;
    bool paused;  // no pushes until those made before a worker's LEAVING are accounted for
    bool no_more; // nothing will be planned any more
    uint64_t planned, recorded, retries, returns, backups;
    uint32_t probes; // pushes to go through one by one before pipes are trusted; 0: they are
    uint32_t alone;  // jobs that wait to run alone, or do: nothing is pushed
    double mean_time, mean_size; // smoothed, of jobs from TAKEN to DONE; time 0: none was seen

    struct entry *entries;
    struct links *state_links, *worker_links; // of entries
    uint32_t *buckets;                        // 2^bucket_bits, first entry of each
    uint32_t entry_count;                     // of the pool, FREE ones included
    unsigned bucket_bits;
    struct list in_state[ENTRY_STATES]; // over state_links

    uint64_t window;   // sum of the workers' limits
    uint64_t occupied; // the part of it that workers hold
    uint32_t well;     // workers with a limit above 0
    usec round_trip_max;
    uint32_t workers_used; // indices below it were given out; freed ones are chained
    uint32_t workers_free; // the first freed one
    struct list heard;     // known workers, longest unheard first
    struct links heard_links[WORKERS_MAX];
    uint32_t heap[WORKERS_MAX]; // known workers, largest free share first; heard.count of them
    uint32_t worker_buckets[1u << WORKER_BUCKET_BITS];
    struct worker workers[WORKERS_MAX];
};

/* Time does not go back: an older `now` changes nothing. */
void ledger_tell(struct ledger *ledger, usec now);

/* NONE when it is not known. */
uint32_t ledger_entry_find(const struct ledger *ledger, uint64_t job);
/* A FREE one, NONE if there is no memory. May move all entries. */
uint32_t ledger_entry_take_free(struct ledger *ledger);
/* READY for its first attempt; takes job->path. */
enum status ledger_entry_add(struct ledger *ledger, struct job *job) MUST_USE;
/* FREE: it was not a job's own entry. */
void ledger_entry_release(struct ledger *ledger, uint32_t index);
/* A backup's entry becomes the job's own. The old one is to be released. */
void ledger_entry_take_over(struct ledger *ledger, uint32_t backup);
void ledger_entry_forget(struct ledger *ledger, uint32_t index);
/* The only way to change a state. `holder` is a worker for SENT, TAKEN and DONE alone. */
void ledger_entry_move(struct ledger *ledger, uint32_t index, enum entry_state state,
                       worker_index holder);
/* Its worker left; it stays DONE, since the result may be with the sink. */
void ledger_entry_orphan(struct ledger *ledger, uint32_t index);
/* READY for another attempt, the sure way. */
void ledger_entry_retry(struct ledger *ledger, uint32_t index);
/* For another attempt: the way that its history demands, else `way`. */
void ledger_entry_next_attempt(struct ledger *ledger, uint32_t index, enum entry_state way);
/* Nobody said what became of the attempt: it may still end somewhere. */
void ledger_entry_lost(struct ledger *ledger, uint32_t index);
/* Ends without a worker, and the ventilator does not know yet. */
void ledger_entry_settle_untold(struct ledger *ledger, uint32_t index, enum image_state state);

static inline bool ledger_knows(const struct ledger *ledger, worker_index worker)
{
    return worker < ledger->workers_used && ledger->workers[worker].known;
}

/* Its lease begins anew. */
void ledger_worker_renew(struct ledger *ledger, worker_index worker);
/* Any word from it: it is alive, and may be chosen again. */
void ledger_worker_heard(struct ledger *ledger, worker_index worker);
/* No push is un-TAKEN: pushing goes on, those who are leaving may go. */
void ledger_worker_all_clear(struct ledger *ledger);

void ledger_room_add(struct ledger *ledger, worker_index worker);
void ledger_room_remove(struct ledger *ledger, worker_index worker);
/* After any change to its capacity, slots, held, unseen, leaving or doubted. */
void ledger_room_update(struct ledger *ledger, worker_index index);
/* The worker with the largest free share of its slots, NO_WORKER if none has room; not the
 * incarnation `avoid` as long as another one is well. */
worker_index ledger_room_choose(const struct ledger *ledger, uint64_t avoid);

/* A worker that holds nothing and has room; not `avoid` as long as another one is well. */
worker_index ledger_room_choose_idle(const struct ledger *ledger, uint64_t avoid);

/* TAKEN by it, now or before: the entry of that attempt; NONE if it is not live. */
uint32_t ledger_take(struct ledger *ledger, worker_index worker, struct attempt attempt);

/* --- second attempts (ledger_backups.c) --- */

/* A TAKEN attempt that its worker said it has: if it is a straggler, a backup becomes READY. */
void ledger_backups_consider(struct ledger *ledger, uint32_t index);
/* Whom to send a READY backup to; NO_WORKER: nobody yet. */
worker_index ledger_backups_choose(const struct ledger *ledger, uint32_t backup);
/* An attempt has ended without doing its job. Another entry if that of another live attempt is now
 * the job's only one; else the same, which must go on somehow. */
uint32_t ledger_backups_ended(struct ledger *ledger, uint32_t index);
/* An attempt has done its job: its entry is the job's only one, the other's worker is told CANCEL.
 */
void ledger_backups_won(struct ledger *ledger, uint32_t index);
/* No attempt of the job is wanted any more: CANCEL to whoever has one. */
void ledger_backups_withdraw(struct ledger *ledger, uint32_t index);
/* An attempt of a job so big took so long, from TAKEN to DONE. */
void ledger_backups_observe(struct ledger *ledger, usec time, uint64_t size);

/* How long a job may stay un-TAKEN. */
usec ledger_taken_allowance(const struct ledger *ledger);
