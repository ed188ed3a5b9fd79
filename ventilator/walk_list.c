/*
 * The files a list names: each is found its root, then looked at. Everything here is about texts;
 * an entry that cannot be placed becomes an image that is failed for that reason.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "ventilator/lexical.h"
#include "ventilator/list_reader.h"
#include "ventilator/walker.h"

/* What remains of an entry's absolute path below the list's own root; NULL when it is outside. */
static const char *below_own_root(const struct sources *sources, const struct source *list,
                                  const char *entry, const char *absolute)
{
    const char *below = NULL;
    if (entry[0] != '/' || sources->base)
        below = lexical_below(sources->roots[list->root], absolute);
    if (!below && sources->base)
        below = lexical_below(sources->base, absolute);
    return below;
}

/* Where an entry lies that is outside the list's own root: the absolute ones of a list without
 * --base are all there. False when the walk must end. */
static bool take_outside(struct walk *walk, const char *entry, const char *absolute)
{
    const struct sources *sources = walk->sources;
    const char *below = absolute + strspn(absolute, "/");
    if (*below == '\0')
        below = ".";
    if (sources->base) {
        char error[PATH_MAX + 64];
        snprintf(error, sizeof error, "lies outside --base %s", sources->base);
        return walk_put_failed(walk, sources->top_root, below, error);
    }
    if (entry[0] != '/')
        return walk_put_failed(walk, sources->top_root, below,
                               "lies outside the working directory; use --base, or write the"
                               " whole path");
    return walk_named(walk, sources->top_root, below);
}

/* False when the walk must end. */
static bool take_entry(struct walk *walk, const struct source *list, const char *entry)
{
    char absolute[PATH_MAX];
    const char *from = walk->sources->roots[list->root];
    if (!lexical_absolute(absolute, sizeof absolute, from, entry)) {
        log_error("%s: left out: %s", entry, strerror(ENAMETOOLONG));
        walk_count_error(walk);
        return true;
    }
    const char *below = below_own_root(walk->sources, list, entry, absolute);
    if (!below)
        return take_outside(walk, entry, absolute);
    return walk_named(walk, list->root, *below ? below : ".");
}

/* One line about what is wrong with the list itself, which counts as a walk error. */
static void complain(struct walk *walk, const struct source *list, const char *what)
{
    log_error("--files-from %s: %s", list->path, what);
    walk_count_error(walk);
}

/* False when the walk must end. */
static bool read_list(struct walk *walk, const struct source *list, struct list_reader *reader)
{
    char entry[JOB_PATH_SIZE];
    while (!walk_must_end(walk)) {
        switch (list_reader_next(reader, entry)) {
        case STATUS_OK:
            if (!take_entry(walk, list, entry))
                return false;
            break;
        case STATUS_IMAGE:
            complain(walk, list, "an entry longer than any path is left out");
            break;
        case STATUS_MALFORMED:
            complain(walk, list, "a line with NUL bytes is left out; is the list for -0?");
            break;
        case STATUS_MACHINE:
            complain(walk, list, strerror(errno));
            return true;
        default:
            return !walk_must_end(walk);
        }
    }
    return false;
}

bool walk_list(struct walk *walk, const struct source *list)
{
    const bool is_stdin = strcmp(list->path, "-") == 0;
    struct list_reader *reader = malloc(sizeof *reader);
    /* Not waiting for the writer of a pipe here, where a stop would not be seen. */
    const int fd = is_stdin ? STDIN_FILENO : open(list->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool goes_on = true;
    if (!reader || fd < 0) {
        complain(walk, list, strerror(reader ? errno : ENOMEM));
    } else {
        list_reader_init(reader, fd, walk->stop_fd, walk->sources->nul_separated);
        goes_on = read_list(walk, list, reader);
    }
    if (fd >= 0 && !is_stdin)
        close(fd);
    free(reader);
    return goes_on;
}
