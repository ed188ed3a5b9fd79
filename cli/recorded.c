/*
 * From the command line to an open record. Names of outputs come from the record, which may have
 * been made by anybody: they are looked at before they are used.
 */

#include "cli/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/mapping.h"

#define NS_PER_S 1000000000LL

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static enum status find(struct recorded *recorded, const struct arguments *arguments,
                        enum record_mode mode, struct reason *why)
{
    const char *operand = arguments->operands[0];
    const bool folder = is_folder(operand);
    if (!folder && (mode != RECORD_READ || arguments->db != NULL || access(operand, F_OK) != 0))
        return reason_set(why, STATUS_MACHINE, "%s: %s; expected the DEST of a run", operand,
                          strerror(access(operand, F_OK) != 0 ? errno : ENOTDIR));
    const char *name = arguments->db != NULL ? arguments->db : folder ? NULL : operand;
    const int size = name != NULL
                         ? snprintf(recorded->path, PATH_MAX, "%s", name)
                         : snprintf(recorded->path, PATH_MAX, "%s/" RECORD_DEFAULT, operand);
    recorded->dest = folder ? operand : NULL;
    if (size >= PATH_MAX)
        return reason_set(why, STATUS_MACHINE, "%.200s: %s", operand, strerror(ENAMETOOLONG));
    if (access(recorded->path, F_OK) != 0)
        return reason_set(why, STATUS_MACHINE, "%s: no record: %s", recorded->path,
                          strerror(errno));
    return STATUS_OK;
}

enum status recorded_open(struct recorded *recorded, const struct arguments *arguments,
                          enum record_mode mode, struct reason *why)
{
    *recorded = (struct recorded){0};
    enum status status = find(recorded, arguments, mode, why);
    if (status != STATUS_OK)
        return status;
    if (recorded->dest != NULL) {
        const int fd = open(recorded->dest, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return reason_set(why, STATUS_MACHINE, "%s: %s", recorded->dest, strerror(errno));
        recorded->dest_fd = fd;
    }
    status = record_open(&recorded->record, recorded->path, recorded->dest, mode, why);
    if (status != STATUS_OK)
        recorded_close(recorded);
    return status;
}

void recorded_close(struct recorded *recorded)
{
    record_close(&recorded->record);
    if (recorded->dest_fd > 0)
        close(recorded->dest_fd);
    *recorded = (struct recorded){0};
}

enum status recorded_look(const struct recorded *recorded, const char *name, uint64_t bytes,
                          int64_t mtime_ns, enum presence *presence, struct reason *why)
{
    struct stat about;
    if (!mapping_is_safe(text_of(name)))
        return reason_set(why, STATUS_MACHINE, "%s: the record names an output outside DEST: %s",
                          recorded->path, name);
    if (fstatat(recorded->dest_fd, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        *presence = PRESENCE_MISSING;
        if (errno == ENOENT || errno == ENOTDIR)
            return STATUS_OK;
        return reason_set(why, STATUS_MACHINE, "%s/%s: %s", recorded->dest, name, strerror(errno));
    }
    const int64_t mtime = about.st_mtim.tv_sec * NS_PER_S + about.st_mtim.tv_nsec;
    if (!S_ISREG(about.st_mode))
        *presence = PRESENCE_NO_FILE;
    else if ((uint64_t)about.st_size != bytes)
        *presence = PRESENCE_OTHER_SIZE;
    else
        *presence = mtime == mtime_ns ? PRESENCE_AS_MADE : PRESENCE_TOUCHED;
    return STATUS_OK;
}
