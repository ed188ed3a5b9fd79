#pragma once

/*
 * What a command line must pass before anything starts: the checks that look at several options at
 * once, in the order that names the command line's own mistakes before the machine's.
 */

#include "cli/arguments.h"
#include "common/status.h"
#include "ventilator/sources.h"

/* Options that make sense together, savers that exist, sources that are there. `run` and
 * `ventilator`. */
enum status preflight_sources(const struct arguments *arguments, struct sources *sources,
                              struct reason *why) MUST_USE;

/* An address that others can reach needs --insecure while there are no keys. `option` names it. */
enum status preflight_reach(const char *option, const struct endpoint *endpoint, bool insecure,
                            struct reason *why) MUST_USE;

/* Slots and worker threads that fit each other. `run`. */
enum status preflight_slots(const struct arguments *arguments, struct reason *why) MUST_USE;
