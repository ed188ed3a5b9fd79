#pragma once

/*
 * The inside of the walk: one struct, used by its one thread, and the parts that work on it.
 *
 *   walk        the thread, the counts, entries into the queue
 *   walk_tree   folders
 *   walk_list   lists
 */

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "ventilator/walk.h"

struct walk {
    const struct sources *sources; // the caller's
    struct queue *queue;           // the caller's
    struct found *end_mark;        // owned until it is put
    pthread_t thread;
    bool started;      // the thread runs and must be joined
    int stop_fd;       // readable once the walk must end; -1: not open
    atomic_bool ended; // the walk must end
    bool dest_exists;
    dev_t dest_device; // of DEST, if it exists
    ino_t dest_inode;
    pthread_mutex_t lock;
    struct dispatch_counts counts; // under the lock
};

/* Each of these returns false when the walk must end. */

/* Puts an image. */
bool walk_put(struct walk *walk, uint32_t root, const char *path, const struct stat *found);
/* Puts one that is failed already, for `error`. */
bool walk_put_failed(struct walk *walk, uint32_t root, const char *path, const char *error);
/* Looks at a file that somebody named, and puts it either way. `path` is below its root. */
bool walk_named(struct walk *walk, uint32_t root, const char *path);
/* All images below a root. */
bool walk_tree(struct walk *walk, uint32_t root);
/* All that a list names. */
bool walk_list(struct walk *walk, const struct source *list);

/* Counts what cannot be walked; the caller has said it in a log line. */
void walk_count_error(struct walk *walk);
void walk_count_ignored(struct walk *walk);
bool walk_must_end(struct walk *walk);
