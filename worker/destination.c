/*
 * Paths here are relative to a descriptor of DEST, so that a long DEST and a long name below it
 * do not add up to more than the kernel takes.
 *
 * Our folder is made when a file is to be created and it is not there: at first, and after a head
 * that had given us up took us back. The token is looked at before: below an unmounted DEST there
 * may be an empty folder, and nothing may be written there.
 */

#include "worker/destination.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_FILE DEST_FOLDER "/token"
#define TMP_FOLDER DEST_FOLDER "/tmp"
/* TMP_FOLDER, a slash, an incarnation in 16 hexadecimal digits, NUL; a slash and a number more. */
#define OURS_SIZE (sizeof TMP_FOLDER + 1 + 16)
#define ASIDE_SIZE (OURS_SIZE + 1 + 16)
#define TOKEN_SIZE 256
/* How often a folder that we just made may vanish before the name is given up. */
#define PLACE_TRIES 4

struct destination {
    char *path, *token;
    char ours[OURS_SIZE]; // TMP_FOLDER/<incarnation>
    bool sync;
    _Atomic uint64_t next; // numbers of files aside, never used twice
};

enum status destination_open(struct destination **destination, const char *path, const char *token,
                             uint64_t incarnation, bool sync, struct reason *why)
{
    struct destination *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory");
    opened->path = strdup(path);
    opened->token = strdup(token);
    opened->sync = sync;
    snprintf(opened->ours, OURS_SIZE, TMP_FOLDER "/%016" PRIx64, incarnation);
    if (opened->path == NULL || opened->token == NULL) {
        free(opened->path);
        free(opened->token);
        free(opened);
        return reason_set(why, STATUS_MACHINE, "no memory");
    }
    *destination = opened;
    return STATUS_OK;
}

/* Empties and removes our folder; what cannot be removed is left to the head. */
static void remove_ours(struct destination *destination)
{
    int folder = open(destination->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    int fd = openat(folder, destination->ours, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (listing != NULL) {
        for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
            unlinkat(fd, entry->d_name, 0); // "." and ".." refuse
        closedir(listing);
    } else if (fd >= 0) {
        close(fd);
    }
    unlinkat(folder, destination->ours, AT_REMOVEDIR);
    close(folder);
}

void destination_close(struct destination **destination)
{
    struct destination *closed = *destination;
    if (closed == NULL)
        return;
    remove_ours(closed);
    free(closed->path);
    free(closed->token);
    free(closed);
    *destination = NULL;
}

enum status destination_enter(struct destination *destination, int *folder, struct reason *why)
{
    int fd = open(destination->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return reason_set(why, STATUS_MACHINE,
                          "DEST %s: %s; mount it here, or say with --dest-root where it is",
                          destination->path, strerror(errno));
    *folder = fd;
    return STATUS_OK;
}

static enum status check_token(struct destination *destination, int folder, struct reason *why)
{
    char found[TOKEN_SIZE];
    int fd = openat(folder, TOKEN_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, found, sizeof found);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0 && error != ENOENT)
        return reason_set(why, STATUS_MACHINE, "DEST %s: " TOKEN_FILE ": %s", destination->path,
                          strerror(error));
    while (size > 0 && found[size - 1] == '\n')
        size--;
    size_t wanted = strlen(destination->token);
    if (size >= 0 && (size_t)size == wanted && memcmp(found, destination->token, wanted) == 0)
        return STATUS_OK;
    return reason_set(why, STATUS_MACHINE,
                      "DEST %s is not the head's: its token is not there; mount it here, or say "
                      "with --dest-root where it is",
                      destination->path);
}

enum status destination_confirm(struct destination *destination, int folder, struct reason *why)
{
    return check_token(destination, folder, why);
}

static enum status make_ours(struct destination *destination, int folder, struct reason *why)
{
    enum status status = check_token(destination, folder, why);
    if (status != STATUS_OK)
        return status;
    if ((mkdirat(folder, TMP_FOLDER, 0777) != 0 && errno != EEXIST) ||
        (mkdirat(folder, destination->ours, 0777) != 0 && errno != EEXIST))
        return reason_set(why, STATUS_MACHINE, "DEST %s: cannot make %s: %s", destination->path,
                          destination->ours, strerror(errno));
    return STATUS_OK;
}

static void name_aside(const struct destination *destination, uint64_t number,
                       char name[ASIDE_SIZE])
{
    snprintf(name, ASIDE_SIZE, "%s/%" PRIx64, destination->ours, number);
}

enum status destination_create(struct destination *destination, int folder, uint64_t *number,
                               int *fd, struct reason *why)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    char name[ASIDE_SIZE];
    *number = atomic_fetch_add(&destination->next, 1);
    name_aside(destination, *number, name);
    int made = openat(folder, name, flags, 0666);
    if (made < 0 && errno == ENOENT) {
        enum status status = make_ours(destination, folder, why);
        if (status != STATUS_OK)
            return status;
        made = openat(folder, name, flags, 0666);
    }
    if (made < 0)
        return reason_set(why, STATUS_MACHINE, "DEST %s: cannot write: %s", destination->path,
                          strerror(errno));
    *fd = made;
    return STATUS_OK;
}

void destination_discard(struct destination *destination, int folder, uint64_t number)
{
    char name[ASIDE_SIZE];
    name_aside(destination, number, name);
    unlinkat(folder, name, 0);
}

enum status destination_probe(struct destination *destination, struct reason *why)
{
    static const char text[] = "thumbmill probe\n";
    int folder = -1, fd = -1;
    uint64_t number = 0;
    enum status status = destination_enter(destination, &folder, why);
    if (status != STATUS_OK)
        return status;
    status = check_token(destination, folder, why);
    if (status == STATUS_OK)
        status = destination_create(destination, folder, &number, &fd, why);
    if (status == STATUS_OK) {
        if (write(fd, text, sizeof text - 1) != (ssize_t)sizeof text - 1 || fsync(fd) != 0)
            status = reason_set(why, STATUS_MACHINE, "DEST %s: cannot write: %s", destination->path,
                                strerror(errno));
        close(fd);
        destination_discard(destination, folder, number);
    }
    close(folder);
    return status;
}

static enum status sync_folder(int folder, const char *name, struct reason *why)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return failed
               ? reason_set(why, STATUS_MACHINE, "DEST: cannot sync %s: %s", name, strerror(error))
               : STATUS_OK;
}

/* Makes every folder above `name`; others may be making the same ones. Returns an errno. */
static int make_folders(int folder, const char *name)
{
    char *path = strdup(name);
    int error = path == NULL ? ENOMEM : 0;
    for (char *at = path; error == 0 && (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        if (mkdirat(folder, path, 0777) != 0 && errno != EEXIST)
            error = errno;
        *at = '/';
    }
    free(path);
    return error;
}

static enum status not_placed(int error, const char *name, struct reason *why)
{
    if (errno_is_machine(error))
        return reason_set(why, STATUS_MACHINE, "DEST: cannot place an output: %s", strerror(error));
    if (error == EISDIR)
        return reason_set(why, STATUS_IMAGE, "its output %s is a folder", name);
    if (error == ENOTDIR)
        return reason_set(why, STATUS_IMAGE, "a file stands where its output %s needs a folder",
                          name);
    return reason_set(why, STATUS_IMAGE, "its output %s cannot be placed: %s", name,
                      strerror(error));
}

/* Makes the name durable: its folder, and when folders were made, those above as well. */
static enum status sync_above(int folder, const char *name, bool made, struct reason *why)
{
    char *path = strdup(name);
    if (path == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory");
    enum status status = STATUS_OK;
    char *slash = NULL;
    do {
        slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
        status = sync_folder(folder, slash == NULL ? "." : path, why);
    } while (status == STATUS_OK && made && slash != NULL);
    free(path);
    return status;
}

enum status destination_place(struct destination *destination, int folder, uint64_t number,
                              const char *name, struct reason *why)
{
    char aside[ASIDE_SIZE];
    name_aside(destination, number, aside);
    bool made = false;
    int error = renameat(folder, aside, folder, name) == 0 ? 0 : errno;
    for (int i = 0; i < PLACE_TRIES && error == ENOENT; i++) {
        if (faccessat(folder, aside, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
            return STATUS_CLOSED;
        error = make_folders(folder, name);
        if (error != 0)
            break;
        made = true;
        error = renameat(folder, aside, folder, name) == 0 ? 0 : errno;
    }
    if (error != 0)
        return not_placed(error, name, why);
    return destination->sync ? sync_above(folder, name, made, why) : STATUS_OK;
}
