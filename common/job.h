#pragma once

/*
 * The values that travel: a job (one image to do), and a result (what became of it).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

/* Longest path of a source below its root, with its NUL (Linux: PATH_MAX). */
#define JOB_PATH_SIZE 4096
/* Most sizes of one run: one descriptor each travels to the decoder in one message (SCM_MAX_FD is
 * 253), and nobody was seen with more than eight. */
#define SIZES_MAX 16
/* Names of workers: a host name (64) and a number. */
#define WORKER_NAME_SIZE 80

/* The states an image ends in, each counted, and PENDING for what has not ended.
 * The order is part of the wire: add at the end. */
enum image_state {
    IMAGE_PENDING,
    IMAGE_MADE,        // every output is there
    IMAGE_DAMAGED,     // every output is there, from data that was corrupt in places
    IMAGE_FRESH,       // nothing to do: recorded earlier and unchanged
    IMAGE_FAILED,      // no output, for the reason recorded with it
    IMAGE_QUARANTINED, // two decoders died of it, or overran their time
    IMAGE_STATES
};

/* "made", "damaged", ...: the words of the summary, `list` and the record. */
const char *image_state_name(enum image_state state);

/* What a push of a job is known by. Ids count from 1 within an epoch; attempts from 1 in a job. */
struct attempt {
    uint64_t job;
    uint32_t attempt;
};

/* One image to do. */
struct job {
    uint64_t id;
    uint32_t attempt;
    uint32_t root;    // index into the run's roots
    uint64_t size;    // bytes, when walked
    int64_t mtime_ns; // since the epoch, when walked
    uint32_t crashes; // decoders that died of it in runs before; the head's business
    char *path;       // owned; below the root, no leading slash, NUL-terminated; any bytes but NUL
};

/* Takes a copy of path (size bytes). Returns false when memory is out. */
bool job_set_path(struct job *job, const char *path, size_t size);
/* Frees what the job owns; a zeroed or cleared job is fine. */
void job_clear(struct job *job);

struct output {
    uint32_t width, height; // pixels
    uint64_t bytes;
    int64_t mtime_ns;
};

enum stage { STAGE_READ, STAGE_DECODE, STAGE_RESIZE, STAGE_ENCODE, STAGE_WRITE, STAGES };

const char *stage_name(enum stage stage);

/* Texts of one image: its error is one line; its warnings are lines parted by '\n'. Longer ones are
 * cut, so that a RESULT stays below 64 kB whatever a library says. */
#define IMAGE_ERROR_SIZE 512
#define IMAGE_WARNINGS_SIZE 4096

/* What became of one image, on a worker. */
struct result {
    struct job job;         // owned path; which attempt this was
    enum image_state state; // MADE, DAMAGED or FAILED
    uint32_t width, height; // of the source as stored, pixels; 0 where unknown
    uint64_t bytes_in;      // bytes read
    usec latency;           // taken by the worker until published
    usec busy;              // of that, in a slot's hands
    usec stages[STAGES];
    uint32_t output_count; // 0 when FAILED, else the run's number of sizes
    struct output outputs[SIZES_MAX];
    char error[IMAGE_ERROR_SIZE]; // empty unless FAILED
    char warnings[IMAGE_WARNINGS_SIZE];
};

void result_clear(struct result *result);
