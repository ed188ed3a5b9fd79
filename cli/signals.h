#pragma once

/*
 * Signals as orders to stop. They are blocked before the first thread starts, so that only the main
 * thread receives them, and only where it waits: the first INT or TERM drains, the second stops
 * now.
 */

#include "common/status.h"
#include "common/stop.h"

struct signals {
    int signal_fd; // INT and TERM
    int ended_fd;  // an eventfd: nothing is left to wait for
};

/* Call before any thread is started: threads inherit what is blocked. */
enum status signals_open(struct signals *signals, struct reason *why) MUST_USE;
void signals_close(struct signals *signals);

/* Ends signals_wait. Any thread. */
void signals_end(struct signals *signals);

/* Waits for signals_end, and meanwhile raises `stop` as signals order. Returns the first signal's
 * number, 0 if there was none. */
int signals_wait(struct signals *signals, struct stop *stop);
