#pragma once

/*
 * Where thumbmill-decoder is, and what it answers to a question on its command line.
 */

#include <limits.h>
#include <stddef.h>

#include "common/options.h"
#include "common/status.h"

/* $THUMBMILL_DECODER, else thumbmill-decoder beside this program, else in ../libexec/thumbmill.
 * STATUS_MACHINE when there is none that can be run. */
enum status decoder_program_find(char path[PATH_MAX], struct reason *why) MUST_USE;

/* What `thumbmill-decoder --version` prints, cut at size. */
enum status decoder_program_version(const char *program, char *text, size_t size,
                                    struct reason *why) MUST_USE;

/* Asks whether the saver's options and the profile exist. STATUS_USAGE with the option at fault.
 * Starts no process when neither is given. */
enum status decoder_program_check(const struct run_options *options, struct reason *why) MUST_USE;
