#pragma once

/*
 * The record: what became of each image, in one SQLite file that outlives runs. One row an image,
 * known by (root, path); beside it who claimed which output name, the runs, and crashes.
 *
 * One writer, one thread: a lock on FILE-lock keeps a second run out. Readers (list, verify) need
 * no lock, read a few hundred rows at a time, and hold nothing while their caller looks at them.
 *
 * What is put waits in a transaction until record_commit; only then may it be acknowledged. After
 * any STATUS_MACHINE of a writing call what waited is gone and every later call says the same:
 * close the record and stop; the next run does the rest.
 *
 * A destination is known by a random id, kept in DEST/.thumbmill/id and in the record, so DEST may
 * be moved or mounted elsewhere; paths of outputs are relative to it. A record whose DEST lost its
 * id belongs to it still when it lies within, or when DEST is at the path it had last.
 *
 * Damage is said: sizes and header when it is opened, SQLite's own checks of every page, a digest
 * in each row, and the number of rows at the end of a reading. record_check looks at everything.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"
#include "common/naming.h"
#include "common/status.h"

struct record;

enum record_mode {
    RECORD_READ,      // an existing one, also while a run writes it
    RECORD_WRITE,     // made when missing
    RECORD_WRITE_SYNC // as WRITE; a commit outlives a power cut
};

/* Where a destination's record is unless told otherwise, below DEST. */
#define RECORD_DEFAULT ".thumbmill/record.sqlite"

/* `dest`: the destination's folder; to write it must exist. NULL when reading: any destination's.
 * STATUS_MACHINE with one line, and the file as it was: not there (to be read), not a database, of
 * a newer thumbmill, of another destination, cut short, locked by another run, not writable. */
enum status record_open(struct record **record, const char *path, const char *dest,
                        enum record_mode mode, struct reason *why) MUST_USE;
/* What was not committed is undone. */
void record_close(struct record **record);

/* ---- writing: a run ---- */

struct record_run {
    uint64_t run, epoch; // started again with the same two, it continues
    const struct run_options *options;
    const struct text *roots;
    uint32_t root_count;
    bool force, retry_failed;
};

/* Everything below is about this run. Committed when it returns. */
enum status record_start(struct record *record, const struct record_run *given,
                         struct reason *why) MUST_USE;

struct record_answer {
    enum verdict verdict;
    bool first;             // its state is counted now; false: NEW, or it was before
    enum image_state state; // unless NEW: FRESH, FAILED or QUARANTINED, as this run counts it
    uint32_t crashes;       // NEW: decoders that died of just this image before
    char detail[IMAGE_ERROR_SIZE]; // its recorded error, or the sentence of NAME_TAKEN
};

/* What to do with an image. Claims its output names when it is new; counts it when it is not. An
 * answer promises names: commit before it is sent. The same number asked again is answered alike.
 *
 * FRESH: made or damaged with the same size, mtime and options, and each output is in DEST with
 * its recorded size and mtime. (Damaged: the same --fail-on as well.) FAILED_EARLIER: failed or
 * quarantined with the same size, mtime, options, limits and --allow.
 *
 * Names: an image holds a name while it has it among its recorded outputs, or when it claimed it in
 * this run; whoever else wants it is NAME_TAKEN, and is asked about again in the next run. Any
 * other claim is stale and passes to whoever wants the name. What an image's earlier outputs are
 * called, that it has no longer, becomes a leftover: prune's business. */
enum status record_ask(struct record *record, const struct ask_entry *entry,
                       struct record_answer *answer, struct reason *why) MUST_USE;

/* What a result is about is (root, path, size, mtime, options): told twice it is not *first. One of
 * another epoch is kept under that epoch, unless the image has a state already; it is never counted
 * in this run. STATUS_MALFORMED when that epoch is unknown or had other options: drop it. */
enum status record_result(struct record *record, const struct envelope *from,
                          const struct result_message *message, bool *first,
                          struct reason *why) MUST_USE;
/* FAILED, QUARANTINED or FRESH, without a worker. */
enum status record_outcome(struct record *record, const struct outcome *outcome, bool *first,
                           struct reason *why) MUST_USE;
/* A decoder died of this image or overran its time; *crashes: with this one. Forgotten once the
 * image has a state. */
enum status record_crash(struct record *record, const struct ask_entry *image, const char *detail,
                         uint32_t *crashes, struct reason *why) MUST_USE;

enum status record_commit(struct record *record, struct reason *why) MUST_USE;
/* Commits, and notes the end of the run. */
enum status record_finish(struct record *record, struct reason *why) MUST_USE;

/* The images of this run by state, as committed with their rows. PENDING is 0. */
void record_counts(const struct record *record, uint64_t states[IMAGE_STATES]);

/* ---- reading ---- */

struct record_output {
    const char *path; // relative to DEST
    struct output output;
};

/* One image; valid during the callback. */
struct record_image {
    const char *root, *path;
    uint64_t size;
    int64_t mtime_ns;
    enum image_state state;
    const char *error, *warnings; // "" for none
    uint32_t width, height;       // of the source, pixels; 0 unknown
    uint64_t bytes_in, ms;        // read; time in a slot
    const char *worker;           // "" for none
    uint32_t attempts, crashes;
    int64_t recorded_ms; // since 1970
    uint32_t output_count;
    struct record_output outputs[SIZES_MAX];
};

/* A bit an enum image_state. */
#define RECORD_ALL (~0u)
#define RECORD_STATE(state) (1u << (state))

/* Calls `image` for every image whose state is in `states`, by root and path, until it returns
 * false. A run may write meanwhile; each image is as it was at one moment of the reading. The
 * caller may put or forget images in it when it writes. */
enum status record_each(struct record *record, unsigned states,
                        bool (*image)(void *context, const struct record_image *image),
                        void *context, struct reason *why) MUST_USE;

/* Earlier outputs that their image has no longer; `root` and `path` say whose they were. */
struct record_leftover {
    const char *name, *root, *path;
    uint64_t bytes;
    int64_t mtime_ns;
};

enum status record_each_leftover(struct record *record,
                                 bool (*leftover)(void *context, const struct record_leftover *),
                                 void *context, struct reason *why) MUST_USE;

/* Removes an image with its claims, or a leftover. Nothing happens when it is not there. */
enum status record_forget(struct record *record, const char *root, const char *path,
                          struct reason *why) MUST_USE;
enum status record_forget_leftover(struct record *record, const char *name,
                                   struct reason *why) MUST_USE;

/* Everything SQLite can check, every row's digest, every output's claim. As long as reading the
 * whole file takes. */
enum status record_check(struct record *record, struct reason *why) MUST_USE;
