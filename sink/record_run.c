/*
 * A run in the record: its row, its roots, its counts, its commits.
 *
 * Counts are changed with the rows and committed with them. What has no row of this run (fresh, or
 * failed earlier) is counted by its number: a bit each, kept with the run, so that a question
 * asked again counts nothing, whichever start of the sink was asked first.
 */

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sink/record_internal.h"

#define MS_PER_S 1000
#define NS_PER_MS 1000000
#define OPTIONS_TEXT_SIZE (SIZES_MAX * 32 + TEMPLATE_SIZE + FORMAT_SIZE + PROFILE_SIZE + 512)

int64_t record_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* For whoever opens the file with another program: nothing reads it here. */
static void options_text(const struct run_options *options, char text[OPTIONS_TEXT_SIZE])
{
    static const char *const suffixes[] = {
        [SIZE_BOTH] = "", [SIZE_DOWN] = ">", [SIZE_UP] = "<", [SIZE_FORCE] = "!"};
    int size = snprintf(text, OPTIONS_TEXT_SIZE, "--size ");
    for (uint32_t i = 0; i < options->size_count; i++)
        size += snprintf(text + size, OPTIONS_TEXT_SIZE - (size_t)size, "%s%s%s", i > 0 ? "," : "",
                         options->sizes[i].label, suffixes[options->sizes[i].mode]);
    snprintf(text + size, OPTIONS_TEXT_SIZE - (size_t)size,
             " --smartcrop %s --output '%s' --format '%s' --background #%02x%02x%02x%s"
             " --profile '%s' keep=%" PRIu32 " --fail-on %s max-pixels=%" PRIu64
             " max-bytes=%" PRIu64 " timeout-ms=%" PRIu32 " allow=%#" PRIx32 "%s",
             crop_name(options->crop), options->output, options->format, options->background[0],
             options->background[1], options->background[2], options->rotate ? "" : " --no-rotate",
             options->profile, options->keep, fail_on_name(options->fail_on), options->max_pixels,
             options->max_bytes, options->timeout_ms, options->allow,
             options->sync ? " --sync" : "");
}

/* ---- the run's row ---- */

static enum status insert_run(struct record *record, struct reason *why)
{
    static const char sql[] =
        "INSERT OR IGNORE INTO runs (run, epoch, started_ms, options, outputs_fingerprint,"
        " limits_fingerprint, fail_on, version, host) VALUES (?,?,?,?,?,?,?,?,?)";
    const struct current_run *run = &record->run;
    struct fingerprint outputs, limits;
    char options[OPTIONS_TEXT_SIZE], host[WORKER_NAME_SIZE] = "";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    fingerprint_outputs(&run->options, &outputs);
    fingerprint_limits(&run->options, &limits);
    options_text(&run->options, options);
    (void)gethostname(host, sizeof host - 1); // cut: it only informs
    sqlite3_bind_int64(statement, 1, (int64_t)run->run);
    sqlite3_bind_int64(statement, 2, (int64_t)run->epoch);
    sqlite3_bind_int64(statement, 3, record_wall_ms());
    sqlite3_bind_text(statement, 4, options, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 5, outputs.bytes, sizeof outputs.bytes, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 6, limits.bytes, sizeof limits.bytes, SQLITE_STATIC);
    sqlite3_bind_int(statement, 7, (int)run->options.fail_on);
    sqlite3_bind_text(statement, 8, THUMBMILL_VERSION, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 9, host, -1, SQLITE_STATIC);
    const enum status status = record_done(record, statement, why);
    sqlite3_finalize(statement);
    return status;
}

static bool is_blob(sqlite3_stmt *statement, int column, const struct fingerprint *fingerprint)
{
    const struct text blob = record_column_text(statement, column);
    return blob.size == FINGERPRINT_SIZE &&
           memcmp(blob.bytes, fingerprint->bytes, FINGERPRINT_SIZE) == 0;
}

static unsigned compare_run(const struct current_run *run, sqlite3_stmt *statement)
{
    struct fingerprint outputs, limits;
    fingerprint_outputs(&run->options, &outputs);
    fingerprint_limits(&run->options, &limits);
    return (is_blob(statement, 3, &outputs) ? SAME_OUTPUTS : 0) |
           (is_blob(statement, 4, &limits) ? SAME_LIMITS : 0) |
           (sqlite3_column_int(statement, 5) == (int)run->options.fail_on ? SAME_FAIL_ON : 0);
}

/* Compares every run with this one, and continues the counts of this one. */
static enum status read_runs(struct record *record, struct reason *why)
{
    static const char sql[] = "SELECT id, run, epoch, outputs_fingerprint, limits_fingerprint,"
                              " fail_on, made, damaged, fresh, failed, quarantined FROM runs";
    struct current_run *run = &record->run;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    enum status status;
    bool row;
    while ((status = record_step(record, statement, &row, why)) == STATUS_OK && row) {
        const int64_t id = sqlite3_column_int64(statement, 0);
        if (id < 1 || id >= run->same_count)
            continue;
        run->same[id] = (uint8_t)compare_run(run, statement);
        if ((uint64_t)sqlite3_column_int64(statement, 1) != run->run ||
            (uint64_t)sqlite3_column_int64(statement, 2) != run->epoch)
            continue;
        run->id = id;
        for (int state = IMAGE_MADE; state < IMAGE_STATES; state++)
            run->counts[state] = (uint64_t)sqlite3_column_int64(statement, 5 + state);
    }
    sqlite3_finalize(statement);
    if (status == STATUS_OK && run->id == 0)
        status = record_damaged(record, why, "a run is missing");
    return status;
}

static enum status set_roots(struct record *record, const struct record_run *given,
                             struct reason *why)
{
    struct current_run *run = &record->run;
    enum status status = STATUS_OK;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, "REPLACE INTO run_roots (run, number, root) VALUES (?,?,?)",
                           -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    for (uint32_t i = 0; status == STATUS_OK && i < given->root_count; i++) {
        status = words_number(record, &record->roots, given->roots[i], &run->roots[i], why);
        sqlite3_bind_int64(statement, 1, run->id);
        sqlite3_bind_int64(statement, 2, i);
        sqlite3_bind_int64(statement, 3, run->roots[i]);
        if (status == STATUS_OK)
            status = record_done(record, statement, why);
    }
    sqlite3_finalize(statement);
    run->root_count = given->root_count;
    return status;
}

static enum status forget_other_passes(struct record *record, struct reason *why)
{
    char sql[96];
    snprintf(sql, sizeof sql, "DELETE FROM passed WHERE run <> %" PRId64, record->run.id);
    return record_exec(record, sql, why);
}

enum status record_start(struct record *record, const struct record_run *given, struct reason *why)
{
    struct current_run *run = &record->run;
    int64_t last = 0;
    if (given->root_count > ROOTS_MAX)
        return reason_set(why, STATUS_MALFORMED, "more than %d roots", ROOTS_MAX);
    enum status status = record_begin(record, why);
    if (status != STATUS_OK)
        return status;
    free(run->same);
    *run = (struct current_run){.run = given->run,
                                .epoch = given->epoch,
                                .options = *given->options,
                                .force = given->force,
                                .retry_failed = given->retry_failed};
    status = insert_run(record, why);
    if (status == STATUS_OK)
        status = record_number(record, "SELECT max(id) FROM runs", &last, why);
    run->same_count = last + 1;
    run->same = status == STATUS_OK ? calloc((size_t)run->same_count, 1) : NULL;
    if (status == STATUS_OK && !run->same)
        status = reason_set(why, STATUS_MACHINE, "no memory for the runs of the record");
    if (status == STATUS_OK)
        status = read_runs(record, why);
    if (status == STATUS_OK)
        status = set_roots(record, given, why);
    if (status == STATUS_OK)
        status = forget_other_passes(record, why);
    return status == STATUS_OK ? record_commit(record, why) : status;
}

unsigned run_same(const struct record *record, int64_t run)
{
    return run >= 0 && run < record->run.same_count ? record->run.same[run] : 0;
}

void record_counts(const struct record *record, uint64_t states[IMAGE_STATES])
{
    memcpy(states, record->run.counts, sizeof record->run.counts);
    states[IMAGE_PENDING] = 0;
}

/* ---- numbers without a row ---- */

static enum status store_chunk(struct record *record, struct reason *why)
{
    struct passed *passed = &record->run.passed;
    sqlite3_stmt *statement = record_statement(record, SQL_PASSED_SET);
    if (!passed->dirty)
        return STATUS_OK;
    if (!statement)
        return record_fail(record, why);
    sqlite3_bind_int64(statement, 1, record->run.id);
    sqlite3_bind_int64(statement, 2, (int64_t)passed->chunk);
    sqlite3_bind_blob(statement, 3, passed->bits, sizeof passed->bits, SQLITE_STATIC);
    passed->dirty = false;
    return record_done(record, statement, why);
}

static enum status load_chunk(struct record *record, uint64_t chunk, struct reason *why)
{
    struct passed *passed = &record->run.passed;
    if (passed->loaded && passed->chunk == chunk)
        return STATUS_OK;
    enum status status = store_chunk(record, why);
    sqlite3_stmt *statement = record_statement(record, SQL_PASSED_FIND);
    if (status != STATUS_OK || !statement)
        return status != STATUS_OK ? status : record_fail(record, why);
    bool row;
    sqlite3_bind_int64(statement, 1, record->run.id);
    sqlite3_bind_int64(statement, 2, (int64_t)chunk);
    status = record_step(record, statement, &row, why);
    if (status != STATUS_OK)
        return status;
    *passed = (struct passed){.chunk = chunk, .loaded = true};
    const struct text bits = row ? record_column_text(statement, 0) : (struct text){0};
    if (bits.size == sizeof passed->bits)
        memcpy(passed->bits, bits.bytes, bits.size);
    else if (row)
        status = record_damaged(record, why, "which images were counted cannot be read");
    sqlite3_reset(statement);
    return status;
}

enum status run_has_passed(struct record *record, uint64_t number, bool *has, struct reason *why)
{
    const enum status status = load_chunk(record, number / PASSED_CHUNK_NUMBERS, why);
    const uint64_t bit = number % PASSED_CHUNK_NUMBERS;
    *has = status == STATUS_OK && (record->run.passed.bits[bit / 8] >> (bit % 8) & 1);
    return status;
}

enum status run_pass(struct record *record, uint64_t number, enum image_state state, bool *first,
                     struct reason *why)
{
    bool has;
    const enum status status = run_has_passed(record, number, &has, why);
    *first = status == STATUS_OK && !has;
    if (!*first)
        return status;
    const uint64_t bit = number % PASSED_CHUNK_NUMBERS;
    record->run.passed.bits[bit / 8] |= (uint8_t)(1u << (bit % 8));
    record->run.passed.dirty = true;
    record->run.counts[state]++;
    return STATUS_OK;
}

/* ---- commit ---- */

static enum status store_counts(struct record *record, struct reason *why)
{
    sqlite3_stmt *counts = record_statement(record, SQL_COUNTS_SET);
    sqlite3_stmt *images = record_statement(record, SQL_IMAGES_SET);
    if (!counts || !images)
        return record_fail(record, why);
    for (int state = IMAGE_MADE; state < IMAGE_STATES; state++)
        sqlite3_bind_int64(counts, state, (int64_t)record->run.counts[state]);
    sqlite3_bind_int64(counts, IMAGE_STATES, record->run.id);
    sqlite3_bind_int64(images, 1, (int64_t)record->images);
    const enum status status = record_done(record, counts, why);
    return status == STATUS_OK ? record_done(record, images, why) : status;
}

enum status record_commit(struct record *record, struct reason *why)
{
    if (!record->writing)
        return record->broken.text[0] == '\0' ? STATUS_OK : record_begin(record, why);
    enum status status = record_begin(record, why); // not when it is broken
    if (status == STATUS_OK)
        status = store_chunk(record, why);
    if (status == STATUS_OK)
        status = store_counts(record, why);
    if (status == STATUS_OK)
        status = record_done(record, record_statement(record, SQL_COMMIT), why);
    if (status == STATUS_OK)
        record->writing = false;
    return status;
}

enum status record_finish(struct record *record, struct reason *why)
{
    char sql[96];
    const enum status status = record_begin(record, why);
    if (status != STATUS_OK)
        return status;
    snprintf(sql, sizeof sql, "UPDATE runs SET ended_ms = %" PRId64 " WHERE id = %" PRId64,
             record_wall_ms(), record->run.id);
    return record_exec(record, sql, why) == STATUS_OK ? record_commit(record, why) : STATUS_MACHINE;
}
