#pragma once

/*
 * Slots of a worker for tests: a crew without its keeper, with a decoder that is not the decoder,
 * over a tree of its own. Whatever fails ends the test.
 */

#include "tests/support/temp_tree.h"
#include "worker/slot.h"
#include "worker/task.h"

#define SLOTS_MAX 8
#define TASKS_MAX 64
#define SLOTS_ASIDE "dest/.thumbmill/tmp/0000000000abcdef"

struct bench {
    struct temp_tree tree;
    struct workshop shop;
    char *roots[2];
    struct slot *slots[SLOTS_MAX];
    uint32_t slot_count;
    struct task *tasks[TASKS_MAX];
    uint32_t task_count;
};

/* The one of the running test. */
extern struct bench bench;

/* Around each test; no slot runs yet. */
int slots_set_up(void **state);
int slots_tear_down(void **state);
void slots_open_pool(const char *decoder);
void slots_start(uint32_t count);
void slots_stop(void);

/* Puts a job for the path (below its root) into the queue. */
struct task *slots_offer_path(uint32_t root, const char *path);
/* The same, for a file that is made with this content. */
struct task *slots_offer(const char *path, const char *content);
/* The same, for an image whose decoder waits until the descriptor is closed that
 * slots_until_decoder_waits() returns. */
struct task *slots_offer_waiting(const char *path);
int slots_until_decoder_waits(void);
/* Waits for a task whose fate is decided. */
struct task *slots_take(void);

void slots_assert_made(const struct task *task);
void slots_assert_returned(const struct task *task, enum return_reason reason, const char *detail);
void slots_assert_output(const char *path, const char *content);
void slots_assert_no_output(const char *path);
