#pragma once

/*
 * The walk: a thread that streams what there is to do, entry by entry, into a bounded queue.
 *
 * Folders are read as they come (no sorting of whole directories, nothing kept but the names of
 * folders still to read, depth first); symbolic links are not followed, hidden entries not seen,
 * DEST inside a source is skipped. One fstatat an image. A full queue makes it wait: that is the
 * backpressure that bounds the whole pipeline's memory.
 */

#include "common/queue.h"
#include "common/summary.h"
#include "ventilator/sources.h"

/* What the walk found: an image, or one that is failed already (`error` not empty): named
 * explicitly but absent, not a regular file, outside --base. The last entry of a walk that came to
 * its end has no path: nothing follows it. */
struct found {
    uint32_t root;
    uint64_t size;
    int64_t mtime_ns;
    char *path;  // owned, below the root; NULL: the end
    char *error; // owned; NULL for an image to do
};
void found_free(void *found); // for queue_open(); frees the struct too

struct walk;

/* Starts the thread. `sources` must outlive it; found entries go to `queue`, which the caller
 * stops before walk_stop() to end a walk early. */
enum status walk_start(struct walk **walk, const struct sources *sources, struct queue *queue,
                       struct reason *why) MUST_USE;
/* Counts so far (enumerated and known_bytes of what was put; ignored: files that are no images by
 * their suffix, and links; walk_errors) and whether it has come to its end: then everything there
 * is was put. Any thread. */
void walk_counts(struct walk *walk, struct dispatch_counts *counts);
/* Joins the thread. Writes NULL. */
void walk_stop(struct walk **walk);
