#pragma once

/*
 * The outputs of one image: files aside that a decoder writes into, then all of them in their
 * places, or none.
 *
 *   publish_begin -> (the decoder writes) -> publish_seal -> publish_commit -> publish_end
 *
 * publish_end is called in every case; what was not committed is removed by it. A zeroed
 * publication is ended.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/job.h"
#include "common/options.h"
#include "worker/destination.h"

struct publication {
    struct destination *destination; // NULL: ended
    const struct run_options *options;
    const char *path; // of the source; borrowed
    int folder;       // DEST
    uint32_t count;   // files aside that exist
    uint32_t placed;  // of those, how many stand in their places
    bool committed;
    int fds[SIZES_MAX]; // what the decoder gets
    uint64_t numbers[SIZES_MAX];
};

/* Creates one file aside for each size. `options` and `path` must live as long as the publication.
 * STATUS_IMAGE: an output of this source cannot have a name. STATUS_MACHINE: no file can be made.
 */
enum status publish_begin(struct publication *publication, struct destination *destination,
                          const struct run_options *options, const char *path,
                          struct reason *why) MUST_USE;
/* Empties the files, for another decoder to begin again. */
enum status publish_rewind(struct publication *publication, struct reason *why) MUST_USE;
/* What was written: bytes and mtime of each; durable if the run wants it. */
enum status publish_seal(struct publication *publication, struct output outputs[SIZES_MAX],
                         struct reason *why) MUST_USE;
/* Puts all in their places. STATUS_IMAGE and STATUS_MACHINE with the reason; STATUS_CLOSED when
 * the head gave this worker up and removed the files. */
enum status publish_commit(struct publication *publication, struct reason *why) MUST_USE;
void publish_end(struct publication *publication);
