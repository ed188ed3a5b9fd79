#pragma once

/*
 * What is wrong with this machine, if anything: said by the slots, read by the worker's thread,
 * cleared by the keeper (worker/crew.c) once a probe succeeds. Any thread may call anything.
 */

#include <stdbool.h>

#include "common/clock.h"
#include "common/status.h"

struct trouble;

enum status trouble_open(struct trouble **trouble, struct reason *why) MUST_USE;
/* Nobody may be inside any more. */
void trouble_close(struct trouble **trouble);

/* There is trouble; the text is the newest one's. */
void trouble_begin(struct trouble *trouble, const char *text);
void trouble_over(struct trouble *trouble);
/* True, and its text (may be NULL), while there is trouble. */
bool trouble_is_on(struct trouble *trouble, struct reason *text);

/* Readable after trouble began or was over. */
int trouble_fd(const struct trouble *trouble);
/* trouble_is_on(), and makes the descriptor unreadable until the next change. */
bool trouble_news(struct trouble *trouble, struct reason *text);

/* Waits until there is trouble. False: stopped. */
bool trouble_wait(struct trouble *trouble);
/* Waits for so long. False: stopped. */
bool trouble_pause(struct trouble *trouble, usec span);
/* Ends both waits for good. */
void trouble_stop(struct trouble *trouble);
