/*
 * A signalfd for the signals and an eventfd for the end, waited for together. INT and TERM stay
 * blocked to the end of the process: one that comes too late must not undo what is done.
 */

#include "cli/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum status signals_open(struct signals *signals, struct reason *why)
{
    sigset_t orders;
    sigemptyset(&orders);
    sigaddset(&orders, SIGINT);
    sigaddset(&orders, SIGTERM);
    *signals = (struct signals){-1, -1};
    sigprocmask(SIG_BLOCK, &orders, NULL);
    signals->signal_fd = signalfd(-1, &orders, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->signal_fd >= 0)
        signals->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (signals->ended_fd < 0) {
        enum status status = reason_set(why, STATUS_MACHINE, "signalfd: %s", strerror(errno));
        signals_close(signals);
        return status;
    }
    return STATUS_OK;
}

void signals_close(struct signals *signals)
{
    // Zeroed descriptors are nobody's: 0 is always open (main.c).
    if (signals->signal_fd > 0)
        close(signals->signal_fd);
    if (signals->ended_fd > 0)
        close(signals->ended_fd);
    *signals = (struct signals){-1, -1};
}

void signals_end(struct signals *signals)
{
    const uint64_t one = 1;
    // Fails only when it is readable already.
    ssize_t written = write(signals->ended_fd, &one, sizeof one);
    (void)written;
}

int signals_wait(struct signals *signals, struct stop *stop)
{
    int first = 0;
    for (;;) {
        struct pollfd items[] = {{.fd = signals->ended_fd, .events = POLLIN},
                                 {.fd = signals->signal_fd, .events = POLLIN}};
        if (poll(items, 2, -1) < 0)
            continue; // EINTR: a debugger's doing
        struct signalfd_siginfo order;
        while (read(signals->signal_fd, &order, sizeof order) == sizeof order) {
            stop_raise(stop, first == 0 ? STOP_DRAIN : STOP_NOW);
            if (first == 0)
                first = (int)order.ssi_signo;
        }
        if (items[0].revents != 0)
            return first;
    }
}
