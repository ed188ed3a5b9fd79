#pragma once

/*
 * A sink to test: it runs in threads over inproc, with a little head that says what a ventilator
 * would, the PUSH of a worker, and a DEST in a folder of its own. Failures end the test.
 */

#include <pthread.h>

#include "common/message.h"
#include "sink/sink.h"
#include "tests/support/temp_tree.h"

#define RIG_RUN 77
#define RIG_EPOCH 88
#define RIG_FOR_EVER (-1)

struct sink_rig {
    struct context *context;
    struct stop stop;
    struct channel *control; // the head's
    struct channel *worker;
    struct peer_id sink_peer;  // who was heard last
    struct message in, out;    // heard last; to be said next
    struct sink_config config; // may be changed before the start
    struct temp_tree tree;
    char dest[JOB_PATH_SIZE];
    bool force, retry_failed, sync; // of the next START
    uint64_t run;                   // RIG_RUN, or the last begun
    pthread_t thread;
    int starts; // of sinks
    int progress_calls;
    /* What sink_run() returned, once joined. */
    enum status ended;
    struct summary summary;
    struct reason why;
};
extern struct sink_rig rig;

int rig_set_up(void **state); // of each test
int rig_tear_down(void **state);

void rig_start_sink(void);
void rig_join_sink(void);
/* Ends the sink at once, and starts another in its place. */
void rig_replace_sink(void);

/* The next message of the sink, whatever it is. */
void rig_hear_any(void);
/* The next one that is no HELLO and no BEAT, unless that is wanted; nothing else may come. */
void rig_hear(enum message_type wanted);
/* rig.out, in the name of a run. */
void rig_say_of(uint64_t run, enum message_type type);
void rig_say(enum message_type type); // of rig.run

void rig_say_start(uint64_t run);
/* Starts the sink and the run. */
void rig_begin_run_of(uint64_t run);
void rig_begin_run(void); // of RIG_RUN
/* The REFUSED heard last is one line with these words in it. */
void rig_expect_refused(const char *words);
/* Asks about the images "1.png", "2.png" ..., and hears the answer. */
void rig_ask_about(uint64_t first, uint32_t count);
/* To another place than the sink's usual one. */
void rig_connect_worker(const char *endpoint);
void rig_push(const void *bytes, size_t size); // over results
/* Writes the output of an image, unless it is there. */
struct output rig_place_output(uint64_t job);
/* Image `job` was made, with its output. */
void rig_push_result(uint64_t run, uint64_t job, uint32_t attempt);
/* Waits until so many more attempts are acknowledged; returns the last of them. */
struct attempt rig_hear_recorded(uint32_t count);
/* Says FINISH, and hears FINISHED. */
void rig_say_finish(uint64_t enumerated, bool interrupted);
/* Says END and joins. */
void rig_end_run(int exit_status);
