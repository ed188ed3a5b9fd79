/*
 * The kernel walks the path (openat2 with RESOLVE_BENEATH), so that no link that somebody plants
 * while we look leads out of the root. Where there is no openat2 (before Linux 5.6, some
 * containers) we walk it ourselves and follow no link at all.
 *
 * Roots are opened anew for each job: a share that was mounted again meanwhile is simply there.
 */

#include "worker/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
/* How often a folder on the way may be renamed while the kernel walks it. */
#define RACES_MAX 16

static int open_root(const char *root, struct reason *why)
{
    int fd = open(root, FOLDER_FLAGS);
    if (fd < 0)
        reason_set(why, STATUS_MACHINE,
                   "source root %s: %s; mount it here, or say with --source-root where it is", root,
                   strerror(errno));
    return fd;
}

/* One component after the other, following no link. The root's descriptor stays open. */
static int walk(int root, const char *path)
{
    char name[NAME_MAX + 1];
    int folder = root;
    for (;;) {
        const char *slash = strchr(path, '/');
        size_t size = slash == NULL ? strlen(path) : (size_t)(slash - path);
        int fd = -1;
        errno = ENAMETOOLONG;
        if (size < sizeof name) {
            memcpy(name, path, size);
            name[size] = '\0';
            int flags = slash == NULL ? FILE_FLAGS : FOLDER_FLAGS;
            fd = openat(folder, name, flags | O_NOFOLLOW);
        }
        int error = errno;
        if (folder != root)
            close(folder);
        errno = error;
        if (fd < 0 || slash == NULL)
            return fd;
        folder = fd;
        path = slash + 1;
    }
}

static int open_beneath(int root, const char *path)
{
    struct open_how how = {.flags = FILE_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    for (int i = 0; fd < 0 && errno == EAGAIN && i < RACES_MAX; i++)
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return walk(root, path);
    return fd;
}

static enum status refused(int error, struct reason *why)
{
    if (error == ENOENT)
        return STATUS_CLOSED;
    if (errno_is_machine(error))
        return reason_set(why, STATUS_MACHINE, "cannot open a source: %s", strerror(error));
    if (error == EXDEV)
        return reason_set(why, STATUS_IMAGE, "a link leads out of its source folder");
    return reason_set(why, STATUS_IMAGE, "cannot be opened: %s", strerror(error));
}

enum status source_open(const char *root, const char *path, int *fd, uint64_t *size,
                        struct reason *why)
{
    int folder = open_root(root, why);
    if (folder < 0)
        return STATUS_MACHINE;
    int file = open_beneath(folder, path);
    int error = errno;
    close(folder);
    /* A FIFO or socket that nobody serves says ENXIO: of the file here, not of the machine. */
    if (file < 0)
        return error == ENXIO ? reason_set(why, STATUS_IMAGE, "is not a regular file")
                              : refused(error, why);
    struct stat about;
    if (fstat(file, &about) != 0) {
        error = errno;
        close(file);
        return refused(error, why);
    }
    if (!S_ISREG(about.st_mode)) {
        close(file);
        return reason_set(why, STATUS_IMAGE, "is not a regular file");
    }
    *fd = file;
    *size = (uint64_t)about.st_size;
    return STATUS_OK;
}

enum status source_probe(const char *root, struct reason *why)
{
    int folder = open_root(root, why);
    if (folder < 0)
        return STATUS_MACHINE;
    close(folder);
    return STATUS_OK;
}
