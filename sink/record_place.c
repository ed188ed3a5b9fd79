/* See record_place.h. */

#include "sink/record_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FOLDER ".thumbmill"
#define ID_FILE FOLDER "/id"
#define LOCK_SUFFIX "-lock"

/* Magic numbers that linux/magic.h of Debian 12 does not name. */
#define ZFS_MAGIC 0x2fc12fc1
#define BCACHEFS_MAGIC 0xca451a4e
#define EXFAT_MAGIC 0x2011bab0
#define JFS_MAGIC 0x3153464a

static enum status read_id(struct record_place *place, struct reason *why)
{
    const int fd = openat(place->dest_fd, ID_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return STATUS_OK;
    char id[RECORD_ID_SIZE] = "";
    const ssize_t size = fd < 0 ? -1 : read(fd, id, RECORD_ID_SIZE - 1);
    const int error = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return reason_set(why, STATUS_MACHINE, "%s/" ID_FILE ": cannot be read: %s", place->dest,
                          strerror(error));
    if (strspn(id, "0123456789abcdef") != RECORD_ID_SIZE - 1)
        return reason_set(why, STATUS_MACHINE, "%s/" ID_FILE ": not an id; remove it", place->dest);
    memcpy(place->id, id, sizeof place->id);
    return STATUS_OK;
}

/* Whether the folder of `path` is DEST or below it. */
static bool lies_within(const char *path, const char *dest)
{
    char copy[JOB_PATH_SIZE], folder[PATH_MAX];
    const size_t length = strlen(dest);
    if ((size_t)snprintf(copy, sizeof copy, "%s", path) >= sizeof copy ||
        !realpath(dirname(copy), folder))
        return false;
    return strncmp(folder, dest, length) == 0 && (folder[length] == '/' || folder[length] == '\0');
}

enum status place_open(struct record_place *place, const char *path, const char *dest,
                       struct reason *why)
{
    *place = (struct record_place){0};
    if (!dest)
        return STATUS_OK;
    char *resolved = realpath(dest, NULL);
    const int fd = resolved ? open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const bool fits = resolved && strlen(resolved) < sizeof place->dest;
    const int error = fits ? errno : ENAMETOOLONG;
    if (fd >= 0 && fits) {
        place->dest_fd = fd;
        strcpy(place->dest, resolved);
        place->within = lies_within(path, resolved);
    } else if (fd >= 0) {
        close(fd);
    }
    free(resolved);
    if (place->dest_fd == 0)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be opened: %s", dest, strerror(error));
    const enum status status = read_id(place, why);
    if (status != STATUS_OK)
        place_close(place);
    return status;
}

void place_close(struct record_place *place)
{
    if (place->lock_fd > 0)
        close(place->lock_fd);
    if (place->dest_fd > 0)
        close(place->dest_fd);
    *place = (struct record_place){0};
}

static int open_lock(const char *path, int flags)
{
    char name[JOB_PATH_SIZE + sizeof LOCK_SUFFIX];
    snprintf(name, sizeof name, "%s" LOCK_SUFFIX, path);
    return open(name, flags | O_NOFOLLOW | O_CLOEXEC, 0666);
}

enum status place_lock(struct record_place *place, const char *path, struct reason *why)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open_lock(path, O_RDWR | O_CREAT);
    if (fd < 0)
        return reason_set(why, STATUS_MACHINE, "%s" LOCK_SUFFIX ": cannot be written: %s", path,
                          strerror(errno));
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        const int error = errno;
        close(fd);
        if (error == EAGAIN || error == EACCES)
            return reason_set(why, STATUS_MACHINE,
                              "%s: another run writes it; wait for its end, or stop it", path);
        return reason_set(why, STATUS_MACHINE, "%s: cannot be locked: %s", path, strerror(error));
    }
    place->lock_fd = fd;
    return STATUS_OK;
}

bool place_is_locked(const char *path)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    const int fd = open_lock(path, O_RDONLY);
    if (fd < 0)
        return false;
    const bool locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return locked;
}

static int write_id(const struct record_place *place)
{
    if (mkdirat(place->dest_fd, FOLDER, 0777) != 0 && errno != EEXIST)
        return -1;
    const int fd = openat(place->dest_fd, ID_FILE ".new",
                          O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    const ssize_t written = write(fd, place->id, RECORD_ID_SIZE - 1);
    if (close(fd) != 0 || written < 0)
        return -1;
    if (written != RECORD_ID_SIZE - 1) {
        errno = ENOSPC;
        return -1;
    }
    return renameat(place->dest_fd, ID_FILE ".new", place->dest_fd, ID_FILE);
}

enum status place_give_id(struct record_place *place, const char *id, struct reason *why)
{
    uint64_t bits[2];
    if (place->id[0] != '\0')
        return STATUS_OK;
    if (id)
        snprintf(place->id, sizeof place->id, "%s", id);
    else if (getrandom(bits, sizeof bits, 0) == sizeof bits)
        snprintf(place->id, sizeof place->id, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
    else
        return reason_set(why, STATUS_MACHINE, "the system gives no random numbers");
    if (write_id(place) == 0)
        return STATUS_OK;
    place->id[0] = '\0';
    return reason_set(why, STATUS_MACHINE, "%s/" ID_FILE ": cannot be written: %s", place->dest,
                      strerror(errno));
}

bool place_is_local(const char *path)
{
    static const uint32_t local[] = {
        EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC,      BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
        TMPFS_MAGIC,           RAMFS_MAGIC,          ZFS_MAGIC,         BCACHEFS_MAGIC,
        OVERLAYFS_SUPER_MAGIC, REISERFS_SUPER_MAGIC, JFS_MAGIC,         NILFS_SUPER_MAGIC,
        MSDOS_SUPER_MAGIC,     EXFAT_MAGIC,
    };
    struct statfs system;
    if (statfs(path, &system) != 0)
        return false;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if ((uint32_t)system.f_type == local[i])
            return true;
    return false;
}
