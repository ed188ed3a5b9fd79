/*
 * For LD_PRELOAD: the Nth call of a kind does not do what it should.
 *
 *   THUMBMILL_FAULT        KIND:N:WHAT   the Nth call of that kind: sync:3:EIO
 *                          KIND:N+:WHAT  that one and every later one
 *   THUMBMILL_FAULT_BELOW  a folder: only calls on it, or on what is below it, are counted
 *   THUMBMILL_FAULT_SEEN   a file that gets one line when it happens first
 *
 * KIND: write (with pwrite, writev), rename, sync (fsync, fdatasync, syncfs), open (with openat).
 * WHAT: an errno by its name: the call fails with it and does nothing; KILL: the process is killed;
 * STOP: the process stops before the call, and makes it when it is continued.
 *
 * Counts of all threads are one count. Decoders are not reached: their environment is emptied.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { KIND_NONE, KIND_WRITE, KIND_RENAME, KIND_SYNC, KIND_OPEN, KINDS };

static const char *const kind_names[KINDS] = {"none", "write", "rename", "sync", "open"};

/* Larger than any errno of Linux. */
#define ERRNO_END 200

static struct {
    enum kind kind;
    unsigned long nth;
    bool lasting;
    int number; // an errno; 0: `signal`
    int signal;
    const char *below, *seen;
} fault;

static atomic_ulong calls;

static int errno_of(const char *name)
{
    for (int number = 1; number < ERRNO_END; number++) {
        const char *known = strerrorname_np(number);
        if (known != NULL && strcmp(known, name) == 0)
            return number;
    }
    fprintf(stderr, "THUMBMILL_FAULT: %s: not an errno, KILL or STOP\n", name);
    abort();
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("THUMBMILL_FAULT");
    char kind[16], what[32], plus[2] = "";
    if (text == NULL)
        return;
    if (sscanf(text, "%15[a-z]:%lu:%31s", kind, &fault.nth, what) != 3 &&
        sscanf(text, "%15[a-z]:%lu%1[+]:%31s", kind, &fault.nth, plus, what) != 4) {
        fprintf(stderr, "THUMBMILL_FAULT: %s: expected KIND:N:WHAT\n", text);
        abort();
    }
    fault.lasting = plus[0] != '\0';
    fault.below = getenv("THUMBMILL_FAULT_BELOW");
    fault.seen = getenv("THUMBMILL_FAULT_SEEN");
    fault.signal = strcmp(what, "KILL") == 0 ? SIGKILL : strcmp(what, "STOP") == 0 ? SIGSTOP : 0;
    fault.number = fault.signal == 0 ? errno_of(what) : 0;
    for (enum kind i = KIND_NONE + 1; i < KINDS; i++)
        if (strcmp(kind, kind_names[i]) == 0)
            fault.kind = i;
}

/* ---- is it one that counts? ---- */

/* The file of a descriptor; false when it has no name. */
static bool name_of(int fd, char name[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(fd == AT_FDCWD ? "/proc/self/cwd" : link, name, PATH_MAX - 1);
    name[size < 0 ? 0 : size] = '\0';
    return size > 0;
}

static bool is_below(const char *path)
{
    size_t size = fault.below == NULL ? 0 : strlen(fault.below);
    return strncmp(path, fault.below == NULL ? "" : fault.below, size) == 0 &&
           (size == 0 || path[size] == '/' || path[size] == '\0');
}

static void see(const char *path)
{
    char line[PATH_MAX + 64];
    if (fault.seen == NULL)
        return;
    int size = snprintf(line, sizeof line, "%s %lu %s\n", kind_names[fault.kind], fault.nth, path);
    long fd =
        syscall(SYS_openat, AT_FDCWD, fault.seen, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    syscall(SYS_write, fd, line, size);
    syscall(SYS_close, fd);
}

/* True: the call fails, errno says how. */
static bool strike(const char *path)
{
    unsigned long call = atomic_fetch_add(&calls, 1) + 1;
    if (call != fault.nth && !(fault.lasting && call > fault.nth))
        return false;
    if (call == fault.nth)
        see(path);
    if (fault.signal != 0) {
        kill(getpid(), fault.signal);
        return false;
    }
    errno = fault.number;
    return true;
}

static bool strikes_fd(enum kind kind, int fd)
{
    char path[PATH_MAX];
    int before = errno;
    if (kind != fault.kind)
        return false;
    bool counts = name_of(fd, path) && is_below(path);
    errno = before;
    return counts && strike(path);
}

static bool strikes_path(enum kind kind, int folder, const char *name)
{
    char path[2 * PATH_MAX];
    int before = errno;
    if (kind != fault.kind)
        return false;
    bool named = true;
    if (name[0] == '/') {
        snprintf(path, sizeof path, "%s", name);
    } else {
        named = name_of(folder, path);
        size_t size = strlen(path);
        snprintf(path + size, sizeof path - size, "/%s", name);
    }
    bool counts = named && is_below(path);
    errno = before;
    return counts && strike(path);
}

/* ---- the calls ---- */

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* TYPE name(int fd, more...): fails as its descriptor says. */
#define BY_FD(kind, type, name, parameters, arguments)                                             \
    type name parameters                                                                           \
    {                                                                                              \
        return strikes_fd(kind, fd) ? -1 : NEXT(name) arguments;                                   \
    }

BY_FD(KIND_WRITE, ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
BY_FD(KIND_WRITE, ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t at),
      (fd, bytes, size, at))
BY_FD(KIND_WRITE, ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t at),
      (fd, bytes, size, at))
BY_FD(KIND_WRITE, ssize_t, writev, (int fd, const struct iovec *parts, int count),
      (fd, parts, count))
BY_FD(KIND_SYNC, int, fsync, (int fd), (fd))
BY_FD(KIND_SYNC, int, fdatasync, (int fd), (fd))
BY_FD(KIND_SYNC, int, syncfs, (int fd), (fd))

int rename(const char *from, const char *to)
{
    return strikes_path(KIND_RENAME, AT_FDCWD, to) ? -1 : NEXT(rename)(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return strikes_path(KIND_RENAME, to_folder, to)
               ? -1
               : NEXT(renameat)(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return strikes_path(KIND_RENAME, to_folder, to)
               ? -1
               : NEXT(renameat2)(from_folder, from, to_folder, to, flags);
}

/* The mode of the variable arguments behind `flags`, if there is one. */
#define MODE_BEHIND(flags, mode)                                                                   \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        if (((flags)&O_CREAT) != 0 || ((flags)&O_TMPFILE) == O_TMPFILE)                            \
            (mode) = va_arg(arguments, mode_t);                                                    \
        va_end(arguments);                                                                         \
    } while (0)

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_BEHIND(flags, mode);
    return strikes_path(KIND_OPEN, AT_FDCWD, path) ? -1 : NEXT(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_BEHIND(flags, mode);
    return strikes_path(KIND_OPEN, AT_FDCWD, path) ? -1 : NEXT(open64)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_BEHIND(flags, mode);
    return strikes_path(KIND_OPEN, folder, path) ? -1 : NEXT(openat)(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_BEHIND(flags, mode);
    return strikes_path(KIND_OPEN, folder, path) ? -1 : NEXT(openat64)(folder, path, flags, mode);
}
