/*
 * The walk's thread: source by source, what is found goes into the queue. A full queue makes it
 * wait there; nothing else of it does, but for disks and the writers of lists.
 */

#include "ventilator/walk.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "ventilator/lexical.h"
#include "ventilator/walker.h"

#define NS_PER_S 1000000000LL

void found_free(void *found)
{
    struct found *entry = found;
    if (!entry)
        return;
    free(entry->path);
    free(entry->error);
    free(entry);
}

void walk_count_error(struct walk *walk)
{
    pthread_mutex_lock(&walk->lock);
    walk->counts.walk_errors++;
    pthread_mutex_unlock(&walk->lock);
}

void walk_count_ignored(struct walk *walk)
{
    pthread_mutex_lock(&walk->lock);
    walk->counts.ignored++;
    pthread_mutex_unlock(&walk->lock);
}

bool walk_must_end(struct walk *walk)
{
    return atomic_load_explicit(&walk->ended, memory_order_relaxed);
}

/* Unsigned numbers wrap: what was added is taken back by its negative. */
static void count_found(struct walk *walk, uint64_t images, uint64_t bytes)
{
    pthread_mutex_lock(&walk->lock);
    walk->counts.enumerated += images;
    walk->counts.known_bytes += bytes;
    pthread_mutex_unlock(&walk->lock);
}

/* Takes *found. False when the walk must end. */
static bool put(struct walk *walk, struct found **found)
{
    const uint64_t size = (*found)->size;
    void *item = *found;
    *found = NULL;
    count_found(walk, 1, size); // before it can be taken, recorded, and compared with the count
    if (queue_put(walk->queue, &item) == STATUS_OK)
        return true;
    count_found(walk, -1, -size);
    found_free(item);
    return false;
}

/* NULL when memory is out; said and counted. */
static struct found *new_found(struct walk *walk, uint32_t root, const char *path,
                               const char *error)
{
    struct found *found = calloc(1, sizeof *found);
    if (found) {
        found->root = root;
        found->path = strdup(path);
        found->error = error ? strdup(error) : NULL;
    }
    if (found && found->path && (found->error || !error))
        return found;
    found_free(found);
    log_error("%s/%s: left out, no memory", walk->sources->roots[root], path);
    walk_count_error(walk);
    return NULL;
}

bool walk_put(struct walk *walk, uint32_t root, const char *path, const struct stat *stat)
{
    struct found *found = new_found(walk, root, path, NULL);
    if (!found)
        return true;
    found->size = (uint64_t)stat->st_size;
    found->mtime_ns = stat->st_mtim.tv_sec * NS_PER_S + stat->st_mtim.tv_nsec;
    return put(walk, &found);
}

bool walk_put_failed(struct walk *walk, uint32_t root, const char *path, const char *error)
{
    struct found *found = new_found(walk, root, path, error);
    return !found || put(walk, &found);
}

/* Why a named file is no image to do; NULL when it may be one. */
static const char *unfit(const struct stat *found)
{
    if (S_ISDIR(found->st_mode))
        return "is a folder; give folders as SOURCE";
    return S_ISREG(found->st_mode) ? NULL : "not a regular file";
}

bool walk_named(struct walk *walk, uint32_t root, const char *path)
{
    char full[PATH_MAX];
    struct stat found;
    if (!lexical_absolute(full, sizeof full, walk->sources->roots[root], path))
        return walk_put_failed(walk, root, path, strerror(ENAMETOOLONG));
    if (lexical_below(walk->sources->dest, full))
        return walk_put_failed(walk, root, path, "lies inside the destination");
    if (stat(full, &found) == 0) {
        const char *error = unfit(&found);
        return error ? walk_put_failed(walk, root, path, error)
                     : walk_put(walk, root, path, &found);
    }
    if (errno_is_machine(errno)) {
        log_error("%s: cannot be looked at: %s; left out", full, strerror(errno));
        walk_count_error(walk);
        return true;
    }
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    return walk_put_failed(walk, root, path, absent ? "no such file" : strerror(errno));
}

static bool walk_source(struct walk *walk, const struct source *source)
{
    switch (source->kind) {
    case SOURCE_FOLDER:
        return walk_tree(walk, source->root);
    case SOURCE_FILE:
        return walk_named(walk, source->root, source->path);
    case SOURCE_LIST:
        return walk_list(walk, source);
    }
    return true;
}

static void look_for_dest(struct walk *walk)
{
    struct stat dest;
    walk->dest_exists = stat(walk->sources->dest, &dest) == 0;
    if (walk->dest_exists) {
        walk->dest_device = dest.st_dev;
        walk->dest_inode = dest.st_ino;
    }
}

/* The counts are final before the mark can be taken. */
static void come_to_end(struct walk *walk)
{
    void *mark = walk->end_mark;
    pthread_mutex_lock(&walk->lock);
    walk->counts.walk_complete = true;
    pthread_mutex_unlock(&walk->lock);
    if (queue_put(walk->queue, &mark) == STATUS_OK)
        walk->end_mark = NULL;
}

static void *run(void *argument)
{
    struct walk *walk = argument;
    look_for_dest(walk);
    bool goes_on = true;
    for (uint32_t i = 0; goes_on && i < walk->sources->count; i++)
        goes_on = walk_source(walk, &walk->sources->list[i]);
    if (goes_on)
        come_to_end(walk);
    return NULL;
}

enum status walk_start(struct walk **walk, const struct sources *sources, struct queue *queue,
                       struct reason *why)
{
    struct walk *new = calloc(1, sizeof *new);
    if (!new)
        return reason_set(why, STATUS_MACHINE, "no memory for the walk");
    new->sources = sources;
    new->queue = queue;
    new->end_mark = calloc(1, sizeof *new->end_mark);
    if (!new->end_mark) {
        free(new);
        return reason_set(why, STATUS_MACHINE, "no memory for the walk");
    }
    pthread_mutex_init(&new->lock, NULL);
    new->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = new->stop_fd < 0 ? errno : pthread_create(&new->thread, NULL, run, new);
    new->started = error == 0;
    if (error != 0) {
        walk_stop(&new);
        return reason_set(why, STATUS_MACHINE, "the walk cannot be started: %s", strerror(error));
    }
    *walk = new;
    return STATUS_OK;
}

void walk_counts(struct walk *walk, struct dispatch_counts *counts)
{
    pthread_mutex_lock(&walk->lock);
    *counts = walk->counts;
    pthread_mutex_unlock(&walk->lock);
}

void walk_stop(struct walk **walk)
{
    struct walk *old = *walk;
    if (!old)
        return;
    atomic_store_explicit(&old->ended, true, memory_order_relaxed);
    if (old->stop_fd >= 0)
        (void)eventfd_write(old->stop_fd, 1);
    if (old->started)
        pthread_join(old->thread, NULL);
    if (old->stop_fd >= 0)
        close(old->stop_fd);
    pthread_mutex_destroy(&old->lock);
    found_free(old->end_mark);
    free(old);
    *walk = NULL;
}
