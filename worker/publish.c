/*
 * Written aside, then renamed: a reader never sees half a file. Several outputs cannot be renamed
 * in one step; when one of them cannot be placed, those placed before it are removed again, for
 * an image that failed has no output. Not so when the head gave us up in between: then another
 * worker may have placed the same names already, and they are its.
 */

#include "worker/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/naming.h"

enum status publish_begin(struct publication *publication, struct destination *destination,
                          const struct run_options *options, const char *path, struct reason *why)
{
    char name[OUTPUT_PATH_SIZE];
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < options->size_count && status == STATUS_OK; i++)
        status = naming_output(options, path, i, name, why);
    int folder = -1;
    if (status == STATUS_OK)
        status = destination_enter(destination, &folder, why);
    if (status != STATUS_OK)
        return status;
    *publication = (struct publication){
        .destination = destination, .options = options, .path = path, .folder = folder};
    while (publication->count < options->size_count && status == STATUS_OK) {
        uint32_t i = publication->count;
        status = destination_create(destination, folder, &publication->numbers[i],
                                    &publication->fds[i], why);
        if (status == STATUS_OK)
            publication->count++;
    }
    if (status != STATUS_OK)
        publish_end(publication);
    return status;
}

static enum status cannot_write(struct reason *why)
{
    return reason_set(why, STATUS_MACHINE, "DEST: cannot write: %s", strerror(errno));
}

enum status publish_rewind(struct publication *publication, struct reason *why)
{
    for (uint32_t i = 0; i < publication->count; i++) {
        if (ftruncate(publication->fds[i], 0) != 0 || lseek(publication->fds[i], 0, SEEK_SET) != 0)
            return cannot_write(why);
    }
    return STATUS_OK;
}

enum status publish_seal(struct publication *publication, struct output outputs[SIZES_MAX],
                         struct reason *why)
{
    for (uint32_t i = 0; i < publication->count; i++) {
        struct stat about;
        if ((publication->options->sync && fdatasync(publication->fds[i]) != 0) ||
            fstat(publication->fds[i], &about) != 0)
            return cannot_write(why);
        if (about.st_size == 0)
            return reason_set(why, STATUS_IMAGE, "its output of size %s is empty",
                              publication->options->sizes[i].label);
        outputs[i].bytes = (uint64_t)about.st_size;
        outputs[i].mtime_ns = about.st_mtim.tv_sec * 1000000000LL + about.st_mtim.tv_nsec;
    }
    return STATUS_OK;
}

static void take_back(struct publication *publication)
{
    char name[OUTPUT_PATH_SIZE];
    while (publication->placed > 0) {
        uint32_t i = --publication->placed;
        if (naming_output(publication->options, publication->path, i, name, NULL) == STATUS_OK)
            unlinkat(publication->folder, name, 0);
    }
}

enum status publish_commit(struct publication *publication, struct reason *why)
{
    char name[OUTPUT_PATH_SIZE];
    enum status status = destination_confirm(publication->destination, publication->folder, why);
    for (uint32_t i = 0; i < publication->count && status == STATUS_OK; i++) {
        status = naming_output(publication->options, publication->path, i, name, why);
        if (status == STATUS_OK)
            status = destination_place(publication->destination, publication->folder,
                                       publication->numbers[i], name, why);
        if (status == STATUS_OK)
            publication->placed++;
    }
    publication->committed = status == STATUS_OK;
    if (status == STATUS_IMAGE)
        take_back(publication);
    return status;
}

void publish_end(struct publication *publication)
{
    if (publication->destination == NULL)
        return;
    for (uint32_t i = 0; i < publication->count; i++) {
        close(publication->fds[i]);
        if (!publication->committed)
            destination_discard(publication->destination, publication->folder,
                                publication->numbers[i]);
    }
    close(publication->folder);
    publication->destination = NULL;
}
