/*
 * The stop level and its two eventfds. Only stop_raise writes; the level is set before the
 * descriptors become readable, so whoever is woken sees it.
 */

#include "common/stop.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum status stop_open(struct stop *stop, struct reason *why)
{
    atomic_init(&stop->level, STOP_NONE);
    stop->now_fd = -1;
    stop->drain_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop->drain_fd >= 0)
        stop->now_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop->now_fd < 0) {
        enum status status = reason_set(why, STATUS_MACHINE, "eventfd: %s", strerror(errno));
        stop_close(stop);
        return status;
    }
    return STATUS_OK;
}

void stop_close(struct stop *stop)
{
    // Descriptors 0 are those of a zeroed object: eventfd cannot have returned them to a program
    // that keeps its standard input open.
    if (stop->drain_fd > 0)
        close(stop->drain_fd);
    if (stop->now_fd > 0)
        close(stop->now_fd);
    stop->drain_fd = stop->now_fd = -1;
}

static void signal_fd(int fd)
{
    const uint64_t one = 1;
    // Fails only when the counter is full, and then the descriptor is readable already.
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;
}

void stop_raise(struct stop *stop, enum stop_level level)
{
    int present = atomic_load(&stop->level);
    while (present < (int)level && !atomic_compare_exchange_weak(&stop->level, &present, level))
        ;
    if (level >= STOP_DRAIN)
        signal_fd(stop->drain_fd);
    if (level >= STOP_NOW)
        signal_fd(stop->now_fd);
}

enum stop_level stop_level(struct stop *stop)
{
    return (enum stop_level)atomic_load(&stop->level);
}

int stop_fd(const struct stop *stop, enum stop_level seen)
{
    switch (seen) {
    case STOP_NONE:
        return stop->drain_fd;
    case STOP_DRAIN:
        return stop->now_fd;
    default:
        return -1;
    }
}
