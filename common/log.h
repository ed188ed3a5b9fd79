#pragma once

/*
 * Lines for a person, on standard error: "thumbmill: ...". Thread-safe, one write a line. While a
 * progress bar stands at the terminal's last line, its owner lends a hook that clears it first.
 */

#include <stdbool.h>

/* The program's and role's name that begins each line: "thumbmill", "thumbmill worker". */
void log_init(const char *name, bool quiet);
/* Called before and after a line is written (NULL: none), under the log's own lock. */
void log_set_hook(void (*clear)(void *), void (*redraw)(void *), void *context);

/* Always printed: what the user must know. The text is escaped (text.h) after formatting. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Printed unless quiet. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
