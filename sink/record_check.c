/*
 * The thorough look: the structure of every page by SQLite, every row by its seal, every recorded
 * output by its claim.
 */

#include <sqlite3.h>
#include <string.h>

#include "sink/record_internal.h"

struct inspection {
    struct record *record;
    sqlite3_stmt *claim;
    bool sound;
};

static enum status check_pages(struct record *record, struct reason *why)
{
    sqlite3_stmt *statement = NULL;
    bool row;
    char text[IMAGE_ERROR_SIZE] = "nothing";
    if (sqlite3_prepare_v2(record->db, "PRAGMA integrity_check(1)", -1, &statement, NULL) !=
        SQLITE_OK)
        return record_fail(record, why);
    enum status status = record_step(record, statement, &row, why);
    if (row)
        text_copy(text, sizeof text, record_column_text(statement, 0));
    sqlite3_finalize(statement);
    text[strcspn(text, "\n")] = '\0';
    if (status == STATUS_OK && strcmp(text, "ok") != 0)
        status = record_damaged(record, why, text);
    return status;
}

/* Whether an output's claim is its image's. */
static bool is_claimed(const struct inspection *inspection, const struct record_image *image,
                       const char *name)
{
    sqlite3_stmt *claim = inspection->claim;
    sqlite3_bind_text(claim, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(claim, 2, image->root, -1, SQLITE_STATIC);
    sqlite3_bind_text(claim, 3, image->path, -1, SQLITE_STATIC);
    const bool found = sqlite3_step(claim) == SQLITE_ROW;
    sqlite3_reset(claim);
    return found;
}

static bool inspect(void *context, const struct record_image *image)
{
    struct inspection *inspection = context;
    for (uint32_t i = 0; inspection->sound && i < image->output_count; i++)
        inspection->sound = is_claimed(inspection, image, image->outputs[i].path);
    return inspection->sound;
}

enum status record_check(struct record *record, struct reason *why)
{
    static const char sql[] =
        "SELECT 1 FROM names JOIN roots ON roots.id = names.root WHERE name = ?1"
        " AND roots.text = ?2 AND CAST(coalesce(path, substr(CAST(name AS BLOB), at + 1, length))"
        " AS BLOB) = CAST(?3 AS BLOB)";
    struct inspection inspection = {.record = record, .sound = true};
    enum status status = check_pages(record, why);
    if (status != STATUS_OK)
        return status;
    if (sqlite3_prepare_v2(record->db, sql, -1, &inspection.claim, NULL) != SQLITE_OK)
        return record_fail(record, why);
    status = record_each(record, RECORD_ALL, inspect, &inspection, why);
    sqlite3_finalize(inspection.claim);
    if (status == STATUS_OK && !inspection.sound)
        status = record_damaged(record, why, "an output's name is not its image's");
    return status;
}
