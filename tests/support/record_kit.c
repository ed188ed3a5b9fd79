/* See record_kit.h. */

#include "tests/support/record_kit.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/naming.h"

static void must(enum status status, const struct reason *why)
{
    if (status != STATUS_OK)
        fail_msg("%s", why->text);
}

void kit_open(struct record_kit *kit)
{
    *kit = (struct record_kit){0};
    temp_tree_open(&kit->tree);
    temp_tree_folder(&kit->tree, "dest");
    snprintf(kit->file, sizeof kit->file, "%s", temp_tree_at(&kit->tree, "record.sqlite"));
    snprintf(kit->dest, sizeof kit->dest, "%s", temp_tree_at(&kit->tree, "dest"));
    run_options_init(&kit->options);
}

void kit_close(struct record_kit *kit)
{
    record_close(&kit->record);
    temp_tree_close(&kit->tree);
}

void kit_run_epoch(struct record_kit *kit, uint64_t run, uint64_t epoch)
{
    const struct text roots[] = {text_of("/a"), text_of("/b")};
    struct reason why;
    if (!kit->record)
        must(record_open(&kit->record, kit->file, kit->dest, RECORD_WRITE, &why), &why);
    kit->run = run;
    must(record_start(kit->record,
                      &(struct record_run){.run = run,
                                           .epoch = epoch,
                                           .options = &kit->options,
                                           .roots = roots,
                                           .root_count = 2,
                                           .force = kit->force,
                                           .retry_failed = kit->retry_failed},
                      &why),
         &why);
}

void kit_run(struct record_kit *kit, uint64_t run)
{
    kit_run_epoch(kit, run, 1);
}

void kit_rest(struct record_kit *kit)
{
    struct reason why;
    must(record_commit(kit->record, &why), &why);
    record_close(&kit->record);
}

struct ask_entry kit_entry(uint64_t number, uint32_t root, const char *path, int age)
{
    return (struct ask_entry){.number = number,
                              .root = root,
                              .path = text_of(path),
                              .size = 1000 + strlen(path),
                              .mtime_ns = 1600000000000000000 + age};
}

struct record_answer kit_ask(struct record_kit *kit, const struct ask_entry *entry)
{
    struct record_answer answer;
    struct reason why;
    must(record_ask(kit->record, entry, &answer, &why), &why);
    return answer;
}

/* Makes the files an image is given, and says how they are. */
static void make_outputs(struct record_kit *kit, struct result *result, const char *path)
{
    char name[OUTPUT_PATH_SIZE], below[OUTPUT_PATH_SIZE + 8];
    struct reason why;
    struct stat made;
    for (uint32_t i = 0; i < kit->options.size_count; i++) {
        must(naming_output(&kit->options, path, i, name, &why), &why);
        snprintf(below, sizeof below, "dest/%s", name);
        (void)unlink(temp_tree_at(&kit->tree, below)); // a worker's rename replaces it as well
        temp_tree_file(&kit->tree, below, path, strlen(path));
        assert_int_equal(stat(temp_tree_at(&kit->tree, below), &made), 0);
        result->outputs[i] = (struct output){
            .width = 256,
            .height = 100 + i,
            .bytes = (uint64_t)made.st_size,
            .mtime_ns = made.st_mtim.tv_sec * 1000000000 + made.st_mtim.tv_nsec,
        };
    }
    result->output_count = kit->options.size_count;
}

bool kit_result(struct record_kit *kit, uint64_t run, uint64_t epoch, const struct ask_entry *entry,
                enum image_state state, const char *error)
{
    static struct result_message message; // large
    struct reason why;
    bool first;
    memset(&message, 0, sizeof message);
    message.worker = text_of("worker-1");
    message.path = entry->path;
    message.error = text_of(error);
    message.warnings = text_of(state == IMAGE_DAMAGED ? "it was cut short" : "");
    message.result = (struct result){.state = state, .width = 4000, .height = 3000, .busy = 12345};
    message.result.job = (struct job){.id = entry->number,
                                      .attempt = 1,
                                      .root = entry->root,
                                      .size = entry->size,
                                      .mtime_ns = entry->mtime_ns};
    message.result.bytes_in = entry->size;
    if (state != IMAGE_FAILED)
        make_outputs(kit, &message.result, entry->path.bytes);
    const struct envelope from = {.run = run, .epoch = epoch};
    must(record_result(kit->record, &from, &message, &first, &why), &why);
    return first;
}

bool kit_made(struct record_kit *kit, const struct ask_entry *entry)
{
    return kit_result(kit, kit->run, 1, entry, IMAGE_MADE, "");
}

bool kit_outcome(struct record_kit *kit, const struct ask_entry *entry, enum image_state state,
                 const char *error)
{
    struct reason why;
    bool first;
    const struct outcome outcome = {.job = entry->number,
                                    .attempt = 2,
                                    .state = state,
                                    .root = entry->root,
                                    .path = entry->path,
                                    .size = entry->size,
                                    .mtime_ns = entry->mtime_ns,
                                    .error = text_of(error)};
    must(record_outcome(kit->record, &outcome, &first, &why), &why);
    return first;
}

void kit_expect(struct record_kit *kit, const struct ask_entry *entry, enum verdict verdict,
                bool first)
{
    const struct record_answer answer = kit_ask(kit, entry);
    if (answer.verdict != verdict || answer.first != first)
        fail_msg("%s: verdict %d, counted %d; expected %d, %d: %s", entry->path.bytes,
                 answer.verdict, answer.first, verdict, first, answer.detail);
}

void kit_expect_counts(struct record_kit *kit, uint64_t made, uint64_t damaged, uint64_t fresh,
                       uint64_t failed, uint64_t quarantined)
{
    uint64_t counts[IMAGE_STATES];
    record_counts(kit->record, counts);
    assert_int_equal(counts[IMAGE_MADE], made);
    assert_int_equal(counts[IMAGE_DAMAGED], damaged);
    assert_int_equal(counts[IMAGE_FRESH], fresh);
    assert_int_equal(counts[IMAGE_FAILED], failed);
    assert_int_equal(counts[IMAGE_QUARANTINED], quarantined);
}

static bool add_line(void *context, const struct record_image *image)
{
    FILE *out = context;
    fprintf(out,
            "%s/%s %s %" PRIu64 " %" PRId64 " '%s' '%s' %ux%u %" PRIu64 " %" PRIu64 " %s %u %u",
            image->root, image->path, image_state_name(image->state), image->size, image->mtime_ns,
            image->error, image->warnings, image->width, image->height, image->bytes_in, image->ms,
            image->worker, image->attempts, image->crashes);
    for (uint32_t i = 0; i < image->output_count; i++)
        fprintf(out, " %s=%ux%u,%" PRIu64 ",%" PRId64, image->outputs[i].path,
                image->outputs[i].output.width, image->outputs[i].output.height,
                image->outputs[i].output.bytes, image->outputs[i].output.mtime_ns);
    fprintf(out, "\n");
    return true;
}

char *kit_listing(struct record *record, struct reason *why)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    const enum status status = record_each(record, RECORD_ALL, add_line, out, why);
    assert_int_equal(fclose(out), 0);
    if (status == STATUS_OK)
        return text;
    assert_true(why->text[0] != '\0');
    free(text);
    return NULL;
}

char *kit_listing_of(const struct record_kit *kit, struct reason *why)
{
    struct record *record = NULL;
    if (record_open(&record, kit->file, NULL, RECORD_READ, why) != STATUS_OK)
        return NULL;
    char *text = kit_listing(record, why);
    record_close(&record);
    return text;
}

char *kit_read_file(const char *path, size_t *size)
{
    struct stat found;
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fstat(fileno(in), &found), 0);
    *size = (size_t)found.st_size;
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, in), *size);
    assert_int_equal(fclose(in), 0);
    return bytes;
}

void kit_write_file(const char *path, const char *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}
