/*
 * The tables, and what tells a record from other files.
 *
 * A record is made beside its place and renamed into it, so that an empty or half-made file is
 * always a sign of damage. application_id says that the file is ours; user_version is the version
 * of its tables.
 *
 * To change the tables: raise RECORD_VERSION, change `tables`, and add the step from the version
 * before (ALTER TABLE, and what fills the new column) to a list that runs in one transaction, with
 * PRAGMA user_version last, where record_check_header now accepts the one version there is. Add a
 * record of the old version to the tests. A newer record than ours is refused, never guessed at.
 *
 * Paths are TEXT with any bytes but NUL, compared as bytes. images and names are WITHOUT ROWID:
 * found by one descent, in the order of the walk's folders; docs/DECISIONS.md has the figures.
 */

#include <endian.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sink/record_internal.h"

#define TEXT_OF(x) #x
#define VALUE_OF(x) TEXT_OF(x)

static const char tables[] =
    "PRAGMA page_size = 8192;"
    "PRAGMA journal_mode = DELETE;"
    "PRAGMA synchronous = FULL;"
    "BEGIN;"
    // One row: whose record this is; how many images it has, so that a lost one is noticed.
    "CREATE TABLE destination (id TEXT NOT NULL, path TEXT NOT NULL, images INTEGER NOT NULL);"
    // One start of a ventilator. Counts are those of its images; times are ms since 1970.
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    " started_ms INTEGER NOT NULL, ended_ms INTEGER, options TEXT NOT NULL,"
    " outputs_fingerprint BLOB NOT NULL, limits_fingerprint BLOB NOT NULL,"
    " fail_on INTEGER NOT NULL, version TEXT NOT NULL, host TEXT NOT NULL,"
    " made INTEGER NOT NULL DEFAULT 0, damaged INTEGER NOT NULL DEFAULT 0,"
    " fresh INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,"
    " quarantined INTEGER NOT NULL DEFAULT 0, UNIQUE (run, epoch));"
    "CREATE TABLE roots (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE workers (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    // Which root a number of a run's messages means.
    "CREATE TABLE run_roots (run INTEGER NOT NULL, number INTEGER NOT NULL,"
    " root INTEGER NOT NULL, PRIMARY KEY (run, number)) WITHOUT ROWID;"
    // state: enum image_state. worker 0: none. outputs: sink/record_pack.h. seal: record_row.c.
    "CREATE TABLE images (root INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,"
    " mtime_ns INTEGER NOT NULL, state INTEGER NOT NULL, run INTEGER NOT NULL,"
    " number INTEGER NOT NULL, recorded_ms INTEGER NOT NULL, width INTEGER NOT NULL,"
    " height INTEGER NOT NULL, bytes_in INTEGER NOT NULL, ms INTEGER NOT NULL,"
    " worker INTEGER NOT NULL, attempts INTEGER NOT NULL, crashes INTEGER NOT NULL,"
    " remembered INTEGER NOT NULL, error TEXT, warnings TEXT, outputs BLOB,"
    " seal INTEGER NOT NULL, PRIMARY KEY (root, path)) WITHOUT ROWID;"
    // Who claims an output: the path is `length` bytes of the name from `at` on, or in `path`.
    "CREATE TABLE names (name TEXT PRIMARY KEY, root INTEGER NOT NULL, at INTEGER, length INTEGER,"
    " path TEXT, run INTEGER NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE leftovers (name TEXT PRIMARY KEY, root INTEGER NOT NULL, path TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE crashes (root INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,"
    " mtime_ns INTEGER NOT NULL, fingerprint BLOB NOT NULL, count INTEGER NOT NULL,"
    " run INTEGER NOT NULL, detail TEXT, PRIMARY KEY (root, path)) WITHOUT ROWID;"
    // A bit for each number of the present run that was counted without a row of that run.
    "CREATE TABLE passed (run INTEGER NOT NULL, chunk INTEGER NOT NULL, bits BLOB NOT NULL,"
    " PRIMARY KEY (run, chunk)) WITHOUT ROWID;"
    "PRAGMA application_id = " VALUE_OF(
        RECORD_APPLICATION_ID) ";"
                               "PRAGMA user_version = " VALUE_OF(
                                   RECORD_VERSION) ";"
                                                   "INSERT INTO destination VALUES ('%s', '', 0);"
                                                   "COMMIT;";

/* ---- making one ---- */

/* What SQLite and we append to a record's name: "-journal" at most, behind "-new". */
#define SUFFIX_MAX 16
#define LOG_NAME_SIZE (JOB_PATH_SIZE + 2 * SUFFIX_MAX)

static void remove_beside(const char *path, const char *suffix)
{
    char name[LOG_NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    (void)unlink(name); // mostly not there
}

/* Logs of a record that was removed would be taken for this one's. */
static void remove_logs(const char *path)
{
    remove_beside(path, "-wal");
    remove_beside(path, "-shm");
    remove_beside(path, "-journal");
}

static enum status make_at(const char *path, const char *id, struct reason *why)
{
    char sql[sizeof tables + RECORD_ID_SIZE];
    snprintf(sql, sizeof sql, tables, id);
    sqlite3 *db = NULL;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    enum status status = STATUS_OK;
    if (code != SQLITE_OK)
        status = reason_set(why, STATUS_MACHINE, "%s: cannot be made: %s", path,
                            db ? sqlite3_errmsg(db) : "out of memory");
    sqlite3_close(db);
    return status;
}

enum status record_create(const char *path, const struct record_place *place, struct reason *why)
{
    char new_path[JOB_PATH_SIZE + SUFFIX_MAX];
    snprintf(new_path, sizeof new_path, "%s-new", path);
    (void)unlink(new_path); // of a run that was killed here
    remove_logs(new_path);
    remove_logs(path);
    const enum status status = make_at(new_path, place->id, why);
    if (status != STATUS_OK)
        (void)unlink(new_path);
    else if (rename(new_path, path) != 0)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be made: %s", path, strerror(errno));
    return status;
}

/* ---- is it one? ---- */

/* Of the file's first bytes (SQLite's "Database File Format"): numbers are big-endian. */
#define HEADER_SIZE 100
static const char magic[16] = "SQLite format 3";
enum { AT_PAGE_SIZE = 16, AT_PAGES = 28, AT_USER_VERSION = 60, AT_APPLICATION_ID = 68 };

static uint32_t number_at(const uint8_t *header, int at)
{
    uint32_t number;
    memcpy(&number, header + at, sizeof number);
    return be32toh(number);
}

static bool has_log(const struct record *record)
{
    char name[LOG_NAME_SIZE];
    snprintf(name, sizeof name, "%s-wal", record->path);
    return access(name, F_OK) == 0;
}

/* SQLite takes what is missing of a last page for zeroes. While a log or a writer may be about to
 * complete the file its size says nothing. */
static enum status check_size(struct record *record, const uint8_t *header, sqlite3_int64 size,
                              struct reason *why)
{
    const uint32_t page = (uint32_t)header[AT_PAGE_SIZE] << 8 | header[AT_PAGE_SIZE + 1];
    if (has_log(record) || (record->mode == RECORD_READ && place_is_locked(record->path)))
        return STATUS_OK;
    if (size == (sqlite3_int64)page * number_at(header, AT_PAGES))
        return STATUS_OK;
    return record_damaged(record, why, "its size is not what its header says");
}

enum status record_check_header(struct record *record, struct reason *why)
{
    uint8_t header[HEADER_SIZE] = {0};
    sqlite3_int64 size = 0;
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(record->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        !file || !file->pMethods || file->pMethods->xFileSize(file, &size) != SQLITE_OK)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be read", record->path);
    if (size == 0)
        return record_damaged(record, why, "the file is empty");
    const int code = file->pMethods->xRead(file, header, sizeof header, 0);
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be read", record->path);
    if (memcmp(header, magic, sizeof magic) != 0 ||
        number_at(header, AT_APPLICATION_ID) != RECORD_APPLICATION_ID)
        return reason_set(why, STATUS_MACHINE,
                          "%s: not a record of thumbmill; name another file with --db",
                          record->path);
    const uint32_t version = number_at(header, AT_USER_VERSION);
    if (version > RECORD_VERSION)
        return reason_set(why, STATUS_MACHINE,
                          "%s: made by a newer thumbmill (version %u of its tables, we know %d);"
                          " use that one, or another --db",
                          record->path, version, RECORD_VERSION);
    if (version != RECORD_VERSION)
        return record_damaged(record, why, "it has no version");
    return check_size(record, header, size, why);
}

/* ---- whose is it? ---- */

static enum status judge_destination(struct record *record, struct text id, struct text path,
                                     struct reason *why)
{
    const struct record_place *place = &record->place;
    const bool same_id = id.size == RECORD_ID_SIZE - 1 && memcmp(id.bytes, place->id, id.size) == 0;
    const bool same_path =
        path.size == strlen(place->dest) && memcmp(path.bytes, place->dest, path.size) == 0;
    if (place->dest_fd == 0 || same_id)
        return STATUS_OK;
    if (place->id[0] == '\0' && (place->within || same_path || path.size == 0))
        return STATUS_OK;
    char other[JOB_PATH_SIZE];
    text_copy(other, sizeof other, path);
    return reason_set(why, STATUS_MACHINE,
                      "%s: the record of another destination%s%s; name another file with --db",
                      record->path, path.size > 0 ? ", last at " : "", other);
}

/* Notes where DEST is, and gives it the id it lost. */
static enum status note_destination(struct record *record, const char *id, bool moved,
                                    struct reason *why)
{
    enum status status = place_give_id(&record->place, id, why);
    if (status != STATUS_OK || !moved)
        return status;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, "UPDATE destination SET path = ?", -1, &statement, NULL) !=
        SQLITE_OK)
        return record_fail(record, why);
    record_bind_text(statement, 1, text_of(record->place.dest));
    status = record_done(record, statement, why);
    sqlite3_finalize(statement);
    return status;
}

enum status record_check_destination(struct record *record, struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, "SELECT id, path, images FROM destination", -1, &statement,
                           NULL) != SQLITE_OK)
        return record_fail(record, why);
    bool row, moved = false;
    char id[RECORD_ID_SIZE] = "";
    enum status status = record_step(record, statement, &row, why);
    if (status == STATUS_OK && !row)
        status = record_damaged(record, why, "whose it was is lost");
    if (status == STATUS_OK) {
        const struct text path = record_column_text(statement, 1);
        text_copy(id, sizeof id, record_column_text(statement, 0));
        record->images = (uint64_t)sqlite3_column_int64(statement, 2);
        moved = path.size != strlen(record->place.dest) ||
                memcmp(path.bytes, record->place.dest, path.size) != 0;
        status = judge_destination(record, record_column_text(statement, 0), path, why);
    }
    sqlite3_finalize(statement);
    if (status != STATUS_OK || record->mode == RECORD_READ)
        return status;
    return note_destination(record, id, moved, why);
}
