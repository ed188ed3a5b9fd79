#pragma once

/*
 * How far a run is, on standard error: a bar that is redrawn, plain lines, JSON lines, or nothing.
 * Lines of the log and the bar keep out of each other's way (log_set_hook).
 *
 * The time left is reckoned by bytes: files of a collection differ in size far more than machines
 * in speed.
 */

#include <pthread.h>
#include <stdbool.h>

#include "cli/arguments.h"
#include "common/clock.h"
#include "common/summary.h"

#define PROGRESS_LINE_SIZE 512

struct progress {
    enum progress_mode mode; // never AUTO
    bool colour;
    bool patient; // plain, by AUTO: nothing is said in the first seconds
    bool begun;
    usec due;             // when the next line is
    pthread_mutex_t lock; // what follows: drawn by the sink's thread, cleared by whoever logs
    bool shown;
    char line[PROGRESS_LINE_SIZE];
};

/* Chooses what AUTO means at this terminal and lends the log its hook. */
void progress_open(struct progress *progress, enum progress_mode mode, bool quiet);
/* Says the last of it (NULL: there is none), clears the bar, takes the hook back. */
void progress_close(struct progress *progress, const struct summary *last);

/* A sink's and a ventilator's callback: a struct progress is its context. */
void progress_update(void *context, const struct summary *summary);

/* What is known of the time left, in seconds; negative when nothing is. Pure. */
double progress_eta(const struct summary *summary);
/* One line, without colour, without a newline. Pure. */
void progress_plain(char *line, size_t size, const struct summary *summary);
/* The bar, at most `columns` wide (escapes aside). Pure. */
void progress_bar(char *line, size_t size, const struct summary *summary, int columns, bool colour);
