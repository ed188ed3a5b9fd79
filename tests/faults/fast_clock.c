/*
 * For LD_PRELOAD: thumbmill's own time runs THUMBMILL_TIME_SCALE times faster, and its waits are as
 * much shorter. Every lease, beat and deadline of the protocol then passes that much sooner, with
 * nothing in the program that knows of it.
 *
 * Only calls of the program itself are served so. libzmq waits by real time: it must not find that
 * its own poll() came back early.
 */

#include <dlfcn.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000LL

static long scale = 1;
static uintptr_t program_first, program_end; // its code and data

static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    program_first = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        if (first < program_first)
            program_first = first;
        if (first + info->dlpi_phdr[i].p_memsz > program_end)
            program_end = first + info->dlpi_phdr[i].p_memsz;
    }
    return 1; // the first object is the program; no other is looked at
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("THUMBMILL_TIME_SCALE");
    if (text != NULL && atol(text) > 1)
        scale = atol(text);
    dl_iterate_phdr(find_program, NULL);
}

static bool is_program(const void *caller)
{
    return (uintptr_t)caller >= program_first && (uintptr_t)caller < program_end;
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))
#define FROM_PROGRAM is_program(__builtin_return_address(0))

static struct timespec times(struct timespec time, long factor, long divisor)
{
    // The parts one by one: nanoseconds times a scale fit into 64 bits for 300 years.
    int64_t ns = (time.tv_sec * NS_PER_S + time.tv_nsec) / divisor * factor;
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

/* What tells how much time has passed; the time of day is left as it is. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = NEXT(clock_gettime)(clock, now);
    if (failed == 0 && FROM_PROGRAM && (clock == CLOCK_BOOTTIME || clock == CLOCK_MONOTONIC))
        *now = times(*now, scale, 1);
    return failed;
}

/* At least a millisecond: a wait must not become a loop. */
static long shorter(long timeout)
{
    return timeout <= 0 ? timeout : (timeout + scale - 1) / scale;
}

int poll(struct pollfd *items, nfds_t count, int timeout)
{
    return NEXT(poll)(items, count, FROM_PROGRAM ? (int)shorter(timeout) : timeout);
}

/* As in <zmq.h>; what the items are does not matter here. */
int zmq_poll(void *items, int count, long timeout);

int zmq_poll(void *items, int count, long timeout)
{
    return NEXT(zmq_poll)(items, count, FROM_PROGRAM ? shorter(timeout) : timeout);
}

/* The conditions of the program that wait with a deadline do so by CLOCK_MONOTONIC. */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *deadline)
{
    struct timespec real = FROM_PROGRAM ? times(*deadline, 1, scale) : *deadline;
    return NEXT(pthread_cond_timedwait)(condition, mutex, &real);
}
