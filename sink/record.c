/*
 * Opening a record, and closing it.
 *
 * What is wrong is found out in an order that leaves the file untouched: the lock, then the bytes
 * of its header, then whose it is; only then SQLite may write. A writer uses a write-ahead log
 * where the file system is local, so that readers and it do not wait for each other, and a rollback
 * journal elsewhere. At rest the record is one file: closing takes the log in.
 */

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sink/record_internal.h"

/* How long one waits for another: the longest reader of a page, the longest commit of a writer. */
#define BUSY_MS 10000
/* Pages kept in memory, in kB: the upper levels of both trees of 100 M images, and the folders at
 * hand. And the log's length in pages before it is written back. By measurement: DECISIONS.md. */
#define WRITER_CACHE "-32768"
#define LOG_PAGES "2000"

static enum status open_file(struct record *record, struct reason *why)
{
    const int access_flag =
        record->mode == RECORD_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (sqlite3_open_v2(record->path, &record->db, access_flag | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be opened: %s", record->path,
                          record->db ? sqlite3_errmsg(record->db) : "out of memory");
    if (record->mode != RECORD_READ && sqlite3_db_readonly(record->db, "main") == 1)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be opened for writing", record->path);
    sqlite3_extended_result_codes(record->db, 0);
    sqlite3_busy_timeout(record->db, BUSY_MS);
    sqlite3_db_config(record->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(record->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(record->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return STATUS_OK;
}

/* On a file system of a network the log of a record that was moved there is taken in without the
 * memory that its readers would share. */
static enum status set_journal(struct record *record, struct reason *why)
{
    if (place_is_local(record->path))
        return record_exec(
            record, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = " LOG_PAGES, why);
    return record_exec(record,
                       "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE;"
                       "PRAGMA locking_mode = NORMAL; SELECT images FROM destination",
                       why);
}

static enum status set_writing(struct record *record, struct reason *why)
{
    const bool full = record->mode == RECORD_WRITE_SYNC || !place_is_local(record->path);
    enum status status = set_journal(record, why);
    if (status == STATUS_OK)
        status = record_exec(record, "PRAGMA cache_size = " WRITER_CACHE, why);
    if (status == STATUS_OK)
        status = record_exec(
            record, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", why);
    sqlite3_db_config(record->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    record->ready = status == STATUS_OK;
    return status;
}

static enum status load(struct record *record, struct reason *why)
{
    int64_t leftovers = 0, crashes = 0;
    enum status status = words_load(record, &record->roots, "roots", why);
    if (status == STATUS_OK)
        status = words_load(record, &record->workers, "workers", why);
    if (status == STATUS_OK)
        status = record_number(record, "SELECT EXISTS (SELECT 1 FROM leftovers)", &leftovers, why);
    if (status == STATUS_OK)
        status = record_number(record, "SELECT EXISTS (SELECT 1 FROM crashes)", &crashes, why);
    record->has_leftovers = leftovers != 0;
    record->has_crashes = crashes != 0;
    return status;
}

static enum status open_whole(struct record *record, const char *dest, struct reason *why)
{
    enum status status = place_open(&record->place, record->path, dest, why);
    if (status == STATUS_OK && record->mode != RECORD_READ)
        status = place_lock(&record->place, record->path, why);
    if (status != STATUS_OK)
        return status;
    if (access(record->path, F_OK) != 0) {
        if (errno != ENOENT || record->mode == RECORD_READ)
            return reason_set(why, STATUS_MACHINE, "%s: no record: %s", record->path,
                              strerror(errno));
        status = place_give_id(&record->place, NULL, why);
        if (status == STATUS_OK)
            status = record_create(record->path, &record->place, why);
    }
    if (status == STATUS_OK)
        status = open_file(record, why);
    if (status == STATUS_OK)
        status = record_check_header(record, why);
    if (status == STATUS_OK)
        status = record_exec(record, "PRAGMA cell_size_check = ON", why);
    if (status == STATUS_OK)
        status = record_check_destination(record, why);
    if (status == STATUS_OK && record->mode != RECORD_READ)
        status = set_writing(record, why);
    return status == STATUS_OK ? load(record, why) : status;
}

enum status record_open(struct record **record, const char *path, const char *dest,
                        enum record_mode mode, struct reason *why)
{
    if (!dest && mode != RECORD_READ)
        return reason_set(why, STATUS_MACHINE, "%s: a record is written for a destination", path);
    if (strlen(path) >= JOB_PATH_SIZE)
        return reason_set(why, STATUS_MACHINE, "%s: %s", path, strerror(ENAMETOOLONG));
    struct record *new = calloc(1, sizeof *new);
    if (!new)
        return reason_set(why, STATUS_MACHINE, "no memory for the record");
    new->mode = mode;
    strcpy(new->path, path);
    const enum status status = open_whole(new, dest, why);
    if (status != STATUS_OK)
        record_close(&new);
    else
        *record = new;
    return status;
}

/* Leaves one file that can be read anywhere, also where no log could be made beside it. While
 * others read it stays as it is, and the next writer takes the log in. */
static void put_at_rest(struct record *record)
{
    if (record->writing) // an error undid it already: then this fails, and that is fine
        (void)sqlite3_exec(record->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_busy_timeout(record->db, 0);
    (void)sqlite3_exec(record->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

void record_close(struct record **record)
{
    struct record *old = *record;
    if (!old)
        return;
    for (int i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(old->statements[i]);
    if (old->ready)
        put_at_rest(old);
    sqlite3_close(old->db);
    words_clear(&old->roots);
    words_clear(&old->workers);
    free(old->run.same);
    place_close(&old->place);
    free(old);
    *record = NULL;
}
