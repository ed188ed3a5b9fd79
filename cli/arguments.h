#pragma once

/*
 * What a command line says, read and checked value by value. Texts are argv's own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/options.h"
#include "worker/worker.h"

/* --source-root and --dest-root, each: more trees than that are mounted nowhere else. */
#define MAPPINGS_MAX 64
/* Slots of one worker (worker.h), and worker threads of one process. */
#define SLOTS_MAX 256
#define WORKERS_PER_PROCESS_MAX 64

enum progress_mode { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_NONE };

/* An address option, or none. */
struct endpoint {
    bool given;
    const char *text;
    struct address address;
};

struct mappings {
    struct root_mapping list[MAPPINGS_MAX];
    uint32_t count;
};

struct arguments {
    /* flags */
    bool help, version, quiet;
    bool sizes_given; // the default size is replaced by the first -s
    bool nul_separated, stay, insecure, hold;
    bool force, retry_failed;
    bool json; // status, list
    bool yes;  // prune

    unsigned states; // list: bits of RECORD_STATE; 0: all

    enum progress_mode progress;
    struct run_options options;
    const char *files_from, *base;
    const char *db; // the record; NULL: the one below DEST

    uint32_t jobs;    // slots
    uint32_t workers; // threads that PULL, the slots shared out among them
    uint64_t memory;  // bytes for all decoders of this process
    struct mappings source_roots, dest_roots;
    const char *name; // of the worker; NULL: the host's

    struct endpoint listen, bind, connect;
    const char *advertise;
    usec head_timeout;

    const char *json_file; // of the summary; "-": stdout; NULL: none

    const char *const *operands; // SOURCE... DEST, or of a record: DEST
    size_t operand_count;
};

/* The defaults, some of them this machine's: its cores, half its memory. */
void arguments_init(struct arguments *arguments);
