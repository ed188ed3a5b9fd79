/*
 * Results of workers: handed to the clerk as they come once a run is collected, never before. While
 * the clerk has no room nothing is read, and workers wait.
 */

#include "sink/desk.h"

/* Results handed over in one turn before the head is heard again. */
#define RESULTS_PER_TURN 256

static enum status bind_at(struct desk *desk, const struct address *address, struct reason *why)
{
    char endpoint[ENDPOINT_SIZE];
    address_endpoint(address, SOCKET_RESULTS, endpoint);
    const enum status status = channel_bind(desk->results, endpoint, why);
    if (status == STATUS_OK && address->transport == TRANSPORT_TCP)
        desk->results_port = channel_port(desk->results);
    return status;
}

enum status intake_open(struct desk *desk, struct reason *why)
{
    const struct sink_config *config = desk->config;
    enum status status =
        channel_open(&desk->results, config->context, CHANNEL_RESULTS_PULL, FRAME_RESULT_MAX, why);
    if (status == STATUS_OK)
        status = bind_at(desk, &config->bind, why);
    if (status == STATUS_OK && config->has_listen)
        status = bind_at(desk, &config->listen, why);
    return status;
}

void intake_close(struct desk *desk)
{
    channel_close(&desk->results, 0);
}

bool intake_is_ready(const struct desk *desk)
{
    return desk->view.collecting && clerk_has_room(desk->clerk);
}

void intake_turn(struct desk *desk)
{
    struct frame frame;
    struct reason why;
    for (int i = 0; i < RESULTS_PER_TURN && intake_is_ready(desk); i++) {
        if (channel_receive(desk->results, &frame) != STATUS_OK)
            return;
        if (clerk_hand(desk->clerk, FROM_WORKERS, frame.bytes, frame.size) == STATUS_MACHINE)
            desk_fail(desk, reason_set(&why, STATUS_MACHINE, "no memory for a result"), &why);
    }
}
