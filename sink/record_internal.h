#pragma once

/*
 * The inside of the record, shared by sink/record*.c.
 *
 *   record         open and close            record_place   lock, file system, id of DEST: no SQL
 *   record_schema  tables, version           record_sql     statements, errors
 *   record_words   roots and workers         record_row     one image's row and its digest
 *   record_pack    outputs as bytes          record_names   claims and leftovers
 *   record_run     start, counts, commit     record_ask, record_write, record_read, record_check
 */

#include "sink/fingerprint.h"
#include "sink/record.h"
#include "sink/record_pack.h"
#include "sink/record_place.h"

/* SQLite's, which only the files that call it include. */
struct sqlite3;
struct sqlite3_stmt;

enum record_statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_IMAGE_FIND,
    SQL_IMAGE_INSERT,
    SQL_IMAGE_REPLACE,
    SQL_IMAGE_DELETE,
    SQL_IMAGE_PAGE,
    SQL_NAME_CLAIM,
    SQL_NAME_FIND,
    SQL_NAME_TAKE_OVER,
    SQL_NAME_RELEASE,
    SQL_NAME_RELEASE_OLD,
    SQL_LEFTOVER_ADD,
    SQL_LEFTOVER_DELETE,
    SQL_LEFTOVER_PAGE,
    SQL_CRASH_FIND,
    SQL_CRASH_SET,
    SQL_CRASH_DELETE,
    SQL_PASSED_FIND,
    SQL_PASSED_SET,
    SQL_COUNTS_SET,
    SQL_IMAGES_SET,
    SQL_STATEMENTS
};

/* Texts that rows name by number: roots and workers. Numbers count from 1 without gaps. */
struct word {
    char *text;      // owned
    uint64_t digest; // of the text; part of the digest of every row that names it
};

struct words {
    const char *table;
    struct word *list; // [number - 1]
    uint32_t count, capacity;
    uint32_t last; // index found last
};

/* An image's row. Texts are SQLite's, valid until its statement is reset, or an arena's. */
struct record_row {
    int64_t root;
    struct text path;
    uint64_t size;
    int64_t mtime_ns;
    enum image_state state;
    int64_t run;     // number of the runs row
    uint64_t number; // of the image in that run
    int64_t recorded_ms;
    uint32_t width, height;
    uint64_t bytes_in, ms;
    int64_t worker; // 0: none
    uint32_t attempts, crashes;
    bool remembered; // failed, and not tried again while unchanged
    struct text error, warnings, outputs;
};

/* What a row's digest covers: its numbers, the digests of two words, four texts with their sizes.
 */
#define ROW_NUMBERS 15
#define ROW_ENCODED_MAX                                                                            \
    ((ROW_NUMBERS + 2 + 4) * 8 + JOB_PATH_SIZE + IMAGE_ERROR_SIZE + IMAGE_WARNINGS_SIZE +          \
     PACKED_MAX)

/* Which images were counted without a row of this run (fresh, failed earlier): a bit a number. */
#define PASSED_CHUNK_BYTES 4096
#define PASSED_CHUNK_NUMBERS (PASSED_CHUNK_BYTES * 8)

struct passed {
    uint8_t bits[PASSED_CHUNK_BYTES];
    uint64_t chunk;
    bool loaded, dirty;
};

/* What an earlier run has in common with this one, as bits. */
enum { SAME_OUTPUTS = 1, SAME_LIMITS = 2, SAME_FAIL_ON = 4 };

struct current_run {
    int64_t id; // of the runs row; 0: none started
    uint64_t run, epoch;
    struct run_options options;
    bool force, retry_failed;
    int64_t roots[ROOTS_MAX]; // numbers of words
    uint32_t root_count;
    uint8_t *same; // [runs id]: SAME_* bits; owned
    int64_t same_count;
    uint64_t counts[IMAGE_STATES];
    struct passed passed;
};

struct record {
    struct sqlite3 *db;
    enum record_mode mode;
    char path[JOB_PATH_SIZE];
    struct record_place place;
    struct sqlite3_stmt *statements[SQL_STATEMENTS];
    bool ready;           // to be written: everything was checked
    bool writing;         // a transaction is open
    struct reason broken; // not empty: why nothing can be written any more
    struct words roots, workers;
    uint64_t images;                 // rows, this transaction's included
    bool has_leftovers, has_crashes; // whether those tables may hold anything
    struct current_run run;
    uint8_t encoded[ROW_ENCODED_MAX];            // of a row, for its digest
    char names[SIZES_MAX][OUTPUT_PATH_SIZE];     // of the image at hand
    char old_names[SIZES_MAX][OUTPUT_PATH_SIZE]; // of its row before
    uint8_t packed[PACKED_MAX];
};

/* --- record_schema --- */

/* Raise it with every change of the tables; the recipe is in record_schema.c. */
#define RECORD_VERSION 1
#define RECORD_APPLICATION_ID 0x74686d6c // "thml"

/* Makes a new record in one step: it is there whole, or not. */
enum status record_create(const char *path, const struct record_place *place,
                          struct reason *why) MUST_USE;
/* What can be told before SQLite reads or writes anything: its header and its size. */
enum status record_check_header(struct record *record, struct reason *why) MUST_USE;
/* It is this destination's. Notes where the destination is now, when writing. */
enum status record_check_destination(struct record *record, struct reason *why) MUST_USE;

/* --- record_sql --- */

/* Prepared when first wanted. NULL: record_fail says why. */
struct sqlite3_stmt *record_statement(struct record *record, enum record_statement which);
/* Says what SQLite said last, as a line; nothing can be written after it. */
enum status record_fail(struct record *record, struct reason *why);
enum status record_damaged(struct record *record, struct reason *why, const char *what);
enum status record_exec(struct record *record, const char *sql, struct reason *why) MUST_USE;
/* One number out of one row. */
enum status record_number(struct record *record, const char *sql, int64_t *number,
                          struct reason *why) MUST_USE;
/* *row: whether there is one. Otherwise the statement is reset. */
enum status record_step(struct record *record, struct sqlite3_stmt *statement, bool *row,
                        struct reason *why) MUST_USE;
/* A step that gives no row. Resets. */
enum status record_done(struct record *record, struct sqlite3_stmt *statement,
                        struct reason *why) MUST_USE;
/* Opens a transaction unless one is open; STATUS_MACHINE when the record is broken or to be read.
 */
enum status record_begin(struct record *record, struct reason *why) MUST_USE;
void record_bind_text(struct sqlite3_stmt *statement, int index, struct text text);
struct text record_column_text(struct sqlite3_stmt *statement, int column);

/* --- record_words --- */

enum status words_load(struct record *record, struct words *words, const char *table,
                       struct reason *why) MUST_USE;
void words_clear(struct words *words);
/* The number of a text, made when missing. */
enum status words_number(struct record *record, struct words *words, struct text text,
                         int64_t *number, struct reason *why) MUST_USE;
/* The number of a text, or 0. */
int64_t words_find(struct words *words, struct text text);
/* NULL when there is none of that number. */
const struct word *words_at(const struct words *words, int64_t number);

/* --- record_row --- */

/* Finds an image's row; *found. Its texts live until row_release. */
enum status row_find(struct record *record, int64_t root, struct text path, struct record_row *row,
                     bool *found, struct reason *why) MUST_USE;
void row_release(struct record *record);
/* A row of SQL_IMAGE_PAGE or SQL_IMAGE_FIND. STATUS_MACHINE when its digest is not its own. */
enum status row_read(struct record *record, struct sqlite3_stmt *statement, struct record_row *row,
                     struct reason *why) MUST_USE;
/* *exists: nothing was written, there is such a row (only without `replace`). */
enum status row_write(struct record *record, const struct record_row *row, bool replace,
                      bool *exists, struct reason *why) MUST_USE;
bool row_is_about(const struct record_row *row, uint64_t size, int64_t mtime_ns);
/* Its outputs, with names into `names`. */
enum status row_outputs(struct record *record, const struct record_row *row,
                        char names[][OUTPUT_PATH_SIZE], struct output outputs[SIZES_MAX],
                        uint32_t *count, struct reason *why) MUST_USE;

/* --- record_names --- */

/* Fills record->names with what this run calls an image's outputs. STATUS_IMAGE with the reason. */
enum status names_make(struct record *record, struct text path, struct reason *why) MUST_USE;
/* Claims record->names. STATUS_IMAGE with the sentence (then none is claimed); *again: because the
 * same file was named before in this run. */
enum status names_claim_all(struct record *record, int64_t root, struct text path, uint64_t number,
                            bool *again, struct reason *why) MUST_USE;
/* The outputs of `old` that are not among the `count` in record->names become leftovers; what was a
 * leftover and is among them is one no more. `old` may be NULL. */
enum status names_settle(struct record *record, const struct record_row *old, uint32_t count,
                         struct reason *why) MUST_USE;

/* --- record_run --- */

/* Counts a number without a row, once. */
enum status run_pass(struct record *record, uint64_t number, enum image_state state, bool *first,
                     struct reason *why) MUST_USE;
enum status run_has_passed(struct record *record, uint64_t number, bool *has,
                           struct reason *why) MUST_USE;
/* SAME_* bits of the run a row is of. */
unsigned run_same(const struct record *record, int64_t run);
int64_t record_wall_ms(void);

/* --- record_write --- */

/* Puts a row, whose outputs are called record->names. Not *first: what it is about has a state,
 * from this run, or with `late` from any. */
enum status record_put(struct record *record, const struct record_row *row, bool late, bool *first,
                       struct reason *why) MUST_USE;
