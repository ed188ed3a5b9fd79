/*
 * Roots and workers: texts that many rows name by number. All of them are kept in memory: a run has
 * at most ROOTS_MAX roots and WORKERS_MAX workers at once, and names come back.
 */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/record_internal.h"
#include "sink/siphash.h"

#define FIRST_WORDS 16
#define SQL_SIZE 96

static uint64_t digest_of(struct text text)
{
    static const uint8_t key[SIPHASH_KEY_SIZE] = "thumbmill words";
    uint8_t digest[SIPHASH_SIZE];
    uint64_t half;
    siphash(key, text.bytes, text.size, digest);
    memcpy(&half, digest, sizeof half);
    return half;
}

static enum status add(struct words *words, struct text text)
{
    if (words->count == words->capacity) {
        const uint32_t capacity = words->capacity ? 2 * words->capacity : FIRST_WORDS;
        struct word *list = realloc(words->list, capacity * sizeof *list);
        if (!list)
            return STATUS_MACHINE;
        words->list = list;
        words->capacity = capacity;
    }
    char *copy = malloc((size_t)text.size + 1);
    if (!copy)
        return STATUS_MACHINE;
    text_copy(copy, (size_t)text.size + 1, text);
    words->list[words->count++] = (struct word){copy, digest_of(text)};
    return STATUS_OK;
}

void words_clear(struct words *words)
{
    for (uint32_t i = 0; i < words->count; i++)
        free(words->list[i].text);
    free(words->list);
    *words = (struct words){0};
}

/* Reads what the table has beyond what is known. */
static enum status read_more(struct record *record, struct words *words, sqlite3_stmt *statement,
                             struct reason *why)
{
    bool row;
    sqlite3_bind_int64(statement, 1, words->count);
    enum status status;
    while ((status = record_step(record, statement, &row, why)) == STATUS_OK && row) {
        if (sqlite3_column_int64(statement, 0) != (int64_t)words->count + 1)
            return record_damaged(record, why, "a root or a worker is missing");
        if (add(words, record_column_text(statement, 1)) != STATUS_OK)
            return reason_set(why, STATUS_MACHINE, "no memory for roots and workers");
    }
    return status;
}

enum status words_load(struct record *record, struct words *words, const char *table,
                       struct reason *why)
{
    char sql[SQL_SIZE];
    words->table = table;
    snprintf(sql, sizeof sql, "SELECT id, text FROM %s WHERE id > ? ORDER BY id", table);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    const enum status status = read_more(record, words, statement, why);
    sqlite3_finalize(statement);
    return status;
}

static bool is_text(const struct word *word, uint64_t digest, struct text text)
{
    return word->digest == digest && strlen(word->text) == text.size &&
           memcmp(word->text, text.bytes, text.size) == 0;
}

int64_t words_find(struct words *words, struct text text)
{
    const uint64_t digest = digest_of(text);
    if (words->last < words->count && is_text(&words->list[words->last], digest, text))
        return words->last + 1;
    for (uint32_t i = 0; i < words->count; i++) {
        if (is_text(&words->list[i], digest, text)) {
            words->last = i;
            return i + 1;
        }
    }
    return 0;
}

enum status words_number(struct record *record, struct words *words, struct text text,
                         int64_t *number, struct reason *why)
{
    char sql[SQL_SIZE];
    *number = words_find(words, text);
    if (*number != 0)
        return STATUS_OK;
    snprintf(sql, sizeof sql, "INSERT INTO %s (id, text) VALUES (?, ?)", words->table);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(record->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return record_fail(record, why);
    sqlite3_bind_int64(statement, 1, (int64_t)words->count + 1);
    sqlite3_bind_text(statement, 2, text.bytes, (int)text.size, SQLITE_STATIC);
    enum status status = record_done(record, statement, why);
    sqlite3_finalize(statement);
    if (status == STATUS_OK && add(words, text) != STATUS_OK)
        status = reason_set(why, STATUS_MACHINE, "no memory for roots and workers");
    *number = words->count;
    return status;
}

const struct word *words_at(const struct words *words, int64_t number)
{
    return number >= 1 && number <= (int64_t)words->count ? &words->list[number - 1] : NULL;
}
