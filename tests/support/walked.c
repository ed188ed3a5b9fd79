/* A walk for tests: started, collected, ended. */

#include "tests/support/walked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void walked_start(struct walked *walked)
{
    struct reason why;
    assert_int_equal(queue_open(&walked->queue, WALKED_QUEUE_CAPACITY, found_free, &why),
                     STATUS_OK);
    assert_int_equal(walk_start(&walked->walk, &walked->sources, walked->queue, &why), STATUS_OK);
}

static int by_path(const void *a, const void *b)
{
    const struct found *left = *(struct found *const *)a, *right = *(struct found *const *)b;
    return strcmp(left->path, right->path);
}

void walked_keep(struct walked *walked, void *item)
{
    if (walked->count == walked->capacity) {
        walked->capacity = walked->capacity ? 2 * walked->capacity : 16;
        walked->list = realloc(walked->list, walked->capacity * sizeof(struct found *));
        assert_non_null(walked->list);
    }
    walked->list[walked->count++] = item;
}

void walked_collect(struct walked *walked)
{
    void *item;
    for (;;) {
        assert_int_equal(queue_take(walked->queue, &item), STATUS_OK);
        if (((struct found *)item)->path == NULL)
            break; // the end mark
        walked_keep(walked, item);
    }
    found_free(item);
    walk_counts(walked->walk, &walked->counts);
    assert_true(walked->counts.walk_complete);
    if (walked->count > 0)
        qsort(walked->list, walked->count, sizeof(struct found *), by_path);
    assert_int_equal(walked->counts.enumerated, walked->count);
}

void walked_end(struct walked *walked)
{
    for (size_t i = 0; i < walked->count; i++)
        found_free(walked->list[i]);
    free(walked->list);
    queue_stop(walked->queue);
    walk_stop(&walked->walk);
    queue_close(&walked->queue);
    sources_close(&walked->sources);
}

const struct found *walked_find(const struct walked *walked, const char *path)
{
    for (size_t i = 0; i < walked->count; i++)
        if (strcmp(walked->list[i]->path, path) == 0)
            return walked->list[i];
    return NULL;
}
