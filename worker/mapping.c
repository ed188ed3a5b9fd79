/*
 * Prefixes of paths, by components: FROM /photos matches /photos and /photos/a, not /photos2.
 */

#include "worker/mapping.h"

#include <stdio.h>
#include <string.h>

/* Bytes of `from` without its trailing slashes; 0 for the root itself. */
static size_t prefix_size(const char *from)
{
    size_t size = strlen(from);
    while (size > 0 && from[size - 1] == '/')
        size--;
    return size;
}

static bool matches(const char *from, struct text path)
{
    size_t size = prefix_size(from);
    return size <= path.size && memcmp(from, path.bytes, size) == 0 &&
           (size == path.size || path.bytes[size] == '/');
}

bool mapping_apply(const struct root_mapping *mappings, uint32_t count, struct text path,
                   char out[PATH_MAX])
{
    const struct root_mapping *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (matches(mappings[i].from, path) &&
            (best == NULL || prefix_size(mappings[i].from) > prefix_size(best->from)))
            best = &mappings[i];
    }
    if (memchr(path.bytes, '\0', path.size) != NULL || path.size >= PATH_MAX)
        return false;
    size_t cut = best == NULL ? 0 : prefix_size(best->from);
    size_t kept = best == NULL ? 0 : prefix_size(best->to);
    int size = snprintf(out, PATH_MAX, "%.*s%.*s", (int)kept, best == NULL ? "" : best->to,
                        (int)(path.size - cut), path.bytes + cut);
    if (size == 0) // FROM itself, mapped to the root
        size = snprintf(out, PATH_MAX, "/");
    return size < PATH_MAX;
}

static bool component_is_safe(const char *bytes, size_t size)
{
    bool dots = (size == 1 && bytes[0] == '.') || (size == 2 && memcmp(bytes, "..", 2) == 0);
    return size > 0 && !dots;
}

bool mapping_is_safe(struct text path)
{
    if (path.size == 0 || path.size >= JOB_PATH_SIZE || memchr(path.bytes, '\0', path.size) != NULL)
        return false;
    size_t start = 0;
    for (size_t i = 0; i <= path.size; i++) {
        if (i < path.size && path.bytes[i] != '/')
            continue;
        if (!component_is_safe(path.bytes + start, i - start))
            return false;
        start = i + 1;
    }
    return true;
}
