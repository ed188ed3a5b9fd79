#pragma once

/*
 * The inside of the sink role's socket thread: one struct, and the parts that work on it. Every
 * part is called from the loop in sink.c and returns at once; what may wait for a disk is the
 * clerk's.
 *
 *   conversation  what is said with the head
 *   intake        results of workers
 *   sink          the loop, stops, progress
 */

#include "common/message.h"
#include "sink/clerk.h"
#include "sink/link.h"
#include "sink/sink.h"

struct desk {
    const struct sink_config *config;
    struct link link;
    struct channel *results;
    uint16_t results_port; // tcp; 0 otherwise
    struct clerk *clerk;
    struct clerk_view view; // as looked at in this turn
    struct letter *answer;  // the clerk's, that found no room yet; owned
    uint64_t run, epoch;    // of the START that was handed over last; 0: none yet
    struct message in, out;
    usec now; // of this turn
    usec hello_said, beat_said;
    usec began;                     // when this sink did
    bool silence_noticed;           // the line about waiting was written
    char refused[IMAGE_ERROR_SIZE]; // what the head said last; "" unless it refuses this sink
    uint64_t changes_told;          // as of the view when progress was last told
    usec progress_told;
    enum stop_level stop; // seen so far
    bool over;            // END was heard, or a stop
    enum status failed;   // not STATUS_OK: the loop ends at once
    struct reason why;
};

/* The sink cannot go on. */
void desk_fail(struct desk *desk, enum status status, const struct reason *why);

/* --- conversation --- */

/* Reads what the head said, says what is due. */
void conversation_turn(struct desk *desk);
/* Sends the clerk's answers. What has no room now stays for the next turn. */
void conversation_answer(struct desk *desk);
/* When something is due next without being asked. */
usec conversation_due(const struct desk *desk);

/* --- intake --- */

enum status intake_open(struct desk *desk, struct reason *why) MUST_USE;
void intake_close(struct desk *desk);
/* Whether results may be read: a run is collected, and the clerk has room. */
bool intake_is_ready(const struct desk *desk);
void intake_turn(struct desk *desk);
