#pragma once

/*
 * Where the head's paths lie on this host, and which paths of jobs may be opened at all. Pure.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"

/* --source-root and --dest-root: a tree that the head calls FROM is mounted at TO here. */
struct root_mapping {
    const char *from, *to;
};

/* Writes where the head's absolute path is here: the longest FROM that is a prefix of it on a
 * component's boundary is replaced by its TO; without one it stays. False when the result would
 * not fit, or the path has a NUL in it. */
bool mapping_apply(const struct root_mapping *mappings, uint32_t count, struct text path,
                   char out[PATH_MAX]);

/* A job's path names something below its root by its spelling alone: not empty, not absolute, no
 * "." or ".." or empty component, no NUL, shorter than JOB_PATH_SIZE. */
bool mapping_is_safe(struct text path);
