#pragma once

/* A folder of its own for a test, and what it wants in it. Failures end the test. */

#include <stddef.h>

#include "common/job.h"

struct temp_tree {
    char path[JOB_PATH_SIZE]; // resolved, below TMPDIR or /tmp
};

void temp_tree_open(struct temp_tree *tree);
void temp_tree_close(struct temp_tree *tree); // removes all of it

/* Each takes a path below the tree; folders above it are made. */
void temp_tree_folder(const struct temp_tree *tree, const char *path);
void temp_tree_file(const struct temp_tree *tree, const char *path, const char *content,
                    size_t size);
void temp_tree_link(const struct temp_tree *tree, const char *path, const char *target);

/* The absolute path of something in the tree, in one of a few buffers used in turn. */
const char *temp_tree_at(const struct temp_tree *tree, const char *path);
