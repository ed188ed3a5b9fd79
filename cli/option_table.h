#pragma once

/*
 * The one table of options. What getopt_long is told, what --help prints and which command takes
 * what are all derived from it: to add an option, add its row (and its reader, option_values.c).
 */

#include <stdio.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "common/status.h"

/* Reads argv[1...] of a command into arguments (initialised). STATUS_USAGE with the reason: an
 * option that is unknown to this command, lacks its value, or has a wrong one. */
enum status option_table_parse(const struct command *command, int argc, char **argv,
                               struct arguments *arguments, struct reason *why) MUST_USE;

/* Prints the options a command takes, a line each, long explanations folded. */
void option_table_help(enum command_bit command, FILE *out);
