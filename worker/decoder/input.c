/*
 * Reading with bounds. The file is read to its end whatever its size was said to be.
 */

#include "worker/decoder/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Most photographs are smaller: their memory is reused, with its pages already there. */
#define KEEP_BYTES (16u << 20)
#define FIRST_BYTES (64u << 10)

static bool reserve(struct input *input, size_t capacity)
{
    if (capacity <= input->capacity)
        return true;
    unsigned char *data = realloc(input->data, capacity);
    if (!data)
        return false;
    input->data = data;
    input->capacity = capacity;
    return true;
}

static enum status cannot_read(int error, int *error_number, struct reason *why)
{
    *error_number = error;
    return reason_set(why, errno_is_machine(error) ? STATUS_MACHINE : STATUS_IMAGE,
                      "cannot be read: %s", strerror(error));
}

/* One byte more than is expected, so that the end of the file shows without growing. */
static size_t first_capacity(uint64_t expected, uint64_t max_bytes)
{
    uint64_t wanted = expected < max_bytes ? expected : max_bytes;
    return wanted < FIRST_BYTES ? FIRST_BYTES : (size_t)wanted + 1;
}

enum status input_read(struct input *input, int fd, uint64_t expected, uint64_t max_bytes,
                       int *error_number, struct reason *why)
{
    input->size = 0;
    size_t wanted = first_capacity(expected, max_bytes);
    for (;;) {
        if (input->size == input->capacity && input->size > 0)
            wanted = input->capacity * 2;
        if (!reserve(input, wanted))
            return cannot_read(ENOMEM, error_number, why);

        ssize_t got =
            pread(fd, input->data + input->size, input->capacity - input->size, (off_t)input->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot_read(errno, error_number, why);
        if (got == 0)
            break;
        input->size += (size_t)got;
        if (input->size > max_bytes)
            return reason_set(why, STATUS_IMAGE, "more than %.6g MB (--max-bytes)",
                              (double)max_bytes / 1e6);
    }
    if (input->size == 0)
        return reason_set(why, STATUS_IMAGE, "empty file");
    return STATUS_OK;
}

void input_trim(struct input *input)
{
    if (input->capacity > KEEP_BYTES)
        input_close(input);
}

void input_close(struct input *input)
{
    free(input->data);
    *input = (struct input){0};
}
