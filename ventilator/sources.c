/*
 * The sources as resolved values: roots without links in them, so that "inside DEST" and "the same
 * folder" are comparisons of texts from here on. A file named by a link is the file it leads to.
 */

#include "ventilator/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ventilator/lexical.h"

static enum status no_memory(struct reason *why)
{
    (void)reason_set(why, STATUS_MACHINE, "no memory for the list of sources");
    return STATUS_MACHINE;
}

static enum status cannot_resolve(const char *given, int error, struct reason *why)
{
    return reason_set(why, STATUS_MACHINE, "%s: %s", given,
                      error == ENOENT ? "no such file or folder" : strerror(error));
}

/* The index of a root, which is added when it is new. Takes *path. */
static enum status add_root(struct sources *sources, char **path, uint32_t *root,
                            struct reason *why)
{
    for (*root = 0; *root < sources->root_count; (*root)++)
        if (strcmp(sources->roots[*root], *path) == 0) {
            free(*path);
            *path = NULL;
            return STATUS_OK;
        }
    if (sources->root_count == ROOTS_MAX)
        return reason_set(why, STATUS_USAGE,
                          "%s: sources from more than %d folders; name a folder above them, or"
                          " list them with --files-from",
                          *path, ROOTS_MAX);
    sources->roots[sources->root_count++] = *path;
    *path = NULL;
    return STATUS_OK;
}

static bool is_listed_folder(const struct sources *sources, uint32_t root)
{
    for (uint32_t i = 0; i < sources->count; i++)
        if (sources->list[i].kind == SOURCE_FOLDER && sources->list[i].root == root)
            return true;
    return false;
}

/* Appends a source; there is room for it. Takes *path, which may be NULL. */
static enum status append(struct sources *sources, enum source_kind kind, uint32_t root,
                          char **path, const char *given, struct reason *why)
{
    char *copy = strdup(given);
    if (!copy)
        return no_memory(why);
    sources->list[sources->count++] =
        (struct source){.kind = kind, .root = root, .path = *path, .given = copy};
    *path = NULL;
    return STATUS_OK;
}

/* Takes *real, the resolved folder. */
static enum status add_folder(struct sources *sources, char **real, const char *given,
                              struct reason *why)
{
    uint32_t root;
    char *none = NULL;
    const enum status status = add_root(sources, real, &root, why);
    if (status != STATUS_OK || is_listed_folder(sources, root))
        return status;
    return append(sources, SOURCE_FOLDER, root, &none, given, why);
}

/* Takes *real, the resolved file: its folder becomes the root. */
static enum status add_file(struct sources *sources, char **real, const char *given,
                            struct reason *why)
{
    char *slash = strrchr(*real, '/');
    char *name = strdup(slash + 1);
    if (!name)
        return no_memory(why);
    slash[slash == *real ? 1 : 0] = '\0';
    uint32_t root;
    enum status status = add_root(sources, real, &root, why);
    if (status == STATUS_OK)
        status = append(sources, SOURCE_FILE, root, &name, given, why);
    free(name);
    return status;
}

static enum status refuse_inside_dest(const struct sources *sources, const char *real,
                                      const char *given, struct reason *why)
{
    if (!lexical_below(sources->dest, real))
        return STATUS_OK;
    return reason_set(why, STATUS_USAGE,
                      "%s: lies inside the destination %s; choose a destination elsewhere", given,
                      sources->dest);
}

static enum status add_source(struct sources *sources, const char *given, struct reason *why)
{
    char *real = realpath(given, NULL);
    struct stat status_of_it;
    if (!real || stat(real, &status_of_it) != 0) {
        const int error = errno;
        free(real);
        return cannot_resolve(given, error, why);
    }
    enum status status = refuse_inside_dest(sources, real, given, why);
    if (status == STATUS_OK && S_ISDIR(status_of_it.st_mode))
        status = add_folder(sources, &real, given, why);
    else if (status == STATUS_OK && S_ISREG(status_of_it.st_mode))
        status = add_file(sources, &real, given, why);
    else if (status == STATUS_OK)
        status = reason_set(why, STATUS_MACHINE, "%s: neither a folder nor a regular file", given);
    free(real);
    return status;
}

/* Not opened here: a pipe can be opened once only, and that is the walk's. */
static enum status check_list(const char *files_from, struct reason *why)
{
    struct stat status_of_it;
    if (strcmp(files_from, "-") == 0)
        return STATUS_OK;
    if (stat(files_from, &status_of_it) != 0)
        return reason_set(why, STATUS_MACHINE, "--files-from %s: %s", files_from,
                          errno == ENOENT ? "no such file" : strerror(errno));
    if (S_ISDIR(status_of_it.st_mode))
        return reason_set(why, STATUS_MACHINE,
                          "--files-from %s: a folder, not a list; give it as a SOURCE", files_from);
    if (access(files_from, R_OK) != 0)
        return reason_set(why, STATUS_MACHINE, "--files-from %s: %s", files_from, strerror(errno));
    return STATUS_OK;
}

/* Keeps --base as it was written, for lists name files as their writer sees them. */
static enum status keep_base(struct sources *sources, const char *base, struct reason *why)
{
    char *here = realpath(".", NULL);
    char absolute[PATH_MAX];
    const bool fits = here && lexical_absolute(absolute, sizeof absolute, here, base);
    free(here);
    if (!fits)
        return reason_set(why, STATUS_MACHINE, "--base %s: %s", base, strerror(ENAMETOOLONG));
    sources->base = strdup(absolute);
    return sources->base ? STATUS_OK : no_memory(why);
}

static enum status add_list_root(struct sources *sources, const char *base, uint32_t *root,
                                 struct reason *why)
{
    char *real = realpath(base ? base : ".", NULL);
    struct stat status_of_it;
    if (!real || stat(real, &status_of_it) != 0) {
        const int error = errno;
        free(real);
        return cannot_resolve(base ? base : "the working directory", error, why);
    }
    enum status status = STATUS_OK;
    if (base && !S_ISDIR(status_of_it.st_mode))
        status = reason_set(why, STATUS_MACHINE, "--base %s: not a folder", base);
    else if (base)
        status = refuse_inside_dest(sources, real, base, why);
    if (status == STATUS_OK)
        status = add_root(sources, &real, root, why);
    free(real);
    return status;
}

static enum status add_list(struct sources *sources, const char *files_from, const char *base,
                            struct reason *why)
{
    enum status status = check_list(files_from, why);
    if (status == STATUS_OK && base)
        status = keep_base(sources, base, why);
    uint32_t root = 0;
    if (status == STATUS_OK)
        status = add_list_root(sources, base, &root, why);
    if (status != STATUS_OK)
        return status;

    char *top = strdup("/"), *path = strdup(files_from);
    status = top && path ? add_root(sources, &top, &sources->top_root, why) : no_memory(why);
    if (status == STATUS_OK)
        status = append(sources, SOURCE_LIST, root, &path, files_from, why);
    free(top);
    free(path);
    return status;
}

/* The end of `path` without its last component: "a/b/" -> "a", "a" -> "". */
static size_t parent_length(const char *path, size_t length)
{
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    return length;
}

/* The deepest folder of `dest` that exists, resolved; *length is how much of `dest` that is. */
static char *resolve_existing(const char *dest, size_t *length)
{
    char part[PATH_MAX];
    *length = strlen(dest);
    if (*length >= sizeof part) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    memcpy(part, dest, *length + 1);
    for (;;) {
        char *real = realpath(*length > 0 ? part : ".", NULL);
        if (real || errno != ENOENT || *length == 0)
            return real;
        *length = parent_length(part, *length);
        part[*length] = '\0';
    }
}

static enum status resolve_dest(struct sources *sources, const char *dest, struct reason *why)
{
    size_t length;
    if (dest[0] == '\0')
        return reason_set(why, STATUS_USAGE, "the destination is an empty name");
    char *existing = resolve_existing(dest, &length);
    struct stat status_of_it;
    if (!existing || stat(existing, &status_of_it) != 0) {
        const int error = errno;
        free(existing);
        return cannot_resolve(dest, error, why);
    }
    if (!S_ISDIR(status_of_it.st_mode)) {
        free(existing);
        return reason_set(why, STATUS_MACHINE, "%s: not a folder; choose another destination",
                          dest);
    }
    char resolved[PATH_MAX];
    const char *missing = dest + length + strspn(dest + length, "/");
    const bool fits = lexical_absolute(resolved, sizeof resolved, existing, missing);
    free(existing);
    if (!fits)
        return cannot_resolve(dest, ENAMETOOLONG, why);
    sources->dest = strdup(resolved);
    return sources->dest ? STATUS_OK : no_memory(why);
}

static enum status check_forms(size_t path_count, const char *files_from, bool nul_separated,
                               const char *base, struct reason *why)
{
    if (path_count > 0 && files_from)
        return reason_set(why, STATUS_USAGE,
                          "--files-from: a list takes the place of SOURCE; give one of them");
    if (path_count == 0 && !files_from)
        return reason_set(why, STATUS_USAGE,
                          "no source: give a SOURCE, or a list with --files-from");
    if (!files_from && base)
        return reason_set(why, STATUS_USAGE, "--base %s: is for lists; use it with --files-from",
                          base);
    if (!files_from && nul_separated)
        return reason_set(why, STATUS_USAGE, "-0: is for lists; use it with --files-from");
    return STATUS_OK;
}

enum status sources_open(struct sources *sources, const char *const *paths, size_t path_count,
                         const char *dest, const char *files_from, bool nul_separated,
                         const char *base, struct reason *why)
{
    *sources = (struct sources){.nul_separated = nul_separated};
    enum status status = check_forms(path_count, files_from, nul_separated, base, why);
    if (status == STATUS_OK)
        status = resolve_dest(sources, dest, why);
    if (status == STATUS_OK) {
        sources->list = calloc(files_from ? 1 : path_count, sizeof *sources->list);
        status = !sources->list ? no_memory(why)
                 : files_from   ? add_list(sources, files_from, base, why)
                                : STATUS_OK;
    }
    for (size_t i = 0; status == STATUS_OK && i < path_count; i++)
        status = add_source(sources, paths[i], why);
    if (status != STATUS_OK)
        sources_close(sources);
    return status;
}

void sources_close(struct sources *sources)
{
    for (uint32_t i = 0; sources->list && i < sources->count; i++) {
        free(sources->list[i].path);
        free(sources->list[i].given);
    }
    for (uint32_t i = 0; i < sources->root_count; i++)
        free(sources->roots[i]);
    free(sources->list);
    free(sources->dest);
    free(sources->base);
    *sources = (struct sources){0};
}
