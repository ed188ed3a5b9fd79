#pragma once

/*
 * A head of a few lines, and the sink's end of results, for tests of one worker: it says what a
 * test tells it to, and hears what the worker says. WELCOME and ALIVE are said by themselves.
 * Whatever fails ends the test.
 */

#include <pthread.h>

#include "common/channel.h"
#include "common/message.h"
#include "common/stop.h"
#include "common/wire.h"
#include "tests/support/temp_tree.h"
#include "worker/worker.h"

#define JOBS_MAX 64 // jobs of a test count from 1 and stay below

struct little_head {
    struct temp_tree tree; // with src/ and dest/.thumbmill/token
    struct context *context;
    struct channel *control, *jobs, *results;
    struct peer_id worker; // who was heard last
    uint64_t run, epoch;
    bool mute; // no WELCOME, no ALIVE
    struct run_options options;
    char src[JOB_PATH_SIZE], dest[JOB_PATH_SIZE];
    struct buffer buffer;
    struct message in, out;               // in: what was heard last; its texts until the next
    bool taken[JOBS_MAX], done[JOBS_MAX]; // by job
    struct stop stop;
    struct worker_config config; // of the worker; may be changed before it starts
    pthread_t thread;
    bool started;
    enum status status; // what worker_run returned
    struct reason why;
};

void head_open(struct little_head *head, const char *decoder);
void head_close(struct little_head *head); // stops the worker if it still runs
void head_start_worker(struct little_head *head);
/* Waits for its end. */
enum status head_join_worker(struct little_head *head);

/* A source of this content, and a JOB for it over jobs or over control. */
void head_make(struct little_head *head, const char *path, const char *content);
void head_push(struct little_head *head, uint64_t job, const char *path);
void head_send_job(struct little_head *head, uint64_t job, const char *path);
/* A message without a body, or with what head->out holds already. */
void head_say(struct little_head *head, enum message_type type);
void head_cancel(struct little_head *head, uint64_t job);

/* Waits for the next message of this type on control; others are heard and answered meanwhile. */
const struct message *head_hear(struct little_head *head, enum message_type type);
/* Waits for a RETURN of this job. */
const struct returned *head_hear_return(struct little_head *head, uint64_t job);
/* Waits until every job from first to last was named in a TAKEN, or in a DONE, ever. */
void head_hear_taken(struct little_head *head, uint64_t first, uint64_t last);
void head_hear_done(struct little_head *head, uint64_t first, uint64_t last);
/* Waits for the next RESULT; control is heard and answered meanwhile. */
const struct result_message *head_hear_result(struct little_head *head);
