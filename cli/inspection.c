/*
 * One producer (the reader of the record), `jobs` threads. The end is told by an item without a
 * name, one for each thread. When a thread cannot go on it stops the queue, and so everybody.
 */

#include "cli/inspection.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/listing.h"
#include "common/image_format.h"
#include "common/queue.h"
#include "common/text.h"
#include "worker/inspector.h"

/* Outputs waiting for a thread: enough that none waits for the reader's next page. */
#define WAITING_MAX 1024

/* One output to be looked at. */
struct exhibit {
    struct output output;
    const char *source, *name; // behind it; name "": the end
    char texts[];
};

struct inspection {
    struct inspection_config config;
    struct queue *queue;
    struct admission *admission;
    uint32_t running; // threads to be joined
    pthread_t *threads;
    pthread_mutex_t lock; // over what follows, and over lines on standard output
    struct inspection_counts counts;
    enum status status;
    struct reason why;
};

/* ---- what is said ---- */

static void fail(struct inspection *inspection, enum status status, const struct reason *why)
{
    pthread_mutex_lock(&inspection->lock);
    if (inspection->status == STATUS_OK) {
        inspection->status = status;
        inspection->why = *why;
    }
    pthread_mutex_unlock(&inspection->lock);
    queue_stop(inspection->queue);
    admission_stop(inspection->admission);
}

/* Which command makes it right. A file that has the size and the time it was made with is fresh to
 * a run, whatever is in it. */
static const char *remedy(const struct exhibit *exhibit, enum presence presence)
{
    if (access(exhibit->source, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return presence == PRESENCE_MISSING
                   ? "its source is gone: see thumbmill prune"
                   : "its source is gone: remove it, then thumbmill prune forgets it";
    if (presence == PRESENCE_AS_MADE)
        return "remove it, and the run's command makes it again";
    if (presence == PRESENCE_NO_FILE)
        return "make room there, and the run's command makes it again";
    return "the run's command makes it again";
}

static void say_wrong(struct inspection *inspection, const struct exhibit *exhibit,
                      enum presence presence, const char *what)
{
    char name[4 * OUTPUT_PATH_SIZE], escaped[4 * REASON_SIZE];
    text_escape(name, sizeof name, exhibit->name);
    text_escape(escaped, sizeof escaped, what);
    const char *advice = remedy(exhibit, presence);
    pthread_mutex_lock(&inspection->lock);
    inspection->counts.wrong++;
    printf("%s: %s; %s\n", name, escaped, advice);
    pthread_mutex_unlock(&inspection->lock);
}

/* ---- one output ---- */

/* Opens what recorded_look saw; a link in its place is no file. */
static enum status decode(struct inspection *inspection, struct inspector *inspector,
                          const struct exhibit *exhibit, struct reason *why)
{
    const struct output *output = &exhibit->output;
    uint32_t width = 0, height = 0;
    const int fd = openat(inspection->config.recorded->dest_fd, exhibit->name,
                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return reason_set(why, errno_is_machine(errno) ? STATUS_MACHINE : STATUS_IMAGE,
                          "cannot be read: %s", strerror(errno));
    const enum status status = inspector_look(inspector, fd, output->bytes,
                                              format_of_name(exhibit->name), &width, &height, why);
    close(fd);
    if (status == STATUS_OK && (width != output->width || height != output->height))
        return reason_set(why, STATUS_IMAGE, "%u x %u pixels, where %u x %u were made", width,
                          height, output->width, output->height);
    return status;
}

/* STATUS_IMAGE with what is wrong. */
static enum status examine(struct inspection *inspection, struct inspector *inspector,
                           const struct exhibit *exhibit, enum presence *presence,
                           struct reason *why)
{
    const struct output *output = &exhibit->output;
    const enum status status = recorded_look(inspection->config.recorded, exhibit->name,
                                             output->bytes, output->mtime_ns, presence, why);
    if (status != STATUS_OK)
        return status;
    switch (*presence) {
    case PRESENCE_MISSING:
        return reason_set(why, STATUS_IMAGE, "missing");
    case PRESENCE_NO_FILE:
        return reason_set(why, STATUS_IMAGE, "no regular file any more");
    case PRESENCE_OTHER_SIZE:
        return reason_set(why, STATUS_IMAGE, "another size than the %llu bytes that were made",
                          (unsigned long long)output->bytes);
    default:
        return decode(inspection, inspector, exhibit, why);
    }
}

static bool look(struct inspection *inspection, struct inspector *inspector,
                 const struct exhibit *exhibit)
{
    struct reason why = {0};
    enum presence presence = PRESENCE_MISSING;
    const enum status status = examine(inspection, inspector, exhibit, &presence, &why);
    if (status == STATUS_IMAGE)
        say_wrong(inspection, exhibit, presence, why.text);
    else if (status != STATUS_OK)
        fail(inspection, status, &why);
    return status == STATUS_OK || status == STATUS_IMAGE;
}

/* ---- the threads ---- */

static void *work(void *argument)
{
    struct inspection *inspection = argument;
    const struct inspection_config *config = &inspection->config;
    struct inspector inspector = {0};
    struct reason why;
    enum status status = inspector_open(&inspector, config->decoder, inspection->admission,
                                        config->timeout_ms, &why);
    if (status != STATUS_OK)
        fail(inspection, status, &why);
    bool more = status == STATUS_OK;
    while (more) {
        void *item = NULL;
        if (queue_take(inspection->queue, &item) != STATUS_OK)
            break;
        struct exhibit *exhibit = item;
        more = exhibit->name[0] != '\0' && look(inspection, &inspector, exhibit);
        free(exhibit);
    }
    inspector_close(&inspector);
    return NULL;
}

static enum status start_threads(struct inspection *inspection, struct reason *why)
{
    inspection->threads = calloc(inspection->config.jobs, sizeof *inspection->threads);
    if (inspection->threads == NULL)
        return reason_set(why, STATUS_MACHINE, "out of memory");
    while (inspection->running < inspection->config.jobs) {
        const int error =
            pthread_create(&inspection->threads[inspection->running], NULL, work, inspection);
        if (error != 0)
            return reason_set(why, STATUS_MACHINE, "a thread cannot start: %s", strerror(error));
        inspection->running++;
    }
    return STATUS_OK;
}

static void join_threads(struct inspection *inspection)
{
    while (inspection->running > 0)
        pthread_join(inspection->threads[--inspection->running], NULL);
}

enum status inspection_open(struct inspection **inspection, const struct inspection_config *config,
                            struct reason *why)
{
    struct inspection *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return reason_set(why, STATUS_MACHINE, "out of memory");
    opened->config = *config;
    pthread_mutex_init(&opened->lock, NULL);
    enum status status = queue_open(&opened->queue, WAITING_MAX, free, why);
    if (status == STATUS_OK)
        status = admission_open(&opened->admission, config->memory, config->jobs, why);
    if (status == STATUS_OK)
        status = start_threads(opened, why);
    if (status != STATUS_OK)
        inspection_close(&opened);
    else
        *inspection = opened;
    return status;
}

void inspection_close(struct inspection **inspection)
{
    struct inspection *closed = *inspection;
    if (closed == NULL)
        return;
    if (closed->queue != NULL)
        queue_stop(closed->queue);
    join_threads(closed);
    queue_close(&closed->queue);
    admission_close(&closed->admission);
    pthread_mutex_destroy(&closed->lock);
    free(closed->threads);
    free(closed);
    *inspection = NULL;
}

/* ---- its work ---- */

static enum status put(struct inspection *inspection, const char *source, const char *name,
                       const struct output *output)
{
    const size_t source_size = strlen(source) + 1, name_size = strlen(name) + 1;
    struct exhibit *exhibit = malloc(sizeof *exhibit + source_size + name_size);
    if (exhibit == NULL) {
        struct reason why;
        fail(inspection, reason_set(&why, STATUS_MACHINE, "out of memory"), &why);
        return STATUS_CLOSED;
    }
    exhibit->output = *output;
    exhibit->source = memcpy(exhibit->texts, source, source_size);
    exhibit->name = memcpy(exhibit->texts + source_size, name, name_size);
    void *item = exhibit;
    const enum status status = queue_put(inspection->queue, &item);
    free(item); // NULL when it was taken
    return status;
}

enum status inspection_put(struct inspection *inspection, const struct record_image *image,
                           const struct record_output *output)
{
    char source[SOURCE_PATH_SIZE];
    listing_source(source, image->root, image->path);
    const enum status status = put(inspection, source, output->path, &output->output);
    if (status != STATUS_OK)
        return status;
    pthread_mutex_lock(&inspection->lock);
    inspection->counts.outputs++;
    inspection->counts.bytes += output->output.bytes;
    pthread_mutex_unlock(&inspection->lock);
    return STATUS_OK;
}

enum status inspection_finish(struct inspection *inspection, struct inspection_counts *counts,
                              struct reason *why)
{
    static const struct output none;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < inspection->config.jobs; i++)
        status = put(inspection, "", "", &none);
    join_threads(inspection);
    *counts = inspection->counts;
    *why = inspection->why;
    return inspection->status;
}
