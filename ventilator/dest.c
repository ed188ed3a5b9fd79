/*
 * See dest.h. Temporary files live in DEST/.thumbmill/tmp/INCARNATION/. Whoever holds the lock is
 * the only live run, so every folder there belongs to a worker of an earlier one. Such a worker is
 * fenced off twice: before it places an image it looks at the token, which is another by then; and
 * one that looked just before finds its files gone when it renames them. The latter holds for a
 * worker of this run that was given up, too, and both for every one when the run is over.
 */

#include "ventilator/dest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* mkdir -p: makes each missing folder of an absolute path. */
static int make_folders(const char *path)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(part, path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return -1;
        *slash = '/';
    }
    return mkdir(part, 0777) == 0 || errno == EEXIST ? 0 : -1;
}

/* Opens a folder below `parent`, made when missing. */
static int open_folder(int parent, const char *name)
{
    if (mkdirat(parent, name, 0777) != 0 && errno != EEXIST)
        return -1;
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Calls `remove_one` for every entry of the folder `fd` (closed afterwards). */
static void for_each_entry(int fd, void (*remove_one)(int folder, const char *name))
{
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_one(dirfd(folder), entry->d_name);
    closedir(folder);
}

static void remove_file(int folder, const char *name)
{
    (void)unlinkat(folder, name, 0);
}

static void remove_incarnation(int tmp, const char *name)
{
    int fd = openat(tmp, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        remove_file(tmp, name);
        return;
    }
    for_each_entry(fd, remove_file);
    (void)unlinkat(tmp, name, AT_REMOVEDIR);
}

static void fence_all(const struct dest *dest)
{
    int fd = openat(dest->tmp_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        for_each_entry(fd, remove_incarnation);
}

static enum status take_lock(struct dest *dest, int folder, const char *path, struct reason *why)
{
    int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return reason_set(why, STATUS_MACHINE, "%s/.thumbmill/lock: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        close(fd);
        if (error == EWOULDBLOCK)
            return reason_set(why, STATUS_MACHINE,
                              "%s: another run writes there; wait for its end, or stop it", path);
        return reason_set(why, STATUS_MACHINE, "%s: cannot be locked: %s", path, strerror(error));
    }
    dest->lock_fd = fd;
    return STATUS_OK;
}

static int write_token(int folder, char token[DEST_TOKEN_SIZE])
{
    uint64_t bits[2];
    if (getrandom(bits, sizeof bits, 0) != sizeof bits)
        return -1;
    snprintf(token, DEST_TOKEN_SIZE, "%016llx%016llx", (unsigned long long)bits[0],
             (unsigned long long)bits[1]);
    int fd =
        openat(folder, "token.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, token, DEST_TOKEN_SIZE - 1);
    if (close(fd) != 0 || written != DEST_TOKEN_SIZE - 1) {
        if (written >= 0 && written != DEST_TOKEN_SIZE - 1)
            errno = ENOSPC;
        return -1;
    }
    return renameat(folder, "token.new", folder, "token");
}

static enum status prepare(struct dest *dest, int folder, const char *path, struct reason *why)
{
    enum status status = take_lock(dest, folder, path, why);
    if (status != STATUS_OK)
        return status;
    int tmp = open_folder(folder, "tmp");
    if (tmp < 0)
        return reason_set(why, STATUS_MACHINE, "%s/.thumbmill/tmp: %s", path, strerror(errno));
    // In this order: a worker of a run before that makes its folder anew finds the new token.
    dest->tmp_fd = tmp;
    int written = write_token(folder, dest->token);
    int error = errno;
    fence_all(dest);
    if (written != 0)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be written: %s", path, strerror(error));
    return STATUS_OK;
}

enum status dest_open(struct dest *dest, const char *path, struct reason *why)
{
    *dest = (struct dest){0};
    if (make_folders(path) != 0)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be made: %s", path, strerror(errno));
    int parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int folder = parent < 0 ? -1 : open_folder(parent, ".thumbmill");
    int error = errno;
    if (parent >= 0)
        close(parent);
    if (folder < 0)
        return reason_set(why, STATUS_MACHINE, "%s: cannot be written: %s", path, strerror(error));
    enum status status = prepare(dest, folder, path, why);
    close(folder);
    if (status != STATUS_OK)
        dest_close(dest);
    return status;
}

void dest_fence(const struct dest *dest, uint64_t incarnation)
{
    char name[17];
    snprintf(name, sizeof name, "%016" PRIx64, incarnation);
    remove_incarnation(dest->tmp_fd, name);
}

void dest_close(struct dest *dest)
{
    if (dest->tmp_fd > 0) {
        (void)unlinkat(dest->tmp_fd, "../token", 0); // before, as in prepare()
        fence_all(dest);
        close(dest->tmp_fd);
    }
    if (dest->lock_fd > 0)
        close(dest->lock_fd);
    *dest = (struct dest){0};
}
