#pragma once

/*
 * The numbers of the protocol, in one place. docs/PROTOCOL.md says what each is for; change both.
 */

#include "common/clock.h"

/* Raise it when an older peer would misread a message; a peer of another version is refused in
 * words. Recipe: common/wire.h. */
#define PROTOCOL_VERSION 1

/* Most attempts one TAKEN, DONE, RECORDED or BEAT lists; so also the most a worker may hold. */
#define ATTEMPTS_MAX 1024
/* Most images one ASK asks about. */
#define ASK_MAX 128
/* Most distinct folders that sources are relative to. */
#define ROOTS_MAX 1024
/* Most workers a head knows at once; what a status reply lists. */
#define WORKERS_MAX 4096

/* Longest frames. A JOB is a path and a few numbers; a RESULT has a path, an error, warnings and
 * SIZES_MAX outputs; control carries an ASK of ASK_MAX paths or a START of ROOTS_MAX roots. */
#define FRAME_JOB_MAX (8 * 1024)
#define FRAME_RESULT_MAX (64 * 1024)
#define FRAME_CONTROL_MAX (8 * 1024 * 1024)
/* The longest that workers and sink say to the head: an ANSWER of ASK_MAX sentences. So a hostile
 * peer cannot make the head's ROUTER hold megabytes a message. */
#define FRAME_TO_HEAD_MAX (128 * 1024)

/* Longest token below DEST, in bytes. */
#define TOKEN_MAX 64

#define HELLO_INTERVAL (500 * US_PER_MS) // said again until answered
#define BEAT_INTERVAL (1 * US_PER_S)     // of workers and sink; answered with ALIVE
#define BEATS_MISSED 3                   // then leases expire, a sink is given up
#define LEASE (BEATS_MISSED * BEAT_INTERVAL)
#define TAKEN_DEADLINE_MIN (250 * US_PER_MS) // or 4 round trips, whichever is longer
#define RESEND_INTERVAL (1 * US_PER_S)       // START, ASK, OUTCOME and FINISH until answered
#define LEAVE_DEADLINE (2 * US_PER_S)        // a leaving worker goes anyway after this
#define WAITING_NOTICE (5 * US_PER_S)        // then one line says who is waited for
#define TROUBLE_GRACE (5 * US_PER_S)         // every worker in trouble for so long: the run stops
#define HEAD_TIMEOUT (60 * US_PER_S)         // --head-timeout's default
#define DONE_MAX 8192                        // jobs done and not recorded, then pushing stops
