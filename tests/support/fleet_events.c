/*
 * The simulated fleet's events: a binary heap by time.
 */

#include <stdlib.h>

#include "tests/support/fleet_internal.h"

/* The heap starts with this many places and doubles. */
#define EVENTS_FIRST 64

static bool sooner(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void *fleet_checked(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

void fleet_post(struct fleet *fleet, usec in, struct event event)
{
    if (fleet->event_count == fleet->event_size) {
        fleet->event_size = fleet->event_size * 2 + EVENTS_FIRST;
        fleet->events =
            fleet_checked(reallocarray(fleet->events, fleet->event_size, sizeof *fleet->events));
    }
    event.at = fleet->now + in;
    event.order = fleet->order++;
    size_t at = fleet->event_count++;
    for (; at > 0 && sooner(&event, &fleet->events[(at - 1) / 2]); at = (at - 1) / 2)
        fleet->events[at] = fleet->events[(at - 1) / 2];
    fleet->events[at] = event;
}

struct event fleet_next_event(struct fleet *fleet)
{
    struct event *heap = fleet->events;
    struct event first = heap[0], last = heap[--fleet->event_count];
    size_t at = 0;

    for (size_t child; (child = 2 * at + 1) < fleet->event_count; at = child) {
        if (child + 1 < fleet->event_count && sooner(&heap[child + 1], &heap[child]))
            child++;
        if (!sooner(&heap[child], &last))
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return first;
}

void fleet_say(struct fleet *fleet, enum event_kind kind, uint32_t worker, struct attempt attempt)
{
    fleet_post(fleet, FLEET_LATENCY,
               (struct event){.kind = kind, .worker = worker, .attempt = attempt});
}
