#pragma once

/*
 * A record in a folder of its own, and short ways to run, ask and record in it. Failures end the
 * test. Sources are only names; outputs are files below DEST, made by kit_made.
 */

#include "sink/record.h"
#include "tests/support/temp_tree.h"

struct record_kit {
    struct temp_tree tree;
    char file[JOB_PATH_SIZE]; // of the record
    char dest[JOB_PATH_SIZE];
    struct run_options options;
    bool force, retry_failed;
    struct record *record;
    uint64_t run; // number of the run last begun; its epoch is 1
};

void kit_open(struct record_kit *kit); // a folder with a DEST; no record yet
void kit_close(struct record_kit *kit);

/* Opens the record to be written, when it is not, and starts run `run` on the roots /a and /b. */
void kit_run(struct record_kit *kit, uint64_t run);
void kit_run_epoch(struct record_kit *kit, uint64_t run, uint64_t epoch);
/* Commits and closes. */
void kit_rest(struct record_kit *kit);

/* An image as the walk found it: sizes and times are derived from the path, so that it stays the
 * same; `age` 0 is untouched. */
struct ask_entry kit_entry(uint64_t number, uint32_t root, const char *path, int age);

struct record_answer kit_ask(struct record_kit *kit, const struct ask_entry *entry);
/* Writes the outputs that the image has now, and records it as made. Returns *first. */
bool kit_made(struct record_kit *kit, const struct ask_entry *entry);
/* The same with all said: no error and no files for a failed one. */
bool kit_result(struct record_kit *kit, uint64_t run, uint64_t epoch, const struct ask_entry *entry,
                enum image_state state, const char *error);
bool kit_outcome(struct record_kit *kit, const struct ask_entry *entry, enum image_state state,
                 const char *error);

/* Expects this verdict, and that it counts or not. */
void kit_expect(struct record_kit *kit, const struct ask_entry *entry, enum verdict verdict,
                bool first);
/* Expects these counts of the run. */
void kit_expect_counts(struct record_kit *kit, uint64_t made, uint64_t damaged, uint64_t fresh,
                       uint64_t failed, uint64_t quarantined);

/* All images as lines of text, in the record's order, in a buffer the caller frees; NULL when the
 * record could not be read, with the reason. */
char *kit_listing(struct record *record, struct reason *why);
/* The same of a record that is opened for it. */
char *kit_listing_of(const struct record_kit *kit, struct reason *why);

/* A file's bytes, to be freed. */
char *kit_read_file(const char *path, size_t *size);
void kit_write_file(const char *path, const char *bytes, size_t size);
