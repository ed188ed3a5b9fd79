/*
 * Who has which output name. The rule is in record.h: a claim stands while its image has the name
 * among its recorded outputs, or was made in this run; any other is stale and may be taken over.
 *
 * So a run that was interrupted, or an image that failed, blocks nobody in the next run; and two
 * images that are recorded never share a name, whichever run each is of.
 */

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

#include "sink/record_internal.h"

/* A row of names. */
struct claim {
    int64_t root;
    char path[JOB_PATH_SIZE];
    int64_t run;
    uint64_t number;
};

/* Whose claim it is that is made. */
struct claimant {
    int64_t root;
    struct text path;
    uint64_t number;
};

enum status names_make(struct record *record, struct text path, struct reason *why)
{
    char source[JOB_PATH_SIZE];
    const struct run_options *options = &record->run.options;
    if (path.size == 0 || path.size >= sizeof source || memchr(path.bytes, '\0', path.size))
        return reason_set(why, STATUS_MALFORMED, "a path that no file can have");
    text_copy(source, sizeof source, path);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < options->size_count; i++)
        status = naming_output(options, source, i, record->names[i], why);
    return status;
}

static void bind_claim(struct record *record, sqlite3_stmt *statement, const char *name,
                       const struct claimant *who)
{
    const long at = pack_find(name, who->path);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, who->root);
    if (at >= 0) {
        sqlite3_bind_int64(statement, 3, at);
        sqlite3_bind_int64(statement, 4, who->path.size);
        sqlite3_bind_null(statement, 5);
    } else {
        sqlite3_bind_null(statement, 3);
        sqlite3_bind_null(statement, 4);
        record_bind_text(statement, 5, who->path);
    }
    sqlite3_bind_int64(statement, 6, record->run.id);
    sqlite3_bind_int64(statement, 7, (int64_t)who->number);
}

static enum status write_claim(struct record *record, enum record_statement which, const char *name,
                               const struct claimant *who, struct reason *why)
{
    sqlite3_stmt *statement = record_statement(record, which);
    if (!statement)
        return record_fail(record, why);
    bind_claim(record, statement, name, who);
    return record_done(record, statement, why);
}

static enum status read_claim(struct record *record, sqlite3_stmt *statement, const char *name,
                              struct claim *claim, struct reason *why)
{
    const size_t length = strlen(name);
    struct text path = record_column_text(statement, 3);
    if (sqlite3_column_type(statement, 1) == SQLITE_INTEGER) {
        const uint64_t at = (uint64_t)sqlite3_column_int64(statement, 1);
        const uint64_t size = (uint64_t)sqlite3_column_int64(statement, 2);
        if (at > length || size > length - at)
            return record_damaged(record, why, "whose an output is cannot be read");
        path = (struct text){name + at, (uint32_t)size};
    }
    *claim = (struct claim){.root = sqlite3_column_int64(statement, 0),
                            .run = sqlite3_column_int64(statement, 4),
                            .number = (uint64_t)sqlite3_column_int64(statement, 5)};
    text_copy(claim->path, sizeof claim->path, path);
    return STATUS_OK;
}

static enum status find_claim(struct record *record, const char *name, struct claim *claim,
                              bool *found, struct reason *why)
{
    sqlite3_stmt *statement = record_statement(record, SQL_NAME_FIND);
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    enum status status = record_step(record, statement, found, why);
    if (status == STATUS_OK && *found)
        status = read_claim(record, statement, name, claim, why);
    sqlite3_reset(statement);
    return status;
}

/* Whether the image that claimed a name has it among its recorded outputs. */
static enum status is_recorded(struct record *record, const struct claim *claim, const char *name,
                               bool *recorded, struct reason *why)
{
    struct record_row row;
    struct output outputs[SIZES_MAX];
    uint32_t count = 0;
    bool found;
    *recorded = false;
    enum status status = row_find(record, claim->root, text_of(claim->path), &row, &found, why);
    if (status == STATUS_OK && found)
        status = row_outputs(record, &row, record->old_names, outputs, &count, why);
    row_release(record);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        *recorded |= strcmp(record->old_names[i], name) == 0;
    return status;
}

static enum status refuse(struct record *record, const struct claim *claim, const char *name,
                          struct reason *why)
{
    const struct word *root = words_at(&record->roots, claim->root);
    if (!root)
        return record_damaged(record, why, "whose an output is cannot be read");
    return reason_set(why, STATUS_IMAGE,
                      "its output %s belongs to %s/%s already; choose --output so that their names"
                      " differ",
                      name, root->text, claim->path);
}

/* A name that somebody has. *mine: it is the claimant's now, and was not before. */
static enum status claim_held(struct record *record, const char *name, const struct claimant *who,
                              bool *mine, bool *again, struct reason *why)
{
    struct claim claim = {0};
    bool found = false, recorded = false;
    enum status status = find_claim(record, name, &claim, &found, why);
    if (status != STATUS_OK || !found)
        return status == STATUS_OK ? record_damaged(record, why, "a name is there and is not")
                                   : status;
    const bool own = claim.root == who->root && strlen(claim.path) == who->path.size &&
                     memcmp(claim.path, who->path.bytes, who->path.size) == 0;
    const bool present = claim.run == record->run.id;
    *again = own && present && claim.number != who->number;
    if (*again)
        return reason_set(why, STATUS_IMAGE, "the same file was named before");
    if (own && present)
        return STATUS_OK;
    if (!own && !present)
        status = is_recorded(record, &claim, name, &recorded, why);
    if (status != STATUS_OK)
        return status;
    if (!own && (present || recorded))
        return refuse(record, &claim, name, why);
    *mine = !own;
    return write_claim(record, SQL_NAME_TAKE_OVER, name, who, why);
}

static enum status claim_one(struct record *record, const char *name, const struct claimant *who,
                             bool *mine, bool *again, struct reason *why)
{
    *mine = false;
    const enum status status = write_claim(record, SQL_NAME_CLAIM, name, who, why);
    if (status != STATUS_OK)
        return status;
    if (sqlite3_changes(record->db) == 0)
        return claim_held(record, name, who, mine, again, why);
    *mine = true;
    return STATUS_OK;
}

static enum status release(struct record *record, const char *name, struct reason *why)
{
    sqlite3_stmt *statement = record_statement(record, SQL_NAME_RELEASE);
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    return record_done(record, statement, why);
}

enum status names_claim_all(struct record *record, int64_t root, struct text path, uint64_t number,
                            bool *again, struct reason *why)
{
    const struct claimant who = {.root = root, .path = path, .number = number};
    bool mine[SIZES_MAX];
    enum status status = STATUS_OK;
    uint32_t claimed = 0;
    *again = false;
    while (status == STATUS_OK && claimed < record->run.options.size_count) {
        status = claim_one(record, record->names[claimed], &who, &mine[claimed], again, why);
        claimed += status == STATUS_OK;
    }
    struct reason other;
    for (uint32_t i = 0; status == STATUS_IMAGE && i < claimed; i++)
        if (mine[i] && release(record, record->names[i], &other) != STATUS_OK) {
            *why = other;
            return STATUS_MACHINE;
        }
    return status;
}

/* ---- leftovers ---- */

static bool is_among(const struct record *record, const char *name, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(record->names[i], name) == 0)
            return true;
    return false;
}

static enum status leave(struct record *record, const struct record_row *row, const char *name,
                         const struct output *output, struct reason *why)
{
    sqlite3_stmt *add = record_statement(record, SQL_LEFTOVER_ADD);
    sqlite3_stmt *free_name = record_statement(record, SQL_NAME_RELEASE_OLD);
    if (!add || !free_name)
        return record_fail(record, why);
    record->has_leftovers = true;
    sqlite3_bind_text(add, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(add, 2, row->root);
    record_bind_text(add, 3, row->path);
    sqlite3_bind_int64(add, 4, (int64_t)output->bytes);
    sqlite3_bind_int64(add, 5, output->mtime_ns);
    sqlite3_bind_text(free_name, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(free_name, 2, record->run.id);
    const enum status status = record_done(record, add, why);
    return status == STATUS_OK ? record_done(record, free_name, why) : status;
}

enum status names_settle(struct record *record, const struct record_row *old, uint32_t count,
                         struct reason *why)
{
    struct output outputs[SIZES_MAX];
    uint32_t old_count = 0;
    enum status status = STATUS_OK;
    if (old)
        status = row_outputs(record, old, record->old_names, outputs, &old_count, why);
    for (uint32_t i = 0; status == STATUS_OK && i < old_count; i++)
        if (!is_among(record, record->old_names[i], count))
            status = leave(record, old, record->old_names[i], &outputs[i], why);
    for (uint32_t i = 0; status == STATUS_OK && record->has_leftovers && i < count; i++)
        status = record_forget_leftover(record, record->names[i], why);
    return status;
}

enum status record_forget_leftover(struct record *record, const char *name, struct reason *why)
{
    const enum status status = record_begin(record, why);
    sqlite3_stmt *statement = record_statement(record, SQL_LEFTOVER_DELETE);
    if (status != STATUS_OK)
        return status;
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    return record_done(record, statement, why);
}
