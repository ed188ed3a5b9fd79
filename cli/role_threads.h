#pragma once

/*
 * The roles of this process as threads: one ØMQ context and one stop for all of them. When one
 * fails its reason is kept (the first), and the others are stopped. The main thread waits, and
 * turns signals into stops.
 */

#include <pthread.h>
#include <stdint.h>

#include "cli/arguments.h"
#include "cli/signals.h"
#include "common/channel.h"
#include "common/status.h"
#include "common/stop.h"

/* A role's whole life. STATUS_OK: it ended as it should. */
typedef enum status (*role_function)(void *argument, struct reason *why);

/* A ventilator, a sink and the workers. */
#define ROLES_MAX (2 + WORKERS_PER_PROCESS_MAX)

struct role_threads;

struct role_thread {
    struct role_threads *all;
    pthread_t thread;
    role_function function;
    void *argument;
};

struct role_threads {
    struct context *context;
    struct stop stop;
    struct signals signals;
    uint32_t count;
    struct role_thread list[ROLES_MAX];
    pthread_mutex_t lock; // what follows
    uint32_t running;     // and one for who starts them, so that an early end is not the last
    enum status failed;   // STATUS_OK: none has
    struct reason why;
};

/* Blocks the signals, so it comes before any other thread. */
enum status role_threads_open(struct role_threads *all, struct reason *why) MUST_USE;
/* Every thread must have been waited for. */
void role_threads_close(struct role_threads *all);

/* Starts one; a failure to start counts as the role's. `argument` must live until the wait ends. */
void role_threads_start(struct role_threads *all, role_function function, void *argument);

/* Waits until all have ended; *signal is the first that came, or 0. The first failure's status and
 * reason. */
enum status role_threads_wait(struct role_threads *all, int *signal, struct reason *why) MUST_USE;
