#pragma once

/*
 * The end of a run: a summary for a person on standard error, one for programs as JSON, and the
 * exit status that both agree with.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/status.h"
#include "common/summary.h"

/* A finished run, and what the summary does not know of it. */
struct report {
    const struct summary *summary;
    const char *const *sources; // as the user wrote them
    uint32_t source_count;
    const char *dest; // absolute
    int signal;       // that ended it, or 0
};

/* The run was stopped before everything had its state. */
bool report_is_interrupted(const struct report *report);
/* Of the process: 0, 1, or 128 + n. */
int report_exit_status(const struct report *report);

void report_human(const struct report *report, FILE *out);
/* The keys are a contract with scripts: thumbmill(1), "The summary"; they are only ever added to.
 */
void report_json(const struct report *report, FILE *out);

/* A sink's callback: names what failed as it comes. */
void report_outcome(void *context, enum image_state state, const char *source, const char *error);

/* Where --json goes, opened before the work begins, so that a wrong path is known at once. The file
 * keeps what it holds until it is written. */
struct report_file {
    const char *path; // NULL: none was asked for
    FILE *out;
};

enum status report_file_open(struct report_file *file, const char *path,
                             struct reason *why) MUST_USE;
/* Writes the JSON, if it was asked for. */
enum status report_file_write(struct report_file *file, const struct report *report,
                              struct reason *why) MUST_USE;
void report_file_close(struct report_file *file);

/* The end of a command that ends with the run: both reports, and the exit status. */
int report_publish(const struct report *report, struct report_file *file, bool quiet);
