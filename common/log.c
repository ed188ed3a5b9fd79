/*
 * One line, one write, whole: other processes share the terminal and the log file.
 */

#include "common/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/status.h"
#include "common/text.h"

/* A path of 4096 bytes and its reason. */
#define LINE_SIZE (4096 + REASON_SIZE)
/* The longest escape of a byte is \xNN; \u{85} is of two bytes, \u{202E} of three. */
#define ESCAPED_SIZE (4 * LINE_SIZE)

static struct {
    pthread_mutex_t lock;
    const char *name;
    bool quiet;
    void (*clear)(void *);
    void (*redraw)(void *);
    void *context;
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .name = "thumbmill"};

void log_init(const char *name, bool quiet)
{
    pthread_mutex_lock(&log_state.lock);
    log_state.name = name;
    log_state.quiet = quiet;
    pthread_mutex_unlock(&log_state.lock);
}

void log_set_hook(void (*clear)(void *), void (*redraw)(void *), void *context)
{
    pthread_mutex_lock(&log_state.lock);
    log_state.clear = clear;
    log_state.redraw = redraw;
    log_state.context = context;
    pthread_mutex_unlock(&log_state.lock);
}

static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; // nobody reads; there is nowhere to say so
        bytes += written;
        size -= (size_t)written;
    }
}

/* Called with the lock held. */
__attribute__((format(printf, 1, 0))) static void write_line(const char *format, va_list arguments)
{
    char plain[LINE_SIZE], escaped[ESCAPED_SIZE], line[ESCAPED_SIZE + REASON_SIZE];
    vsnprintf(plain, sizeof plain, format, arguments);
    text_escape(escaped, sizeof escaped, plain);
    int size = snprintf(line, sizeof line, "%s: %s\n", log_state.name, escaped);
    if (log_state.clear != NULL)
        log_state.clear(log_state.context);
    write_all(line, (size_t)size);
    if (log_state.redraw != NULL)
        log_state.redraw(log_state.context);
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&log_state.lock);
    write_line(format, arguments);
    pthread_mutex_unlock(&log_state.lock);
    va_end(arguments);
}

void log_info(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&log_state.lock);
    if (!log_state.quiet)
        write_line(format, arguments);
    pthread_mutex_unlock(&log_state.lock);
    va_end(arguments);
}
