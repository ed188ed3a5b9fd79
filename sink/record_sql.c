/*
 * Statements by their names, and SQLite's errors as one line for a person.
 *
 * Statements are prepared when first wanted and kept. A write that fails breaks the record: SQLite
 * may have undone the whole transaction, and nothing must be acknowledged that is not in it.
 */

#include <sqlite3.h>
#include <string.h>

#include "sink/record_internal.h"

#define IMAGE_COLUMNS                                                                              \
    "root, path, size, mtime_ns, state, run, number, recorded_ms, width, height, bytes_in, ms,"    \
    " worker, attempts, crashes, remembered, error, warnings, outputs, seal"
#define IMAGE_VALUES " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"

static const char *const texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_IMAGE_FIND] = "SELECT " IMAGE_COLUMNS " FROM images WHERE root = ? AND path = ?",
    [SQL_IMAGE_INSERT] = "INSERT INTO images (" IMAGE_COLUMNS ")" IMAGE_VALUES,
    [SQL_IMAGE_REPLACE] = "REPLACE INTO images (" IMAGE_COLUMNS ")" IMAGE_VALUES,
    [SQL_IMAGE_DELETE] = "DELETE FROM images WHERE root = ? AND path = ?",
    [SQL_IMAGE_PAGE] = "SELECT " IMAGE_COLUMNS " FROM images WHERE (root, path) > (?, ?)"
                       " ORDER BY root, path LIMIT ?",
    [SQL_NAME_CLAIM] = "INSERT OR IGNORE INTO names (name, root, at, length, path, run, number)"
                       " VALUES (?,?,?,?,?,?,?)",
    [SQL_NAME_FIND] = "SELECT root, at, length, path, run, number FROM names WHERE name = ?",
    [SQL_NAME_TAKE_OVER] = "REPLACE INTO names (name, root, at, length, path, run, number)"
                           " VALUES (?,?,?,?,?,?,?)",
    [SQL_NAME_RELEASE] = "DELETE FROM names WHERE name = ?",
    [SQL_NAME_RELEASE_OLD] = "DELETE FROM names WHERE name = ? AND run <> ?",
    [SQL_LEFTOVER_ADD] = "REPLACE INTO leftovers (name, root, path, bytes, mtime_ns)"
                         " VALUES (?,?,?,?,?)",
    [SQL_LEFTOVER_DELETE] = "DELETE FROM leftovers WHERE name = ?",
    [SQL_LEFTOVER_PAGE] = "SELECT name, root, path, bytes, mtime_ns FROM leftovers WHERE name > ?"
                          " ORDER BY name LIMIT ?",
    [SQL_CRASH_FIND] = "SELECT count FROM crashes WHERE root = ? AND path = ? AND size = ?"
                       " AND mtime_ns = ? AND fingerprint = ?",
    [SQL_CRASH_SET] = "REPLACE INTO crashes (root, path, size, mtime_ns, fingerprint, count, run,"
                      " detail) VALUES (?,?,?,?,?,?,?,?)",
    [SQL_CRASH_DELETE] = "DELETE FROM crashes WHERE root = ? AND path = ?",
    [SQL_PASSED_FIND] = "SELECT bits FROM passed WHERE run = ? AND chunk = ?",
    [SQL_PASSED_SET] = "REPLACE INTO passed (run, chunk, bits) VALUES (?,?,?)",
    [SQL_COUNTS_SET] = "UPDATE runs SET made = ?, damaged = ?, fresh = ?, failed = ?,"
                       " quarantined = ? WHERE id = ?",
    [SQL_IMAGES_SET] = "UPDATE destination SET images = ?",
};

sqlite3_stmt *record_statement(struct record *record, enum record_statement which)
{
    sqlite3_stmt **statement = &record->statements[which];
    if (!*statement && sqlite3_prepare_v3(record->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                          statement, NULL) != SQLITE_OK)
        return NULL;
    return *statement;
}

static enum status break_it(struct record *record, const struct reason *why)
{
    if (record->mode != RECORD_READ && record->broken.text[0] == '\0')
        record->broken = *why;
    return STATUS_MACHINE;
}

enum status record_damaged(struct record *record, struct reason *why, const char *what)
{
    reason_set(why, STATUS_MACHINE,
               "%s: the record is damaged (%s); put back a copy, or remove it: then every image is"
               " done again",
               record->path, what);
    return break_it(record, why);
}

enum status record_fail(struct record *record, struct reason *why)
{
    const int code = sqlite3_errcode(record->db);
    const char *text = sqlite3_errmsg(record->db);
    switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR: // of our fixed statements: a table is not what it was
        return record_damaged(record, why, text);
    case SQLITE_FULL:
        reason_set(why, STATUS_MACHINE, "%s: cannot be written: the disk is full; make room",
                   record->path);
        break;
    case SQLITE_BUSY:
        reason_set(why, STATUS_MACHINE, "%s: another program keeps it locked", record->path);
        break;
    default:
        reason_set(why, STATUS_MACHINE, "%s: %s", record->path, text);
    }
    return break_it(record, why);
}

enum status record_exec(struct record *record, const char *sql, struct reason *why)
{
    return sqlite3_exec(record->db, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK
                                                                        : record_fail(record, why);
}

enum status record_number(struct record *record, const char *sql, int64_t *number,
                          struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    enum status status = STATUS_OK;
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    else
        status = code == SQLITE_DONE ? record_damaged(record, why, "a row of its own is missing")
                                     : record_fail(record, why);
    sqlite3_finalize(statement);
    return status;
}

enum status record_step(struct record *record, sqlite3_stmt *statement, bool *row,
                        struct reason *why)
{
    const int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    *row = code == SQLITE_ROW;
    if (*row)
        return STATUS_OK;
    const enum status status = code == SQLITE_DONE ? STATUS_OK : record_fail(record, why);
    sqlite3_reset(statement);
    return status;
}

enum status record_done(struct record *record, sqlite3_stmt *statement, struct reason *why)
{
    bool row;
    return record_step(record, statement, &row, why);
}

enum status record_begin(struct record *record, struct reason *why)
{
    if (record->broken.text[0] != '\0')
        return reason_set(why, STATUS_MACHINE, "%s", record->broken.text);
    if (record->writing)
        return STATUS_OK;
    if (record->mode == RECORD_READ)
        return reason_set(why, STATUS_MACHINE, "%s: opened to be read", record->path);
    const enum status status = record_done(record, record_statement(record, SQL_BEGIN), why);
    record->writing = status == STATUS_OK;
    return status;
}

/* An empty text is NULL in the file. */
void record_bind_text(sqlite3_stmt *statement, int index, struct text text)
{
    if (text.size == 0)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_text(statement, index, text.bytes, (int)text.size, SQLITE_STATIC);
}

struct text record_column_text(sqlite3_stmt *statement, int column)
{
    const char *bytes = sqlite3_column_blob(statement, column);
    return (struct text){bytes ? bytes : "", (uint32_t)sqlite3_column_bytes(statement, column)};
}
