#pragma once

/*
 * Being told to stop: first drain (finish what is in hand, begin nothing), then now. Set by the
 * main thread, which alone receives signals; each role polls the two descriptors beside its
 * sockets. A level is never taken back.
 */

#include <stdatomic.h>

#include "common/status.h"

enum stop_level { STOP_NONE, STOP_DRAIN, STOP_NOW };

struct stop {
    _Atomic int level;
    int drain_fd, now_fd; // eventfds; readable for ever once the level is reached
};

enum status stop_open(struct stop *stop, struct reason *why) MUST_USE;
void stop_close(struct stop *stop);
/* Raises the level; lower than the present one does nothing. Any thread. */
void stop_raise(struct stop *stop, enum stop_level level);
enum stop_level stop_level(struct stop *stop);
/* The descriptor to poll that becomes readable at the next level above `seen`; -1 above NOW. */
int stop_fd(const struct stop *stop, enum stop_level seen);
