#pragma once

/*
 * The commands: a name, what it does, and a function. main.c has the one table of them.
 */

#include "cli/arguments.h"
#include "common/status.h"

/* Bits, so that an option's row can say which commands take it. */
enum command_bit {
    COMMAND_RUN = 1,
    COMMAND_VENTILATOR = 2,
    COMMAND_SINK = 4,
    COMMAND_WORKER = 8,
    COMMAND_START = 16,
    COMMAND_STATUS = 32,
    COMMAND_NONE = 64, // thumbmill itself: --help, --version
    COMMAND_LIST = 128,
    COMMAND_VERIFY = 256,
    COMMAND_PRUNE = 512,
};

struct command {
    const char *name;
    const char *log_name;                          // begins its lines on standard error
    const char *operands;                          // "[options] SOURCE... DEST"
    const char *help;                              // one line
    int (*run)(const struct arguments *arguments); // returns the exit status
    enum command_bit bit;
    bool takes_operands;
};

/* Exit statuses; 128 + n when signal n ended it. */
enum exit_status {
    EXIT_MADE = 0,        // everything made or fresh, damaged included
    EXIT_SOME_FAILED = 1, // images failed or were quarantined, or folders could not be read; an
                          // output is wrong (verify), or was kept (prune)
    EXIT_WRONG_USE = 2,   // the command line is wrong
    EXIT_CANNOT = 3,      // it could not do its job
    EXIT_SIGNALLED = 128,
};

/* Says why, and returns the exit status: 2 for STATUS_USAGE, else 3. */
int command_failed(enum status status, const struct reason *why);

/* Writes what waits for standard output; one who reads no further has seen enough. STATUS_MACHINE:
 * it cannot be written, and what waited is dropped. */
enum status command_flush(struct reason *why) MUST_USE;

int run_command(const struct arguments *arguments);
int ventilator_command(const struct arguments *arguments);
int sink_command(const struct arguments *arguments);
int worker_command(const struct arguments *arguments);
int start_command(const struct arguments *arguments);
int status_command(const struct arguments *arguments);
int list_command(const struct arguments *arguments);
int verify_command(const struct arguments *arguments);
int prune_command(const struct arguments *arguments);
