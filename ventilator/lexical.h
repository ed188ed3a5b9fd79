#pragma once

/*
 * Paths as texts: "." and ".." and doubled slashes resolved without looking at any disk, and what
 * lies below what. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

/* Writes the absolute path that `path` means, seen from the absolute folder `from` (unused when
 * `path` is absolute): no ".", "..", doubled or trailing slash. ".." above "/" is "/".
 * False when it would not fit `size`. */
bool lexical_absolute(char *out, size_t size, const char *from, const char *path);

/* What remains of `path` below `folder` (both as lexical_absolute writes them), without a leading
 * slash; "" for the folder itself. NULL when it lies elsewhere. Points into `path`. */
const char *lexical_below(const char *folder, const char *path);
