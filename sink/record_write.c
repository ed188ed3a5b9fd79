/*
 * What became of an image, into its row.
 *
 * The first to say it counts. A job may have been done twice, though, and both workers rename their
 * output into one place: then the record keeps the times of the later one, which is the file that
 * is there. (The bytes are the same.)
 */

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

#include "sink/record_internal.h"

#define US_PER_MS_UNSIGNED 1000u

/* ---- putting a row ---- */

static bool has_state(const struct record_row *row)
{
    return row->state != IMAGE_PENDING;
}

/* Whether what `row` says of an image was said already. */
static bool is_said(const struct record *record, const struct record_row *old,
                    const struct record_row *row, bool late)
{
    return has_state(old) && row_is_about(old, row->size, row->mtime_ns) &&
           (late ? (run_same(record, old->run) & SAME_OUTPUTS) != 0 : old->run == row->run);
}

static int64_t latest(const struct output *outputs, uint32_t count)
{
    int64_t mtime = INT64_MIN;
    for (uint32_t i = 0; i < count; i++)
        if (outputs[i].mtime_ns > mtime)
            mtime = outputs[i].mtime_ns;
    return mtime;
}

/* The outputs of `row` were written after those of `old`, the row there is. */
static enum status keep_later(struct record *record, const struct record_row *old,
                              const struct record_row *row, struct reason *why)
{
    struct output before[SIZES_MAX], now[SIZES_MAX];
    uint32_t before_count = 0, now_count = 0;
    bool exists;
    enum status status = row_outputs(record, old, record->old_names, before, &before_count, why);
    if (status == STATUS_OK)
        status = row_outputs(record, row, record->old_names, now, &now_count, why);
    if (status != STATUS_OK || before_count == 0 || now_count == 0 ||
        latest(now, now_count) <= latest(before, before_count))
        return status;
    struct record_row merged = *old;
    merged.outputs = row->outputs;
    return row_write(record, &merged, true, &exists, why);
}

static enum status forget_crashes(struct record *record, const struct record_row *row,
                                  struct reason *why)
{
    if (!record->has_crashes)
        return STATUS_OK;
    sqlite3_stmt *statement = record_statement(record, SQL_CRASH_DELETE);
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_int64(statement, 1, row->root);
    record_bind_text(statement, 2, row->path);
    return record_done(record, statement, why);
}

static void count(struct record *record, const struct record_row *old, const struct record_row *row)
{
    uint64_t *counts = record->run.counts;
    if (old && old->run == record->run.id && counts[old->state] > 0)
        counts[old->state]--;
    if (row->run == record->run.id)
        counts[row->state]++;
    if (!old)
        record->images++;
}

static enum status replace(struct record *record, const struct record_row *row, uint32_t outputs,
                           bool late, bool *first, struct reason *why)
{
    struct record_row old;
    bool found;
    enum status status = row_find(record, row->root, row->path, &old, &found, why);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return record_damaged(record, why, "an image is there and is not");
    *first = !is_said(record, &old, row, late);
    if (!*first) {
        status = keep_later(record, &old, row, why);
    } else {
        status = names_settle(record, &old, outputs, why);
        count(record, &old, row);
        if (status == STATUS_OK)
            status = row_write(record, row, true, &found, why);
    }
    row_release(record);
    return status;
}

/* Outputs that a row has are called as this run calls them. */
static enum status put_named(struct record *record, const struct record_row *row, uint32_t outputs,
                             bool late, bool *first, struct reason *why)
{
    bool exists;
    enum status status = row_write(record, row, false, &exists, why);
    *first = !exists;
    if (status == STATUS_OK && exists) {
        status = replace(record, row, outputs, late, first, why);
    } else if (status == STATUS_OK) {
        count(record, NULL, row);
        if (record->has_leftovers)
            status = names_settle(record, NULL, outputs, why);
    }
    if (status == STATUS_OK && *first)
        status = forget_crashes(record, row, why);
    return status;
}

enum status record_put(struct record *record, const struct record_row *row, bool late, bool *first,
                       struct reason *why)
{
    const uint32_t outputs = row->outputs.size > 0 ? record->run.options.size_count : 0;
    return put_named(record, row, outputs, late, first, why);
}

/* ---- results ---- */

/* The run a message is of: this one, or one of an earlier epoch with the same options. */
static enum status find_origin(struct record *record, const struct envelope *from, uint32_t number,
                               struct record_row *row, struct reason *why)
{
    static const char sql[] = "SELECT id, root FROM runs JOIN run_roots ON run_roots.run = runs.id"
                              " WHERE runs.run = ? AND epoch = ? AND number = ?";
    sqlite3_stmt *statement = NULL;
    bool found;
    if (sqlite3_prepare_v2(record->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    sqlite3_bind_int64(statement, 1, (int64_t)from->run);
    sqlite3_bind_int64(statement, 2, (int64_t)from->epoch);
    sqlite3_bind_int64(statement, 3, number);
    enum status status = record_step(record, statement, &found, why);
    if (found) {
        row->run = sqlite3_column_int64(statement, 0);
        row->root = sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    if (status == STATUS_OK && (!found || !(run_same(record, row->run) & SAME_OUTPUTS)))
        status = reason_set(why, STATUS_MALFORMED, "a result of another run");
    return status;
}

static enum status set_origin(struct record *record, const struct envelope *from, uint32_t number,
                              struct record_row *row, bool *late, struct reason *why)
{
    *late = from->run != record->run.run || from->epoch != record->run.epoch;
    if (*late)
        return find_origin(record, from, number, row, why);
    if (number >= record->run.root_count)
        return reason_set(why, STATUS_MALFORMED, "root %" PRIu32 " is not of this run", number);
    row->run = record->run.id;
    row->root = record->run.roots[number];
    return STATUS_OK;
}

static void fill_result(struct record *record, struct record_row *row,
                        const struct result_message *message)
{
    const struct result *result = &message->result;
    row->path = message->path;
    row->size = result->job.size;
    row->mtime_ns = result->job.mtime_ns;
    row->state = result->state;
    row->number = result->job.id;
    row->recorded_ms = record_wall_ms();
    row->width = result->width;
    row->height = result->height;
    row->bytes_in = result->bytes_in;
    row->ms = (uint64_t)result->busy / US_PER_MS_UNSIGNED;
    row->attempts = result->job.attempt;
    row->remembered = result->state == IMAGE_FAILED;
    row->error = message->error;
    row->warnings = message->warnings;
    if (result->output_count > 0) {
        const size_t size = pack_outputs(record->packed, row->path, record->names, result->outputs,
                                         result->output_count);
        row->outputs = (struct text){(const char *)record->packed, (uint32_t)size};
    }
}

/* How often decoders died of it, into the row that ends its counting. */
static enum status fill_crashes(struct record *record, struct record_row *row, struct reason *why)
{
    if (!record->has_crashes)
        return STATUS_OK;
    static const char sql[] = "SELECT count FROM crashes WHERE root = ? AND path = ?";
    sqlite3_stmt *statement = NULL;
    bool found;
    if (sqlite3_prepare_v2(record->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    sqlite3_bind_int64(statement, 1, row->root);
    record_bind_text(statement, 2, row->path);
    const enum status status = record_step(record, statement, &found, why);
    row->crashes = found ? (uint32_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return status;
}

/* A late result was asked about in another epoch: its names are claimed here, or not. */
static enum status claim_late(struct record *record, const struct record_row *row,
                              struct reason *why)
{
    bool again = false;
    const enum status status =
        names_claim_all(record, row->root, row->path, row->number, &again, why);
    if (status != STATUS_IMAGE || again) // asked about in this epoch as well: the names are its own
        return status == STATUS_IMAGE ? STATUS_OK : status;
    return STATUS_MALFORMED; // another image has them; what this worker wrote is overwritten
}

enum status record_result(struct record *record, const struct envelope *from,
                          const struct result_message *message, bool *first, struct reason *why)
{
    const struct result *result = &message->result;
    struct record_row row = {0};
    bool late = false;
    *first = false;
    if (result->output_count > SIZES_MAX ||
        (result->output_count > 0 && result->output_count != record->run.options.size_count))
        return reason_set(why, STATUS_MALFORMED, "outputs of other sizes than the run's");
    enum status status = record_begin(record, why);
    if (status == STATUS_OK)
        status = set_origin(record, from, result->job.root, &row, &late, why);
    if (status == STATUS_OK)
        status = names_make(record, message->path, why);
    if (status == STATUS_IMAGE) // it was asked about, so it had names
        status = STATUS_MALFORMED;
    if (status != STATUS_OK)
        return status;
    fill_result(record, &row, message);
    if (late)
        status = claim_late(record, &row, why);
    if (status == STATUS_OK && message->worker.size > 0)
        status = words_number(record, &record->workers, message->worker, &row.worker, why);
    if (status == STATUS_OK)
        status = fill_crashes(record, &row, why);
    return status == STATUS_OK ? record_put(record, &row, late, first, why) : status;
}

/* ---- outcomes without a worker ---- */

/* A file that was named twice in a list is two images to the head, and one row here. */
static enum status count_again(struct record *record, const struct outcome *outcome, bool *first,
                               struct reason *why)
{
    struct record_row row;
    bool found;
    enum status status =
        row_find(record, record->run.roots[outcome->root], outcome->path, &row, &found, why);
    const bool another = found && row.run == record->run.id && row.number != outcome->job;
    row_release(record);
    if (status == STATUS_OK && another)
        status = run_pass(record, outcome->job, outcome->state, first, why);
    return status;
}

enum status record_outcome(struct record *record, const struct outcome *outcome, bool *first,
                           struct reason *why)
{
    *first = false;
    if (outcome->root >= record->run.root_count)
        return reason_set(why, STATUS_MALFORMED, "root %" PRIu32 " is not of this run",
                          outcome->root);
    enum status status = record_begin(record, why);
    if (status != STATUS_OK)
        return status;
    if (outcome->state == IMAGE_FRESH)
        return run_pass(record, outcome->job, IMAGE_FRESH, first, why);
    struct record_row row = {
        .root = record->run.roots[outcome->root],
        .path = outcome->path,
        .size = outcome->size,
        .mtime_ns = outcome->mtime_ns,
        .state = outcome->state,
        .run = record->run.id,
        .number = outcome->job,
        .recorded_ms = record_wall_ms(),
        .attempts = outcome->attempt,
        .remembered = true,
        .error = outcome->error,
    };
    status = fill_crashes(record, &row, why);
    if (status == STATUS_OK)
        status = record_put(record, &row, false, first, why);
    if (status == STATUS_OK && !*first)
        status = count_again(record, outcome, first, why);
    return status;
}

/* ---- forgetting ---- */

static enum status delete_image(struct record *record, const struct record_row *row,
                                struct reason *why)
{
    struct output outputs[SIZES_MAX];
    uint32_t outputs_count = 0;
    enum status status = row_outputs(record, row, record->old_names, outputs, &outputs_count, why);
    sqlite3_stmt *name = record_statement(record, SQL_NAME_RELEASE);
    sqlite3_stmt *image = record_statement(record, SQL_IMAGE_DELETE);
    if (!name || !image)
        return record_fail(record, why);
    for (uint32_t i = 0; status == STATUS_OK && i < outputs_count; i++) {
        sqlite3_bind_text(name, 1, record->old_names[i], -1, SQLITE_STATIC);
        status = record_done(record, name, why);
    }
    if (status != STATUS_OK)
        return status;
    sqlite3_bind_int64(image, 1, row->root);
    record_bind_text(image, 2, row->path);
    record->images--;
    return record_done(record, image, why);
}

enum status record_forget(struct record *record, const char *root, const char *path,
                          struct reason *why)
{
    struct record_row row;
    bool found;
    enum status status = record_begin(record, why);
    const int64_t number = words_find(&record->roots, text_of(root));
    if (status != STATUS_OK || number == 0)
        return status;
    status = row_find(record, number, text_of(path), &row, &found, why);
    if (status == STATUS_OK && found)
        status = delete_image(record, &row, why);
    row_release(record);
    return status;
}
