#pragma once

/*
 * One image in a slot's hands: its task, its opened input, its outputs aside, from the jobs queue
 * to the finished queue. Whatever becomes of it is written into the task; hand_finish() then gives
 * the task back and closes everything. Zeroed: empty.
 */

#include <stdbool.h>

#include "worker/decoder_process.h"
#include "worker/publish.h"
#include "worker/task.h"
#include "worker/workshop.h"

struct hand {
    struct task *task; // NULL: empty
    uint32_t serial;   // in its decoder; 0: no decoder ever had it
    bool passed;       // the slot's present decoder has it
    int input;         // -1: none
    uint64_t size;     // of the input
    struct publication outputs;
    uint64_t lent; // memory borrowed for it
    bool asked;    // its decoder said NEED
    usec since;    // when its slot began with it, and with nothing else
    usec opening;  // time spent on opening it
    usec left;     // of its time in the decoder
};

/* Opens the input and creates the outputs. False: the task's fate is decided already. */
bool hand_open(struct hand *hand, struct workshop *workshop, struct task *task);
/* Passes it to the decoder under this serial; files that another decoder had are made as new
 * before. False: the decoder is dead and never saw it, or the task's fate is decided. */
bool hand_pass(struct hand *hand, struct workshop *workshop, struct decoder *decoder,
               uint32_t serial);

/* What the decoder answered becomes the task's fate; outputs are published if the lease holds. */
void hand_settle(struct hand *hand, struct workshop *workshop, const struct decoder_reply *reply);
/* This machine's trouble: the task goes back, the worker takes no more until it is over. */
void hand_in_trouble(struct hand *hand, struct workshop *workshop, const char *text);
/* Gives the task back (dropped if it was cancelled or nothing was decided), and empties the hand.
 */
void hand_finish(struct hand *hand, struct workshop *workshop);
