/*
 * The question of each walked image: is there anything to do? One descent into images, and for what
 * seems fresh one fstatat an output; what is new costs one more for each name it claims.
 */

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "sink/record_internal.h"

#define NS_PER_S 1000000000LL

/* Whether an output is in DEST as it was recorded. */
static bool is_there(const struct record *record, const char *name, const struct output *output)
{
    struct stat found;
    return fstatat(record->place.dest_fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(found.st_mode) && (uint64_t)found.st_size == output->bytes &&
           (int64_t)found.st_mtim.tv_sec * NS_PER_S + found.st_mtim.tv_nsec == output->mtime_ns;
}

static enum status are_there(struct record *record, const struct record_row *row, bool *there,
                             struct reason *why)
{
    struct output outputs[SIZES_MAX];
    uint32_t count = 0;
    const enum status status = row_outputs(record, row, record->old_names, outputs, &count, why);
    *there = count > 0;
    for (uint32_t i = 0; *there && i < count; i++)
        *there = is_there(record, record->old_names[i], &outputs[i]);
    return status;
}

static bool is_failure(const struct record_row *row)
{
    return row->state == IMAGE_FAILED || row->state == IMAGE_QUARANTINED;
}

/* What an earlier run's row says of an image that is as it was then. */
static enum status judge_earlier(struct record *record, const struct record_row *row,
                                 enum verdict *verdict, struct reason *why)
{
    const unsigned same = run_same(record, row->run);
    bool there = false;
    *verdict = VERDICT_NEW;
    if (record->run.force || !(same & SAME_OUTPUTS))
        return STATUS_OK;
    if (is_failure(row)) {
        if ((same & SAME_LIMITS) && row->remembered && !record->run.retry_failed)
            *verdict = VERDICT_FAILED_EARLIER;
        return STATUS_OK;
    }
    if (row->state == IMAGE_DAMAGED && !(same & SAME_FAIL_ON))
        return STATUS_OK;
    const enum status status = are_there(record, row, &there, why);
    if (there)
        *verdict = VERDICT_FRESH;
    return status;
}

static void tell_state(struct record_answer *answer, const struct record_row *row)
{
    answer->state = is_failure(row) ? row->state : IMAGE_FRESH;
    text_copy(answer->detail, sizeof answer->detail, row->error);
}

static void tell_verdict(struct record_answer *answer, const struct record_row *row)
{
    answer->verdict = !is_failure(row)  ? VERDICT_FRESH
                      : row->remembered ? VERDICT_FAILED_EARLIER
                                        : VERDICT_NAME_TAKEN;
}

static enum status named_before(struct record *record, const struct ask_entry *entry,
                                struct record_answer *answer, struct reason *why)
{
    answer->verdict = VERDICT_NAME_TAKEN;
    answer->state = IMAGE_FAILED;
    text_copy(answer->detail, sizeof answer->detail, text_of("the same file was named before"));
    return run_pass(record, entry->number, IMAGE_FAILED, &answer->first, why);
}

/* Judges by the image's row. Verdict NEW: there is something to do. */
static enum status ask_row(struct record *record, const struct ask_entry *entry,
                           const struct record_row *row, struct record_answer *answer,
                           struct reason *why)
{
    bool passed;
    enum status status = run_has_passed(record, entry->number, &passed, why);
    if (status != STATUS_OK || !row_is_about(row, entry->size, entry->mtime_ns))
        return status;
    if (row->run == record->run.id && row->number != entry->number)
        return named_before(record, entry, answer, why);
    if (row->run == record->run.id || passed) { // counted already
        tell_verdict(answer, row);
        tell_state(answer, row);
        return STATUS_OK;
    }
    status = judge_earlier(record, row, &answer->verdict, why);
    if (status != STATUS_OK || answer->verdict == VERDICT_NEW)
        return status;
    tell_state(answer, row);
    return run_pass(record, entry->number, answer->state, &answer->first, why);
}

/* The failure of an image that gets no name, which no later run remembers. */
static enum status put_nameless(struct record *record, const struct ask_entry *entry,
                                struct record_answer *answer, struct reason *why)
{
    const struct record_row row = {
        .root = record->run.roots[entry->root],
        .path = entry->path,
        .size = entry->size,
        .mtime_ns = entry->mtime_ns,
        .state = IMAGE_FAILED,
        .run = record->run.id,
        .number = entry->number,
        .recorded_ms = record_wall_ms(),
        .error = text_of(answer->detail),
    };
    return record_put(record, &row, false, &answer->first, why);
}

static enum status ask_names(struct record *record, const struct ask_entry *entry,
                             struct record_answer *answer, struct reason *why)
{
    bool again = false;
    enum status status = names_make(record, entry->path, why);
    if (status == STATUS_OK)
        status = names_claim_all(record, record->run.roots[entry->root], entry->path, entry->number,
                                 &again, why);
    if (status != STATUS_IMAGE)
        return status;
    if (again)
        return named_before(record, entry, answer, why);
    answer->verdict = VERDICT_NAME_TAKEN;
    answer->state = IMAGE_FAILED;
    text_copy(answer->detail, sizeof answer->detail, text_of(why->text));
    return put_nameless(record, entry, answer, why);
}

/* Crashes of just this image, as it is and as it is wanted. */
static enum status find_crashes(struct record *record, const struct ask_entry *entry,
                                uint32_t *crashes, struct reason *why)
{
    struct fingerprint fingerprint;
    bool row;
    *crashes = 0;
    if (!record->has_crashes)
        return STATUS_OK;
    sqlite3_stmt *statement = record_statement(record, SQL_CRASH_FIND);
    if (!statement)
        return record_fail(record, why);
    fingerprint_outputs(&record->run.options, &fingerprint);
    sqlite3_bind_int64(statement, 1, record->run.roots[entry->root]);
    record_bind_text(statement, 2, entry->path);
    sqlite3_bind_int64(statement, 3, (int64_t)entry->size);
    sqlite3_bind_int64(statement, 4, entry->mtime_ns);
    sqlite3_bind_blob(statement, 5, fingerprint.bytes, FINGERPRINT_SIZE, SQLITE_STATIC);
    const enum status status = record_step(record, statement, &row, why);
    if (row)
        *crashes = (uint32_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return status;
}

enum status record_ask(struct record *record, const struct ask_entry *entry,
                       struct record_answer *answer, struct reason *why)
{
    struct record_row row;
    bool found;
    *answer = (struct record_answer){.verdict = VERDICT_NEW};
    if (entry->root >= record->run.root_count)
        return reason_set(why, STATUS_MALFORMED, "root %u is not of this run", entry->root);
    enum status status = record_begin(record, why);
    if (status == STATUS_OK)
        status = row_find(record, record->run.roots[entry->root], entry->path, &row, &found, why);
    if (status == STATUS_OK && found) {
        status = ask_row(record, entry, &row, answer, why);
        row_release(record);
    }
    if (status == STATUS_OK && answer->verdict == VERDICT_NEW)
        status = ask_names(record, entry, answer, why);
    if (status == STATUS_OK && answer->verdict == VERDICT_NEW)
        status = find_crashes(record, entry, &answer->crashes, why);
    return status;
}

enum status record_crash(struct record *record, const struct ask_entry *image, const char *detail,
                         uint32_t *crashes, struct reason *why)
{
    struct fingerprint fingerprint;
    if (image->root >= record->run.root_count)
        return reason_set(why, STATUS_MALFORMED, "root %u is not of this run", image->root);
    enum status status = record_begin(record, why);
    if (status == STATUS_OK)
        status = find_crashes(record, image, crashes, why);
    if (status != STATUS_OK)
        return status;
    sqlite3_stmt *statement = record_statement(record, SQL_CRASH_SET);
    if (!statement)
        return record_fail(record, why);
    record->has_crashes = true;
    ++*crashes;
    fingerprint_outputs(&record->run.options, &fingerprint);
    sqlite3_bind_int64(statement, 1, record->run.roots[image->root]);
    record_bind_text(statement, 2, image->path);
    sqlite3_bind_int64(statement, 3, (int64_t)image->size);
    sqlite3_bind_int64(statement, 4, image->mtime_ns);
    sqlite3_bind_blob(statement, 5, fingerprint.bytes, FINGERPRINT_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 6, *crashes);
    sqlite3_bind_int64(statement, 7, record->run.id);
    record_bind_text(statement, 8, text_of(detail));
    return record_done(record, statement, why);
}
