#pragma once

/*
 * Everything that is said between the roles, as values. common/wire turns them into frames and
 * back; docs/PROTOCOL.md is their description for other languages.
 *
 * Texts in a decoded message point into the received frame and live as long as it does; a message
 * to be encoded borrows its texts from the sender. Nothing here owns memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/options.h"
#include "common/protocol.h"
#include "common/summary.h"

/* The numbers are the wire's: never reused, add at the end. */
enum message_type {
    MSG_HELLO = 1,      // worker, sink -> head: who I am
    MSG_WELCOME,        // head -> worker: the run
    MSG_REFUSED,        // anyone -> anyone: no, and why, in words
    MSG_WHO,            // head -> worker, sink: I do not know you, say HELLO
    MSG_JOB,            // head -> worker, over jobs or control
    MSG_TAKEN,          // worker -> head: attempts
    MSG_RETURN,         // worker -> head: one attempt, and why
    MSG_DONE,           // worker -> head: attempts whose results were sent
    MSG_BEAT,           // worker, sink -> head
    MSG_ALIVE,          // head -> worker, sink: the answer to BEAT
    MSG_LEAVING,        // worker -> head
    MSG_GO,             // head -> worker: nothing is on its way to you, leave
    MSG_CANCEL,         // head -> worker: attempts not wanted any more
    MSG_START,          // head -> sink: the start signal, with the run
    MSG_STARTED,        // sink -> head
    MSG_ASK,            // head -> sink: what of these?
    MSG_ANSWER,         // sink -> head
    MSG_OUTCOME,        // head -> sink: a state that arose without a worker
    MSG_RECORDED,       // sink -> head: attempts whose outcome is kept
    MSG_FINISH,         // head -> sink: that was all, these are my counts
    MSG_FINISHED,       // sink -> head: the summary
    MSG_END,            // head -> everyone: the run is over
    MSG_RESULT,         // worker -> sink, over results
    MSG_STATUS_WANTED,  // status -> head
    MSG_STATUS,         // head -> status
    MSG_START_WANTED,   // start -> head: send the start signal now
    MSG_START_ACCEPTED, // head -> start
    MSG_CRASHED,        // head -> sink: a decoder died of this image, which is tried once more
    MSG_TYPES
};

const char *message_name(enum message_type type);

/* A run of bytes somebody else owns; not NUL-terminated. */
struct text {
    const char *bytes;
    uint32_t size;
};

struct text text_of(const char *string);
/* Copies, NUL-terminated, cut at size. */
void text_copy(char *out, size_t size, struct text text);

struct envelope {
    enum message_type type;
    uint64_t run;    // one command line's work; 0 where not known yet
    uint64_t epoch;  // one start of its ventilator; 0 where not known yet
    uint64_t sender; // the incarnation of who sends: random, one start of one role
};

enum peer_role { PEER_WORKER, PEER_SINK };

struct hello {
    enum peer_role role;
    struct text name;
    uint32_t slots;           // worker
    uint32_t capacity;        // worker: jobs it holds at most; 0 while in trouble
    struct text trouble;      // worker: why its capacity is 0; empty if it is well
    struct text results_host; // sink: what to connect to; empty: where it is seen from
    uint16_t results_port;    // sink, tcp
    bool finished;            // sink: it has a finished run behind it, and waits for the next
};

/* The run as START and WELCOME carry it. */
struct run_setup {
    struct run_options options;
    struct text dest; // absolute path
    uint32_t root_count;
    struct text roots[ROOTS_MAX]; // absolute paths
};

/* The start signal: the run, and what is done about what the record knows already. */
struct start {
    struct run_setup setup;
    bool force;        // nothing counts as fresh
    bool retry_failed; // what failed unchanged is tried again
};

struct welcome {
    struct run_setup setup;
    uint16_t jobs_port;       // tcp
    struct text results_host; // empty: the host you dialled
    uint16_t results_port;
    struct text token; // what DEST/.thumbmill/token holds; a worker that cannot read it
                       // does not see DEST and may not work
};

struct attempts {
    uint32_t count;
    struct attempt list[ATTEMPTS_MAX];
};

/* Why a job comes back. The numbers are the wire's: add at the end. */
enum return_reason {
    RETURN_FULL,    // no room; try another
    RETURN_LEAVING, // I am going
    RETURN_TROUBLE, // this machine's trouble, in the text; capacity 0 until further notice
    RETURN_CRASHED, // its decoder died of it; counts against the image
    RETURN_OVERRAN, // its decoder overran the deadline; counts against the image
    RETURN_MISSING, // no such file here; the head looks for itself
    RETURN_REASONS
};

struct returned {
    struct attempt attempt;
    enum return_reason reason;
    uint32_t room;      // free places, now
    struct text detail; // a line for a person: how the decoder died, which trouble
};

struct beat {
    usec sent;         // sender's clock; comes back in ALIVE
    uint32_t capacity; // worker
    struct text trouble;
    struct attempts held;          // worker: everything taken and not done
    uint8_t running[ATTEMPTS_MAX]; // 1 where a decoder works on held.list[i]
    uint64_t states[IMAGE_STATES]; // sink: what it has counted so far
    usec round_trip;               // worker: from BEAT to ALIVE, as measured; 0: not yet
};

struct alive {
    usec sent; // of the BEAT it answers
};

struct ask_entry {
    uint64_t number; // the head's, counts from 1 within an epoch; becomes the job's id
    uint32_t root;
    struct text path;
    uint64_t size;
    int64_t mtime_ns;
};

struct ask {
    struct dispatch_counts known; // so far, for progress and ETA
    uint32_t count;               // 0: only the counts are news
    struct ask_entry entries[ASK_MAX];
};

/* What the sink knows of an asked image. The numbers are the wire's: add at the end. */
enum verdict { VERDICT_NEW, VERDICT_FRESH, VERDICT_FAILED_EARLIER, VERDICT_NAME_TAKEN, VERDICTS };

struct answer_entry {
    uint64_t number;
    enum verdict verdict;
    struct text detail; // NAME_TAKEN: the sentence that becomes the image's error
    uint32_t crashes;   // NEW: decoders that died of it in runs before
};

struct answer {
    uint32_t count;
    struct answer_entry entries[ASK_MAX];
};

/* An image's state that arose without a worker; of CRASHED: PENDING. */
struct outcome {
    uint64_t job;
    uint32_t attempt;
    enum image_state state; // FRESH, FAILED or QUARANTINED
    uint32_t root;
    struct text path;
    uint64_t size;
    int64_t mtime_ns;
    struct text error;
};

/* A result as it travels: struct result with its texts borrowed, and who made it. */
struct result_message {
    struct text worker;
    uint32_t slots;
    struct result result; // job.path, error and warnings unused here
    struct text path, error, warnings;
};

/* Workers a status reply lists one by one. */
#define STATUS_WORKERS_MAX 256

struct status_worker {
    struct text name, host;
    uint64_t incarnation;
    uint32_t slots, capacity, held, running;
    uint64_t images;     // done by it in this run
    struct text trouble; // empty if it is well
    bool leaving;
    usec silent; // since it was last heard
};

struct status_report {
    enum { PHASE_WAITING, PHASE_HELD, PHASE_RUNNING, PHASE_DRAINING, PHASE_FINISHING } phase;
    struct text dest;
    struct dispatch_counts counts;
    uint64_t states[IMAGE_STATES]; // recorded, as the head knows them
    uint64_t out, done, ready;     // jobs with workers; done and not recorded; ready to push
    bool sink_present;
    uint32_t worker_count; // of which at most STATUS_WORKERS_MAX are listed
    uint32_t listed;
    struct status_worker workers[STATUS_WORKERS_MAX];
};

struct end {
    int exit_status; // the run's
};

struct message {
    struct envelope envelope;
    union {
        struct hello hello;
        struct welcome welcome;
        struct text refused;
        struct job_message {
            struct attempt attempt;
            uint32_t root;
            uint64_t size;
            int64_t mtime_ns;
            struct text path;
        } job;
        struct attempts attempts; // TAKEN, DONE, CANCEL, RECORDED
        struct returned returned;
        struct beat beat;
        struct alive alive;
        struct start start;
        struct ask ask;
        struct answer answer;
        struct outcome outcome; // OUTCOME, CRASHED
        struct dispatch_counts finish;
        struct summary finished;
        struct end end;
        struct result_message result;
        struct status_report status;
        struct text accepted; // START_ACCEPTED: a line for a person
    };
};
