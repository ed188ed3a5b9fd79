/* One buffer, refilled when it is used up; an entry is put together from its pieces. */

#include "ventilator/list_reader.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void list_reader_init(struct list_reader *reader, int fd, int stop_fd, bool nul_separated)
{
    reader->fd = fd;
    reader->stop_fd = stop_fd;
    reader->separator = nul_separated ? '\0' : '\n';
    reader->ended = false;
    reader->start = reader->end = 0;
}

/* Waits until the list has more. STATUS_CLOSED when a stop is asked for. */
static enum status await(const struct list_reader *reader)
{
    struct pollfd items[] = {{.fd = reader->fd, .events = POLLIN},
                             {.fd = reader->stop_fd, .events = POLLIN}};
    while (poll(items, sizeof items / sizeof items[0], -1) < 0)
        if (errno != EINTR)
            return STATUS_MACHINE;
    return items[1].revents ? STATUS_CLOSED : STATUS_OK;
}

/* STATUS_OK with bytes in the buffer, or with `ended` set. */
static enum status fill(struct list_reader *reader)
{
    for (;;) {
        const enum status status = await(reader);
        if (status != STATUS_OK)
            return status;
        const ssize_t count = read(reader->fd, reader->buffer, sizeof reader->buffer);
        if (count >= 0) {
            reader->start = 0;
            reader->end = (size_t)count;
            reader->ended = count == 0;
            return STATUS_OK;
        }
        if (errno != EINTR && errno != EAGAIN)
            return STATUS_MACHINE;
    }
}

/* An entry while it is put together. */
struct piecewise {
    char *text;
    size_t length; // below JOB_PATH_SIZE
    bool cut, complete;
};

static void take_piece(struct list_reader *reader, struct piecewise *entry)
{
    const char *piece = reader->buffer + reader->start;
    const size_t left = reader->end - reader->start;
    const char *separator = memchr(piece, reader->separator, left);
    const size_t size = separator ? (size_t)(separator - piece) : left;

    const size_t room = JOB_PATH_SIZE - 1 - entry->length;
    const size_t taken = size < room ? size : room;
    memcpy(entry->text + entry->length, piece, taken);
    entry->length += taken;
    entry->cut = entry->cut || taken < size;
    entry->complete = separator != NULL;
    reader->start += size + (separator ? 1 : 0);
}

enum status list_reader_next(struct list_reader *reader, char text[JOB_PATH_SIZE])
{
    struct piecewise entry = {.text = text};
    while (!(entry.complete && entry.length > 0)) {
        if (reader->start == reader->end && !reader->ended) {
            const enum status status = fill(reader);
            if (status != STATUS_OK)
                return status;
        }
        if (reader->ended)
            break;
        take_piece(reader, &entry);
    }
    if (entry.length == 0)
        return STATUS_CLOSED;
    text[entry.length] = '\0';
    if (memchr(text, '\0', entry.length))
        return STATUS_MALFORMED;
    return entry.cut ? STATUS_IMAGE : STATUS_OK;
}
