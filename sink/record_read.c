/*
 * Reading the whole record beside its writer: a page of rows is copied in one short transaction,
 * then shown. However slow the caller is, the writer never waits for it, the log can be written
 * back, and memory stays small.
 *
 * No row is lost unnoticed: when nobody wrote meanwhile, as many rows were seen as the record says
 * it has.
 */

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "sink/record_internal.h"

#define PAGE_ROWS 256
/* A page ends early when its texts are long; one row always fits. */
#define ARENA_FIRST (256 * 1024)
#define ROW_TEXTS_MAX (JOB_PATH_SIZE + IMAGE_ERROR_SIZE + IMAGE_WARNINGS_SIZE + PACKED_MAX + 4)
#define ARENA_SIZE (ARENA_FIRST + ROW_TEXTS_MAX)

struct page {
    struct record_row rows[PAGE_ROWS];
    uint32_t count;
    bool last;
    size_t used;
    char names[SIZES_MAX][OUTPUT_PATH_SIZE]; // of the image shown
    char arena[ARENA_SIZE];
};

/* Rows seen, and what the record says about itself, before and after. */
struct reading {
    uint64_t seen;
    int64_t images, version;
};

/* A copy that ends with a NUL, for the callback. */
static struct text keep(struct page *page, struct text text)
{
    char *copy = page->arena + page->used;
    memcpy(copy, text.bytes, text.size);
    copy[text.size] = '\0';
    page->used += (size_t)text.size + 1;
    return (struct text){copy, text.size};
}

static void keep_row(struct page *page, const struct record_row *row)
{
    struct record_row *kept = &page->rows[page->count++];
    *kept = *row;
    kept->path = keep(page, row->path);
    kept->error = keep(page, row->error);
    kept->warnings = keep(page, row->warnings);
    kept->outputs = keep(page, row->outputs);
}

static enum status read_page(struct record *record, struct page *page, int64_t root,
                             struct text after, struct reason *why)
{
    sqlite3_stmt *statement = record_statement(record, SQL_IMAGE_PAGE);
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_int64(statement, 1, root);
    sqlite3_bind_text(statement, 2, after.bytes, (int)after.size, SQLITE_STATIC);
    sqlite3_bind_int(statement, 3, PAGE_ROWS);
    page->count = 0;
    page->used = 0;
    page->last = true;
    enum status status;
    bool found;
    struct record_row row;
    while ((status = record_step(record, statement, &found, why)) == STATUS_OK && found) {
        status = row_read(record, statement, &row, why);
        if (status != STATUS_OK)
            break;
        keep_row(page, &row);
        page->last = page->used <= ARENA_FIRST && page->count < PAGE_ROWS;
        if (!page->last)
            break;
    }
    sqlite3_reset(statement);
    return status;
}

static enum status show(struct record *record, struct page *page, const struct record_row *row,
                        bool (*image)(void *, const struct record_image *), void *context,
                        bool *go_on, struct reason *why)
{
    const struct word *worker = words_at(&record->workers, row->worker);
    struct output outputs[SIZES_MAX];
    struct record_image shown = {
        .root = words_at(&record->roots, row->root)->text,
        .path = row->path.bytes,
        .size = row->size,
        .mtime_ns = row->mtime_ns,
        .state = row->state,
        .error = row->error.bytes,
        .warnings = row->warnings.bytes,
        .width = row->width,
        .height = row->height,
        .bytes_in = row->bytes_in,
        .ms = row->ms,
        .worker = worker ? worker->text : "",
        .attempts = row->attempts,
        .crashes = row->crashes,
        .recorded_ms = row->recorded_ms,
    };
    const enum status status =
        row_outputs(record, row, page->names, outputs, &shown.output_count, why);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < shown.output_count; i++)
        shown.outputs[i] = (struct record_output){page->names[i], outputs[i]};
    *go_on = image(context, &shown);
    return STATUS_OK;
}

/* What the record says of itself; it changes with every commit of somebody else. */
static enum status look(struct record *record, struct reading *reading, struct reason *why)
{
    const enum status status = record_number(record, "PRAGMA data_version", &reading->version, why);
    if (status != STATUS_OK)
        return status;
    return record_number(record, "SELECT images FROM destination", &reading->images, why);
}

static enum status compare(struct record *record, const struct reading *before, struct reason *why)
{
    struct reading after = {0};
    const enum status status = look(record, &after, why);
    if (status != STATUS_OK || record->writing || after.version != before->version ||
        after.images != before->images || before->seen == (uint64_t)before->images)
        return status;
    return record_damaged(record, why, "it has not as many images as it should");
}

static enum status each(struct record *record, struct page *page, unsigned states,
                        bool (*image)(void *, const struct record_image *), void *context,
                        struct reason *why)
{
    char after[JOB_PATH_SIZE] = "";
    struct text path = {after, 0};
    int64_t root = 0;
    struct reading reading = {0};
    bool go_on = true;
    enum status status = look(record, &reading, why);
    page->count = 0;
    for (page->last = false; status == STATUS_OK && go_on && !page->last;) {
        status = read_page(record, page, root, path, why);
        for (uint32_t i = 0; status == STATUS_OK && go_on && i < page->count; i++)
            if (states & RECORD_STATE(page->rows[i].state))
                status = show(record, page, &page->rows[i], image, context, &go_on, why);
        if (page->count > 0) {
            const struct record_row *last = &page->rows[page->count - 1];
            root = last->root;
            path.size = last->path.size;
            memcpy(after, last->path.bytes, last->path.size);
        }
        reading.seen += page->count;
    }
    return status == STATUS_OK && go_on ? compare(record, &reading, why) : status;
}

enum status record_each(struct record *record, unsigned states,
                        bool (*image)(void *context, const struct record_image *image),
                        void *context, struct reason *why)
{
    struct page *page = malloc(sizeof *page);
    if (!page)
        return reason_set(why, STATUS_MACHINE, "no memory to read the record");
    const enum status status = each(record, page, states, image, context, why);
    free(page);
    return status;
}

/* ---- leftovers ---- */

/* Reads the first leftover after `name`, and puts it there. */
static enum status next_leftover(struct record *record, char name[OUTPUT_PATH_SIZE],
                                 char path[JOB_PATH_SIZE], struct record_leftover *leftover,
                                 bool *found, struct reason *why)
{
    sqlite3_stmt *statement = record_statement(record, SQL_LEFTOVER_PAGE);
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, 1);
    enum status status = record_step(record, statement, found, why);
    if (!*found)
        return status;
    const struct word *root = words_at(&record->roots, sqlite3_column_int64(statement, 1));
    text_copy(name, OUTPUT_PATH_SIZE, record_column_text(statement, 0));
    text_copy(path, JOB_PATH_SIZE, record_column_text(statement, 2));
    *leftover = (struct record_leftover){
        .name = name,
        .root = root ? root->text : NULL,
        .path = path,
        .bytes = (uint64_t)sqlite3_column_int64(statement, 3),
        .mtime_ns = sqlite3_column_int64(statement, 4),
    };
    sqlite3_reset(statement);
    return root ? STATUS_OK : record_damaged(record, why, "whose an output is cannot be read");
}

enum status record_each_leftover(struct record *record,
                                 bool (*show_leftover)(void *context,
                                                       const struct record_leftover *),
                                 void *context, struct reason *why)
{
    char name[OUTPUT_PATH_SIZE] = "", path[JOB_PATH_SIZE];
    struct record_leftover leftover;
    bool found = true, go_on = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && found && go_on) {
        status = next_leftover(record, name, path, &leftover, &found, why);
        if (status == STATUS_OK && found)
            go_on = show_leftover(context, &leftover);
    }
    return status;
}
