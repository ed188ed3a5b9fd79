/* The stack grows by doubling and holds its entries back to back; a footer tells an entry's size.
 */

#include "ventilator/trail.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 4096

struct footer {
    uint16_t parent_length, name_length; // both below JOB_PATH_SIZE
};
_Static_assert(JOB_PATH_SIZE <= UINT16_MAX, "lengths of paths fit the footer");

void trail_close(struct trail *trail)
{
    free(trail->pending);
    trail->pending = NULL;
    trail->used = trail->capacity = 0;
}

/* Where the name of an entry of the folder begins: behind a slash, but for the root. */
static size_t name_offset(size_t parent_length)
{
    return parent_length == 0 ? 0 : parent_length + 1;
}

bool trail_entry(const struct trail *trail, const char *name, char path[JOB_PATH_SIZE])
{
    const size_t offset = name_offset(trail->length);
    const size_t length = strlen(name);
    if (offset + length >= JOB_PATH_SIZE)
        return false;
    memcpy(path, trail->path, trail->length);
    if (offset > 0)
        path[offset - 1] = '/';
    memcpy(path + offset, name, length + 1);
    return true;
}

static enum status make_room(struct trail *trail, size_t more)
{
    size_t capacity = trail->capacity ? trail->capacity : FIRST_CAPACITY;
    while (capacity - trail->used < more)
        capacity *= 2;
    if (capacity == trail->capacity)
        return STATUS_OK;
    char *pending = realloc(trail->pending, capacity);
    if (!pending)
        return STATUS_MACHINE;
    trail->pending = pending;
    trail->capacity = capacity;
    return STATUS_OK;
}

enum status trail_push(struct trail *trail, const char *name)
{
    const size_t length = strlen(name);
    if (name_offset(trail->length) + length >= JOB_PATH_SIZE)
        return STATUS_IMAGE;
    const struct footer footer = {(uint16_t)trail->length, (uint16_t)length};
    const enum status status = make_room(trail, length + sizeof footer);
    if (status != STATUS_OK)
        return status;
    memcpy(trail->pending + trail->used, name, length);
    memcpy(trail->pending + trail->used + length, &footer, sizeof footer);
    trail->used += length + sizeof footer;
    return STATUS_OK;
}

bool trail_next(struct trail *trail)
{
    struct footer footer;
    if (trail->used == 0)
        return false;
    trail->used -= sizeof footer;
    memcpy(&footer, trail->pending + trail->used, sizeof footer);
    trail->used -= footer.name_length;

    const size_t offset = name_offset(footer.parent_length);
    if (offset > 0)
        trail->path[offset - 1] = '/';
    memcpy(trail->path + offset, trail->pending + trail->used, footer.name_length);
    trail->length = offset + footer.name_length;
    trail->path[trail->length] = '\0';
    return true;
}
