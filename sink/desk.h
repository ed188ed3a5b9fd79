#pragma once

/*
 * The inside of the sink role: one struct, owned by its one thread, and the parts that work on it.
 * Every part is called from the loop in sink.c and returns at once.
 *
 *   conversation  what is said with the head
 *   intake        results of workers
 *   sink          the loop, stops, progress
 */

#include "common/message.h"
#include "sink/collection.h"
#include "sink/link.h"
#include "sink/sink.h"

struct desk {
    const struct sink_config *config;
    struct link link;
    struct channel *results;
    uint16_t results_port;         // tcp; 0 otherwise
    struct collection *collection; // NULL before START
    uint64_t run, epoch;           // of START; 0 before
    struct attempts recorded;      // kept, and to be acknowledged
    struct message in, out;
    usec now; // of this turn
    usec hello_said, beat_said;
    usec began;                     // when this sink did
    uint64_t foreign;               // results dropped: not of this run, or no results
    bool silence_noticed;           // the line about waiting was written
    char refused[IMAGE_ERROR_SIZE]; // what the head said last; "" unless it refuses this sink
    bool changed;                   // something was counted since progress was last told
    usec progress_told;
    enum stop_level stop; // seen so far
    bool over;            // END was heard, or a stop
    enum status agreed;   // on the counts, with the head's latest FINISH
    enum status failed;   // not STATUS_OK: the loop ends at once
    struct reason why;    // of either
};

/* The sink cannot go on. */
void desk_fail(struct desk *desk, enum status status, const struct reason *why);

/* --- conversation --- */

/* Reads what the head said, says what is due. */
void conversation_turn(struct desk *desk);
/* Acknowledges what was kept. What has no room now stays for the next turn. */
void conversation_acknowledge(struct desk *desk);
/* When something is due next without being asked. */
usec conversation_due(const struct desk *desk);

/* --- intake --- */

enum status intake_open(struct desk *desk, struct reason *why) MUST_USE;
void intake_close(struct desk *desk);
/* Whether results may be read: a run is collected, and their acknowledgement has room. */
bool intake_is_ready(const struct desk *desk);
void intake_turn(struct desk *desk);
