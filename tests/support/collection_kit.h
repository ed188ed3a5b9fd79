#pragma once

/*
 * A collection to test, with its DEST in a folder of its own, and short ways to ask and to tell.
 * Roots are "/photos" and "/"; an image N is "N.png" in the first, unless it is given another path;
 * outputs are called "%s.jpg". Failures end the test.
 */

#include "sink/collection.h"
#include "tests/support/temp_tree.h"

#define KIT_SIZE 10 // bytes of each image
#define KIT_BEGIN 100

struct collection_kit {
    struct temp_tree tree;
    char dest[JOB_PATH_SIZE];
    struct collection *collection;
    struct envelope run; // of the collection
    struct start start;
    struct ask ask; // to be asked next
    struct answer answer;
    struct summary summary;
    struct reason why;
    struct { // what the observer was told last, and how often
        int count;
        enum image_state state;
        char source[JOB_PATH_SIZE], error[IMAGE_ERROR_SIZE];
    } told;
};
extern struct collection_kit kit;
extern const struct collection_observer kit_observer;

int kit_set_up(void **state); // of each test: run 7, epoch 8, begun at KIT_BEGIN
int kit_tear_down(void **state);

/* Commits and closes. */
void kit_rest(void);
/* Closes, without a commit. */
void kit_die(void);
/* Begins this run, or goes on with it; nothing is asked yet. */
void kit_begin(uint64_t run, uint64_t epoch);

void kit_add(uint64_t number, uint32_t root, const char *path);
void kit_ask(usec now);
/* Asks about images 1 to `count`. */
void kit_ask_about(uint32_t count);
/* The answers begin so. */
void kit_expect_verdict(uint64_t number, enum verdict verdict);
void kit_expect_detail(uint32_t index, const char *beginning);

/* A result of image `job`, valid until the next; unless it failed its output is placed in DEST. */
struct result_message kit_result(uint64_t job, enum image_state state);
enum status kit_give(const struct result_message *message, usec now);
enum status kit_give_from(uint64_t run, uint64_t epoch, const struct result_message *message);

/* Expects the counts of the summary. */
void kit_expect(uint64_t made, uint64_t fresh, uint64_t failed);
/* Says FINISH, and expects agreement. */
void kit_finish(uint64_t enumerated);
