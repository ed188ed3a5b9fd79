#pragma once

/*
 * The sources of a run, from the command line: which folders and files, relative to which roots,
 * and where DEST lies. Checked once, before anything starts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/protocol.h"
#include "common/status.h"

enum source_kind { SOURCE_FOLDER, SOURCE_FILE, SOURCE_LIST };

struct source {
    enum source_kind kind;
    uint32_t root; // index into roots; of a LIST: the folder its relative paths start from
    char *path;    // FILE: below its root. LIST: the list's path, "-" for standard input. Owned.
    char *given;   // as the user wrote it; owned
};

struct sources {
    char *dest; // absolute, owned
    uint32_t root_count;
    char *roots[ROOTS_MAX]; // absolute, resolved, owned
    uint32_t count;
    struct source *list;
    uint32_t top_root;  // LIST: the root "/", for paths outside the LIST's own
    bool nul_separated; // LIST: -0
    char *base;         // LIST with --base: as given, absolute but links not resolved; owned.
                        // What lies outside it is failed. NULL: not given
};

/* Resolves SOURCE... and DEST. Exactly one of the two forms: paths, or files_from.
 * A folder given twice is one source; a folder inside another is a source of its own.
 * STATUS_USAGE: a source equal to or inside DEST, both forms or none, too many roots.
 * STATUS_MACHINE: no such source, a list that cannot be read. DEST need not exist.
 * After a failure nothing is left to close. */
enum status sources_open(struct sources *sources, const char *const *paths, size_t path_count,
                         const char *dest, const char *files_from, bool nul_separated,
                         const char *base, struct reason *why) MUST_USE;
void sources_close(struct sources *sources);
