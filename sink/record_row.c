/*
 * One image's row, to and from SQLite. Its seal is half a SipHash of all it says, root and worker
 * by their texts: SQLite checks the shape of its pages, and would not see a bit turned in a number.
 */

#include <sqlite3.h>
#include <string.h>

#include "sink/record_internal.h"
#include "sink/siphash.h"

enum column {
    ROOT,
    PATH,
    SIZE,
    MTIME,
    STATE,
    RUN,
    NUMBER,
    RECORDED,
    WIDTH,
    HEIGHT,
    BYTES_IN,
    MS,
    WORKER,
    ATTEMPTS,
    CRASHES,
    REMEMBERED,
    ERROR,
    WARNINGS,
    OUTPUTS,
    SEAL
};

static size_t put(uint8_t *at, uint64_t number)
{
    memcpy(at, &number, sizeof number);
    return sizeof number;
}

static size_t put_text(uint8_t *at, struct text text)
{
    const size_t size = put(at, text.size);
    if (text.size > 0) // an empty one may be NULL
        memcpy(at + size, text.bytes, text.size);
    return size + text.size;
}

/* True unless it names a word that is not there, or has a text longer than any. */
static bool seal_of(struct record *record, const struct record_row *row, int64_t *seal)
{
    static const uint8_t key[SIPHASH_KEY_SIZE] = "thumbmill image";
    const struct word *root = words_at(&record->roots, row->root);
    const struct word *worker = words_at(&record->workers, row->worker);
    if (!root || (!worker && row->worker != 0) || row->path.size >= JOB_PATH_SIZE ||
        row->error.size >= IMAGE_ERROR_SIZE || row->warnings.size >= IMAGE_WARNINGS_SIZE ||
        row->outputs.size > PACKED_MAX)
        return false;
    const uint64_t numbers[] = {
        root->digest,    worker ? worker->digest : 0,
        row->size,       (uint64_t)row->mtime_ns,
        row->state,      (uint64_t)row->run,
        row->number,     (uint64_t)row->recorded_ms,
        row->width,      row->height,
        row->bytes_in,   row->ms,
        row->attempts,   row->crashes,
        row->remembered,
    };
    _Static_assert(sizeof numbers / sizeof *numbers <= ROW_NUMBERS + 2, "room for a row");
    uint8_t *at = record->encoded;
    memcpy(at, numbers, sizeof numbers);
    at += sizeof numbers;
    at += put_text(at, row->path);
    at += put_text(at, row->error);
    at += put_text(at, row->warnings);
    at += put_text(at, row->outputs);
    uint8_t digest[SIPHASH_SIZE];
    siphash(key, record->encoded, (size_t)(at - record->encoded), digest);
    memcpy(seal, digest, sizeof *seal);
    return true;
}

enum status row_read(struct record *record, sqlite3_stmt *statement, struct record_row *row,
                     struct reason *why)
{
    *row = (struct record_row){
        .root = sqlite3_column_int64(statement, ROOT),
        .path = record_column_text(statement, PATH),
        .size = (uint64_t)sqlite3_column_int64(statement, SIZE),
        .mtime_ns = sqlite3_column_int64(statement, MTIME),
        .state = (enum image_state)sqlite3_column_int(statement, STATE),
        .run = sqlite3_column_int64(statement, RUN),
        .number = (uint64_t)sqlite3_column_int64(statement, NUMBER),
        .recorded_ms = sqlite3_column_int64(statement, RECORDED),
        .width = (uint32_t)sqlite3_column_int64(statement, WIDTH),
        .height = (uint32_t)sqlite3_column_int64(statement, HEIGHT),
        .bytes_in = (uint64_t)sqlite3_column_int64(statement, BYTES_IN),
        .ms = (uint64_t)sqlite3_column_int64(statement, MS),
        .worker = sqlite3_column_int64(statement, WORKER),
        .attempts = (uint32_t)sqlite3_column_int64(statement, ATTEMPTS),
        .crashes = (uint32_t)sqlite3_column_int64(statement, CRASHES),
        .remembered = sqlite3_column_int(statement, REMEMBERED) != 0,
        .error = record_column_text(statement, ERROR),
        .warnings = record_column_text(statement, WARNINGS),
        .outputs = record_column_text(statement, OUTPUTS),
    };
    int64_t seal;
    enum status status = STATUS_OK;
    if (!words_at(&record->roots, row->root) ||
        (row->worker != 0 && !words_at(&record->workers, row->worker))) {
        // Perhaps named since, by a run that writes while this reads.
        status = words_load(record, &record->roots, record->roots.table, why);
        if (status == STATUS_OK)
            status = words_load(record, &record->workers, record->workers.table, why);
    }
    if (status == STATUS_OK &&
        (!seal_of(record, row, &seal) || seal != sqlite3_column_int64(statement, SEAL)))
        status = record_damaged(record, why, "the row of an image is not as it was written");
    return status;
}

enum status row_find(struct record *record, int64_t root, struct text path, struct record_row *row,
                     bool *found, struct reason *why)
{
    sqlite3_stmt *statement = record_statement(record, SQL_IMAGE_FIND);
    *found = false;
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_int64(statement, 1, root);
    record_bind_text(statement, 2, path);
    enum status status = record_step(record, statement, found, why);
    if (status == STATUS_OK && *found)
        status = row_read(record, statement, row, why);
    if (status != STATUS_OK)
        row_release(record);
    return status;
}

void row_release(struct record *record)
{
    sqlite3_reset(record->statements[SQL_IMAGE_FIND]);
}

static void bind(sqlite3_stmt *statement, const struct record_row *row, int64_t seal)
{
    const int64_t numbers[] = {
        [ROOT] = row->root,
        [SIZE] = (int64_t)row->size,
        [MTIME] = row->mtime_ns,
        [STATE] = row->state,
        [RUN] = row->run,
        [NUMBER] = (int64_t)row->number,
        [RECORDED] = row->recorded_ms,
        [WIDTH] = row->width,
        [HEIGHT] = row->height,
        [BYTES_IN] = (int64_t)row->bytes_in,
        [MS] = (int64_t)row->ms,
        [WORKER] = row->worker,
        [ATTEMPTS] = row->attempts,
        [CRASHES] = row->crashes,
        [REMEMBERED] = row->remembered,
    };
    for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
        sqlite3_bind_int64(statement, i + 1, numbers[i]);
    record_bind_text(statement, PATH + 1, row->path);
    record_bind_text(statement, ERROR + 1, row->error);
    record_bind_text(statement, WARNINGS + 1, row->warnings);
    if (row->outputs.size == 0)
        sqlite3_bind_null(statement, OUTPUTS + 1);
    else
        sqlite3_bind_blob(statement, OUTPUTS + 1, row->outputs.bytes, (int)row->outputs.size,
                          SQLITE_STATIC);
    sqlite3_bind_int64(statement, SEAL + 1, seal);
}

enum status row_write(struct record *record, const struct record_row *row, bool replace,
                      bool *exists, struct reason *why)
{
    sqlite3_stmt *statement =
        record_statement(record, replace ? SQL_IMAGE_REPLACE : SQL_IMAGE_INSERT);
    int64_t seal;
    *exists = false;
    if (!statement)
        return record_fail(record, why);
    if (!seal_of(record, row, &seal))
        return reason_set(why, STATUS_MALFORMED, "texts too long for a row of the record");
    bind(statement, row, seal);
    const int code = sqlite3_step(statement);
    *exists = sqlite3_extended_errcode(record->db) == SQLITE_CONSTRAINT_PRIMARYKEY;
    enum status status = STATUS_OK;
    if (code != SQLITE_DONE && !*exists)
        status = record_fail(record, why);
    sqlite3_reset(statement);
    return status;
}

bool row_is_about(const struct record_row *row, uint64_t size, int64_t mtime_ns)
{
    return row->size == size && row->mtime_ns == mtime_ns;
}

enum status row_outputs(struct record *record, const struct record_row *row,
                        char names[][OUTPUT_PATH_SIZE], struct output outputs[SIZES_MAX],
                        uint32_t *count, struct reason *why)
{
    if (unpack_outputs(row->outputs, row->path, names, outputs, count))
        return STATUS_OK;
    return record_damaged(record, why, "the outputs of an image cannot be read");
}
