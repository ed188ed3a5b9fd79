/*
 * thumbmill prune: removes outputs whose source is gone, and those that their image has no longer.
 *
 * Twice through the record. First every root is looked at: a disk that is not mounted looks like
 * one whose images were all deleted, and then nothing is touched. Files are removed before the
 * record forgets them, so whatever ends it half-way, the next prune finishes.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/listing.h"
#include "cli/recorded.h"
#include "common/log.h"
#include "common/text.h"

struct pruning {
    struct recorded recorded;
    bool remove; // --yes
    enum status status;
    struct reason *why; // of status
    uint64_t outputs, bytes, kept, images;
};

static bool stop(struct pruning *pruning, enum status status)
{
    pruning->status = status;
    return false;
}

/* Whether a source is gone: what cannot be looked at is not. */
static enum status look_for(const char *source, bool *gone, struct reason *why)
{
    struct stat about;
    *gone = lstat(source, &about) != 0;
    if (!*gone || errno == ENOENT || errno == ENOTDIR)
        return STATUS_OK;
    return reason_set(why, STATUS_MACHINE, "%s: %s; nothing more was removed", source,
                      strerror(errno));
}

/* ---- are the roots there? ---- */

/* Images come root by root. */
struct roots {
    char root[JOB_PATH_SIZE]; // the one at hand; "": none yet
    bool holds;               // at least one of its images
    struct reason *why;
    enum status status;
};

static enum status leave_root(const struct roots *roots)
{
    struct stat about;
    if (roots->root[0] == '\0' || roots->holds)
        return STATUS_OK;
    if (stat(roots->root, &about) != 0)
        return reason_set(roots->why, STATUS_MACHINE, "%s: %s; mount it first: nothing was removed",
                          roots->root, strerror(errno));
    return reason_set(roots->why, STATUS_MACHINE,
                      "%s: holds none of its recorded images; is it mounted? nothing was removed",
                      roots->root);
}

static bool look_at_root(void *context, const struct record_image *image)
{
    struct roots *roots = context;
    char source[SOURCE_PATH_SIZE];
    bool gone = false;
    if (strcmp(roots->root, image->root) != 0) {
        roots->status = leave_root(roots);
        snprintf(roots->root, sizeof roots->root, "%s", image->root);
        roots->holds = false;
    }
    if (roots->status == STATUS_OK && !roots->holds) {
        listing_source(source, image->root, image->path);
        roots->status = look_for(source, &gone, roots->why);
        roots->holds = !gone;
    }
    return roots->status == STATUS_OK;
}

static enum status check_roots(struct pruning *pruning)
{
    struct roots roots = {.why = pruning->why};
    const enum status status =
        record_each(pruning->recorded.record, RECORD_ALL, look_at_root, &roots, pruning->why);
    if (status != STATUS_OK || roots.status != STATUS_OK)
        return status != STATUS_OK ? status : roots.status;
    return leave_root(&roots);
}

/* ---- one output ---- */

static void say(const char *what, const char *name, const char *reason)
{
    char escaped[4 * OUTPUT_PATH_SIZE], why[4 * SOURCE_PATH_SIZE];
    text_escape(escaped, sizeof escaped, name);
    text_escape(why, sizeof why, reason);
    printf("%-7s  %s  <- %s\n", what, escaped, why);
}

/* The folders above a file that is gone, up to the first that holds something else. */
static void remove_empty_folders(int dest_fd, const char *name)
{
    char folder[OUTPUT_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", name);
    for (char *slash; (slash = strrchr(folder, '/')) != NULL;) {
        *slash = '\0';
        if (unlinkat(dest_fd, folder, AT_REMOVEDIR) != 0)
            break;
    }
}

static enum status remove_file(struct pruning *pruning, const char *name)
{
    const struct recorded *recorded = &pruning->recorded;
    if (unlinkat(recorded->dest_fd, name, 0) != 0 && errno != ENOENT)
        return reason_set(pruning->why, STATUS_MACHINE, "%s/%s: cannot be removed: %s",
                          recorded->dest, name, strerror(errno));
    remove_empty_folders(recorded->dest_fd, name);
    return STATUS_OK;
}

/* *kept: somebody changed the file, so it is not ours to remove. */
static enum status prune_output(struct pruning *pruning, const char *name, uint64_t bytes,
                                int64_t mtime_ns, const char *reason, bool *kept)
{
    enum presence presence;
    enum status status =
        recorded_look(&pruning->recorded, name, bytes, mtime_ns, &presence, pruning->why);
    if (status != STATUS_OK || presence == PRESENCE_MISSING)
        return status;
    if (presence != PRESENCE_AS_MADE) {
        *kept = true;
        pruning->kept++;
        say(pruning->remove ? "kept" : "keep", name, "changed since it was made");
        return STATUS_OK;
    }
    if (pruning->remove)
        status = remove_file(pruning, name);
    if (status != STATUS_OK)
        return status;
    pruning->outputs++;
    pruning->bytes += bytes;
    say(pruning->remove ? "removed" : "remove", name, reason);
    return STATUS_OK;
}

/* ---- through the record ---- */

static bool prune_image(void *context, const struct record_image *image)
{
    struct pruning *pruning = context;
    char source[SOURCE_PATH_SIZE], reason[SOURCE_PATH_SIZE + 16];
    bool gone = false, kept = false;
    listing_source(source, image->root, image->path);
    snprintf(reason, sizeof reason, "%s is gone", source);
    enum status status = look_for(source, &gone, pruning->why);
    if (status != STATUS_OK)
        return stop(pruning, status);
    if (!gone)
        return true;
    for (uint32_t i = 0; status == STATUS_OK && i < image->output_count; i++) {
        const struct record_output *output = &image->outputs[i];
        status = prune_output(pruning, output->path, output->output.bytes, output->output.mtime_ns,
                              reason, &kept);
    }
    pruning->images += !kept;
    if (status == STATUS_OK && pruning->remove && !kept)
        status = record_forget(pruning->recorded.record, image->root, image->path, pruning->why);
    return status == STATUS_OK ? true : stop(pruning, status);
}

static bool prune_leftover(void *context, const struct record_leftover *leftover)
{
    struct pruning *pruning = context;
    char source[SOURCE_PATH_SIZE], reason[SOURCE_PATH_SIZE + 32];
    bool kept = false;
    listing_source(source, leftover->root, leftover->path);
    snprintf(reason, sizeof reason, "%s has it no longer", source);
    enum status status =
        prune_output(pruning, leftover->name, leftover->bytes, leftover->mtime_ns, reason, &kept);
    if (status == STATUS_OK && pruning->remove && !kept)
        status = record_forget_leftover(pruning->recorded.record, leftover->name, pruning->why);
    return status == STATUS_OK ? true : stop(pruning, status);
}

/* What was removed before it went wrong is forgotten all the same. */
static enum status keep_record(struct pruning *pruning, enum status status)
{
    struct reason why;
    if (!pruning->remove)
        return status;
    const enum status committed = record_commit(pruning->recorded.record, &why);
    if (status != STATUS_OK || committed == STATUS_OK)
        return status;
    *pruning->why = why;
    return committed;
}

static enum status go_through(struct pruning *pruning)
{
    struct record *record = pruning->recorded.record;
    enum status status = check_roots(pruning);
    if (status != STATUS_OK)
        return status;
    status = record_each(record, RECORD_ALL, prune_image, pruning, pruning->why);
    if (status == STATUS_OK && pruning->status == STATUS_OK)
        status = record_each_leftover(record, prune_leftover, pruning, pruning->why);
    return keep_record(pruning, status == STATUS_OK ? pruning->status : status);
}

/* ---- the command ---- */

static int conclude(const struct pruning *pruning)
{
    char size[32], kept[64] = "";
    text_bytes(size, sizeof size, (double)pruning->bytes);
    if (pruning->kept > 0)
        snprintf(kept, sizeof kept, "; %" PRIu64 " changed and kept", pruning->kept);
    if (pruning->remove)
        log_info("%" PRIu64 " outputs removed, %s; %" PRIu64 " images forgotten%s",
                 pruning->outputs, size, pruning->images, kept);
    else
        log_info("%" PRIu64 " outputs to remove, %s; %" PRIu64 " images to forget%s%s",
                 pruning->outputs, size, pruning->images, kept,
                 pruning->outputs + pruning->images > 0 ? "; --yes does it" : "");
    return pruning->remove && pruning->kept > 0 ? EXIT_SOME_FAILED : EXIT_MADE;
}

int prune_command(const struct arguments *arguments)
{
    struct reason why;
    struct pruning pruning = {.remove = arguments->yes, .why = &why};
    enum status status = recorded_open(&pruning.recorded, arguments,
                                       arguments->yes ? RECORD_WRITE : RECORD_READ, &why);
    if (status == STATUS_OK && pruning.recorded.dest == NULL)
        status = reason_set(&why, STATUS_MACHINE, "%s: a file; expected the DEST of a run",
                            arguments->operands[0]);
    if (status == STATUS_OK)
        status = go_through(&pruning);
    recorded_close(&pruning.recorded);
    if (status == STATUS_OK)
        status = command_flush(&why);
    return status == STATUS_OK ? conclude(&pruning) : command_failed(status, &why);
}
