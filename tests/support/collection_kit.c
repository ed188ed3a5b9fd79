/* See collection_kit.h. */

#include "tests/support/collection_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define NS_PER_S 1000000000LL
#define PATH_SIZE 24 // of an image "N.png", and of its output "N.jpg"

struct collection_kit kit;

static void observe(void *context, enum image_state state, const char *source, const char *error)
{
    (void)context;
    kit.told.count++;
    kit.told.state = state;
    snprintf(kit.told.source, sizeof kit.told.source, "%s", source);
    snprintf(kit.told.error, sizeof kit.told.error, "%s", error);
}

const struct collection_observer kit_observer = {observe, NULL};

static void must(enum status status)
{
    if (status != STATUS_OK)
        fail_msg("%s", kit.why.text);
}

int kit_set_up(void **state)
{
    (void)state;
    memset(&kit, 0, sizeof kit);
    temp_tree_open(&kit.tree);
    temp_tree_folder(&kit.tree, "dest/.thumbmill");
    snprintf(kit.dest, sizeof kit.dest, "%s", temp_tree_at(&kit.tree, "dest"));
    struct run_setup *setup = &kit.start.setup;
    run_options_init(&setup->options);
    strcpy(setup->options.output, "%s.jpg");
    setup->dest = text_of(kit.dest);
    setup->root_count = 2;
    setup->roots[0] = text_of("/photos");
    setup->roots[1] = text_of("/");
    kit_begin(7, 8);
    return 0;
}

int kit_tear_down(void **state)
{
    (void)state;
    collection_close(&kit.collection);
    collection_close(&kit.collection);
    temp_tree_close(&kit.tree);
    return 0;
}

void kit_rest(void)
{
    must(collection_commit(kit.collection, &kit.why));
    collection_close(&kit.collection);
}

void kit_die(void)
{
    collection_close(&kit.collection);
}

void kit_begin(uint64_t run, uint64_t epoch)
{
    kit.run = (struct envelope){.type = MSG_START, .run = run, .epoch = epoch, .sender = 9};
    kit.ask.count = 0;
    kit.ask.known = (struct dispatch_counts){0};
    must(collection_open(&kit.collection, &kit.run, &kit.start, NULL, &kit_observer, KIT_BEGIN,
                         &kit.why));
}

void kit_add(uint64_t number, uint32_t root, const char *path)
{
    kit.ask.known.enumerated++;
    kit.ask.entries[kit.ask.count++] =
        (struct ask_entry){.number = number, .root = root, .path = text_of(path), .size = KIT_SIZE};
}

void kit_ask(usec now)
{
    must(collection_ask(kit.collection, &kit.ask, &kit.answer, now, &kit.why));
    assert_int_equal(kit.answer.count, kit.ask.count);
}

void kit_ask_about(uint32_t count)
{
    static char paths[ASK_MAX][PATH_SIZE];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof paths[i], "%u.png", i + 1);
        kit_add(i + 1, 0, paths[i]);
    }
    kit_ask(KIT_BEGIN);
}

void kit_expect_verdict(uint64_t number, enum verdict verdict)
{
    for (uint32_t i = 0; i < kit.answer.count; i++)
        if (kit.answer.entries[i].number == number) {
            assert_int_equal(kit.answer.entries[i].verdict, verdict);
            return;
        }
    fail_msg("no answer about image %u", (unsigned)number);
}

void kit_expect_detail(uint32_t index, const char *beginning)
{
    char detail[IMAGE_ERROR_SIZE];
    text_copy(detail, sizeof detail, kit.answer.entries[index].detail);
    if (strncmp(detail, beginning, strlen(beginning)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", detail, beginning);
}

static struct output place_output(uint64_t job)
{
    char path[sizeof "dest/" + PATH_SIZE];
    struct stat found;
    snprintf(path, sizeof path, "dest/%u.jpg", (unsigned)job);
    const char *full = temp_tree_at(&kit.tree, path);
    if (stat(full, &found) != 0) { // made again by another worker it would be the same
        temp_tree_file(&kit.tree, path, "jpg", 3);
        assert_int_equal(stat(full, &found), 0);
    }
    return (struct output){.width = 1,
                           .height = 1,
                           .bytes = (uint64_t)found.st_size,
                           .mtime_ns = found.st_mtim.tv_sec * NS_PER_S + found.st_mtim.tv_nsec};
}

struct result_message kit_result(uint64_t job, enum image_state state)
{
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%u.png", (unsigned)job);
    struct result_message message = {.worker = text_of("w"),
                                     .slots = 1,
                                     .path = text_of(path),
                                     .error = text_of(state == IMAGE_FAILED ? "is broken" : ""),
                                     .warnings = text_of("is odd")};
    message.result.job = (struct job){.id = job, .attempt = 1, .size = KIT_SIZE};
    message.result.state = state;
    if (state != IMAGE_FAILED) {
        message.result.output_count = 1;
        message.result.outputs[0] = place_output(job);
    }
    return message;
}

enum status kit_give_from(uint64_t run, uint64_t epoch, const struct result_message *message)
{
    const struct envelope from = {.type = MSG_RESULT, .run = run, .epoch = epoch, .sender = 5};
    return collection_result(kit.collection, &from, message, KIT_BEGIN, &kit.why);
}

enum status kit_give(const struct result_message *message, usec now)
{
    const struct envelope from = {
        .type = MSG_RESULT, .run = kit.run.run, .epoch = kit.run.epoch, .sender = 5};
    return collection_result(kit.collection, &from, message, now, &kit.why);
}

void kit_expect(uint64_t made, uint64_t fresh, uint64_t failed)
{
    collection_summary(kit.collection, &kit.summary);
    assert_int_equal(kit.summary.states[IMAGE_MADE], made);
    assert_int_equal(kit.summary.states[IMAGE_FRESH], fresh);
    assert_int_equal(kit.summary.states[IMAGE_FAILED], failed);
}

void kit_finish(uint64_t enumerated)
{
    const struct dispatch_counts counts = {.enumerated = enumerated, .walk_complete = true};
    must(collection_finish(kit.collection, &counts, &kit.why));
}
