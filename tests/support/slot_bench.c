/* The bench of slots: what a crew opens, opened by hand. */

#include "tests/support/slot_bench.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define INCARNATION 0xabcdef
#define MEMORY (800 * 1000)

struct bench bench;

static void discard(void *item)
{
    (void)item; // the bench owns the tasks
}

void slots_open_pool(const char *decoder)
{
    struct reason why;
    struct decoder_setup setup = {.record = DECODER_SETUP,
                                  .protocol = DECODER_PROTOCOL,
                                  .options = bench.shop.options,
                                  .saver = ".jpg"};
    assert_int_equal(decoder_pool_open(&bench.shop.decoders, decoder, &setup, &why), STATUS_OK);
}

int slots_set_up(void **state)
{
    (void)state;
    struct reason why;
    memset(&bench, 0, sizeof bench);
    struct workshop *shop = &bench.shop;
    temp_tree_open(&bench.tree);
    temp_tree_folder(&bench.tree, "src");
    temp_tree_file(&bench.tree, "dest/.thumbmill/token", "secret\n", 7);
    bench.roots[0] = strdup(temp_tree_at(&bench.tree, "src"));
    bench.roots[1] = strdup(temp_tree_at(&bench.tree, "absent"));
    shop->roots = bench.roots;
    shop->root_count = 2;
    run_options_init(&shop->options);
    shop->options.size_count = 0;
    assert_int_equal(options_add_sizes(&shop->options, "64,9x9", &why), STATUS_OK);
    assert_int_equal(queue_open(&shop->jobs, TASKS_MAX, discard, &why), STATUS_OK);
    assert_int_equal(queue_open(&shop->finished, TASKS_MAX, discard, &why), STATUS_OK);
    assert_int_equal(admission_open(&shop->admission, MEMORY, 4, &why), STATUS_OK);
    assert_int_equal(destination_open(&shop->destination, temp_tree_at(&bench.tree, "dest"),
                                      "secret", INCARNATION, false, &why),
                     STATUS_OK);
    assert_int_equal(trouble_open(&shop->trouble, &why), STATUS_OK);
    slots_open_pool(FAKE_DECODER);
    atomic_store(&shop->lease_until, INT64_MAX);
    return 0;
}

void slots_start(uint32_t count)
{
    struct reason why;
    bench.slot_count = count;
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(slot_start(&bench.slots[i], &bench.shop, i, &why), STATUS_OK);
}

void slots_stop(void)
{
    atomic_store(&bench.shop.stopping, true);
    queue_stop(bench.shop.jobs);
    queue_stop(bench.shop.finished);
    admission_stop(bench.shop.admission);
    decoder_pool_stop(bench.shop.decoders);
    for (uint32_t i = 0; i < bench.slot_count; i++)
        slot_stop(&bench.slots[i]);
}

int slots_tear_down(void **state)
{
    (void)state;
    struct workshop *shop = &bench.shop;
    slots_stop();
    decoder_pool_close(&shop->decoders);
    destination_close(&shop->destination);
    assert_int_not_equal(access(temp_tree_at(&bench.tree, SLOTS_ASIDE), F_OK), 0);
    trouble_close(&shop->trouble);
    admission_close(&shop->admission);
    queue_close(&shop->finished);
    queue_close(&shop->jobs);
    for (uint32_t i = 0; i < bench.task_count; i++)
        task_close(&bench.tasks[i]);
    free(bench.roots[0]);
    free(bench.roots[1]);
    temp_tree_close(&bench.tree);
    return 0;
}

/* Puts a job for the path (below its root) into the queue. */
struct task *slots_offer_path(uint32_t root, const char *path)
{
    uint32_t number = bench.task_count++;
    assert_in_range(number, 0, TASKS_MAX - 1);
    struct job_message job = {
        .attempt = {.job = number + 1, .attempt = 1}, .root = root, .path = text_of(path)};
    struct task *task = task_open(&job, clock_now());
    bench.tasks[number] = task;
    void *item = task;
    assert_int_equal(queue_put(bench.shop.jobs, &item), STATUS_OK);
    return task;
}

/* The same, for a file that is made with this content. */
struct task *slots_offer(const char *path, const char *content)
{
    char below[PATH_MAX];
    snprintf(below, sizeof below, "src/%s", path);
    temp_tree_file(&bench.tree, below, content, strlen(content));
    return slots_offer_path(0, path);
}

struct task *slots_take(void)
{
    void *item = NULL;
    assert_int_equal(queue_take(bench.shop.finished, &item), STATUS_OK);
    return item;
}

void slots_assert_output(const char *path, const char *content)
{
    char below[PATH_MAX], found[256];
    snprintf(below, sizeof below, "dest/%s", path);
    int fd = open(temp_tree_at(&bench.tree, below), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t size = read(fd, found, sizeof found);
    close(fd);
    assert_int_equal(size, strlen(content));
    assert_memory_equal(found, content, (size_t)size);
}

void slots_assert_no_output(const char *path)
{
    char below[PATH_MAX];
    snprintf(below, sizeof below, "dest/%s", path);
    assert_int_not_equal(access(temp_tree_at(&bench.tree, below), F_OK), 0);
}

void slots_assert_made(const struct task *task)
{
    assert_int_equal(task->fate, FATE_RESULT);
    assert_string_equal(task->result.error, "");
    assert_int_equal(task->result.state, IMAGE_MADE);
    assert_int_equal(task->result.output_count, 2);
}

void slots_assert_returned(const struct task *task, enum return_reason reason, const char *detail)
{
    assert_int_equal(task->fate, FATE_RETURN);
    assert_int_equal(task->reason, reason);
    assert_string_equal(task->detail.text, detail);
}

/* A FIFO that a decoder waits on: slots_until_decoder_waits() returns once it does. */
static const char *make_fifo(void)
{
    const char *path = temp_tree_at(&bench.tree, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    return path;
}

int slots_until_decoder_waits(void)
{
    int fd = open(temp_tree_at(&bench.tree, "fifo"), O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

struct task *slots_offer_waiting(const char *path)
{
    char content[PATH_MAX];
    snprintf(content, sizeof content, "WAIT %s", make_fifo());
    return slots_offer(path, content);
}
