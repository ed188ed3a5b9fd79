/*
 * Plain system calls: names are bytes here, and libvips would read options in them.
 */

#include "tests/support/sample_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *path)
{
    fprintf(stderr, "thumbmill-samples: %s: %s\n", path, strerror(errno));
    exit(1);
}

void sample_folder(const char *path)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            die(part);
        *slash = '/';
    }
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
        die(part);
}

static int create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ENOENT) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
        sample_folder(folder);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    if (fd < 0)
        die(path);
    return fd;
}

void sample_file_write(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = create(path);
    for (const char *at = bytes; size > 0;) {
        ssize_t wrote = write(fd, at, size);
        if (wrote < 0)
            die(path);
        at += wrote;
        size -= (size_t)wrote;
    }
    close(fd);
}
