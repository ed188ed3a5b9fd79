/*
 * The log hook may be called from any thread of libvips, so the lines it gathers are locked. The
 * pipe behind standard error never blocks its writer: a library that floods it loses lines.
 */

#include "worker/decoder/messages.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vips/vips.h>

static GMutex lock;
static char logged[IMAGE_WARNINGS_SIZE]; // under the lock
static int stderr_pipe = -1;             // its reading end; -1: standard error is not caught

static const char *const memory_texts[] = {"out of memory", "insufficient memory",
                                           "cannot allocate memory", "memory allocation failed"};

/* What libvips logs when it closes a JPEG of which libjpeg warned: fail_on is looked at before each
 * row, so what is wrong with the last ones is only counted. */
static const char late_text[] = "read gave ";

/* True when `lines` has this line already. */
static bool has_line(const char *lines, const char *line, size_t length)
{
    for (const char *at = lines; *at;) {
        size_t here = strcspn(at, "\n");
        if (here == length && memcmp(at, line, length) == 0)
            return true;
        at += here + (at[here] == '\n');
    }
    return false;
}

void messages_append(char *lines, size_t size, const char *text)
{
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "\r\n");
        size_t used = strlen(lines);
        size_t parting = used ? 1 : 0;
        if (length && !has_line(lines, at, length) && used + parting + 1 < size) {
            size_t room = size - used - parting - 1;
            size_t taken = length < room ? length : room;
            if (parting)
                lines[used] = '\n';
            memcpy(lines + used + parting, at, taken);
            lines[used + parting + taken] = '\0';
        }
        at += length + strspn(at + length, "\r\n");
    }
}

void messages_join(char *line, size_t size, const char *lines)
{
    line[0] = '\0';
    for (const char *at = lines; *at;) {
        size_t length = strcspn(at, "\n");
        size_t used = strlen(line);
        snprintf(line + used, size - used, "%s%.*s", used ? "; " : "", (int)length, at);
        at += length + (at[length] == '\n');
    }
}

/* Information and debugging are not about the image's state. */
static void on_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer unused)
{
    (void)domain;
    (void)unused;
    if (!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)))
        return;
    g_mutex_lock(&lock);
    messages_append(logged, sizeof logged, text);
    g_mutex_unlock(&lock);
}

void messages_open(void)
{
    g_log_set_default_handler(on_log, NULL);
}

bool messages_catch_stderr(void)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        return false;
    fflush(stderr);
    if (dup2(ends[1], STDERR_FILENO) < 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    close(ends[1]);
    stderr_pipe = ends[0];
    return true;
}

static void take_stderr(char *lines, size_t size)
{
    char text[1024];
    ssize_t got;
    while (stderr_pipe >= 0 && (got = read(stderr_pipe, text, sizeof text - 1)) > 0) {
        text[got] = '\0';
        messages_append(lines, size, text);
    }
}

static bool speaks_of_memory(const char *lines)
{
    for (size_t i = 0; i < sizeof memory_texts / sizeof memory_texts[0]; i++)
        if (strcasestr(lines, memory_texts[i]))
            return true;
    return false;
}

void messages_take(struct messages *messages)
{
    struct messages forgotten;
    struct messages *taken = messages ? messages : &forgotten;

    taken->errors[0] = '\0';
    messages_append(taken->errors, sizeof taken->errors, vips_error_buffer());
    vips_error_clear();

    g_mutex_lock(&lock);
    memcpy(taken->warnings, logged, sizeof logged);
    logged[0] = '\0';
    g_mutex_unlock(&lock);
    take_stderr(taken->warnings, sizeof taken->warnings);

    taken->late_damage = strstr(taken->warnings, late_text) != NULL;
    taken->out_of_memory = speaks_of_memory(taken->errors) || speaks_of_memory(taken->warnings);
}
