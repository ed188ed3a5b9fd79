/*
 * Results of workers: read by the batch once a run is collected, never before. What is counted is
 * noted for the acknowledgement; while that finds no room, nothing is read, and workers wait.
 */

#include <inttypes.h>

#include "common/log.h"
#include "sink/desk.h"

/* Results read in one turn before the head is heard again. */
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
    const uint64_t dropped = desk->foreign + (desk->results ? channel_dropped(desk->results) : 0);
    if (dropped > 1)
        log_info("%" PRIu64 " frames were dropped: not results of this run", dropped);
    channel_close(&desk->results, 0);
}

bool intake_is_ready(const struct desk *desk)
{
    return desk->collection && desk->recorded.count <= ATTEMPTS_MAX - RESULTS_PER_TURN;
}

/* Results have no sender to blame: the first is told, the others are counted. */
static void drop(struct desk *desk, const char *why)
{
    if (desk->foreign++ == 0)
        log_error("a result is dropped: %s", why);
}

static void take_result(struct desk *desk)
{
    const struct envelope *envelope = &desk->in.envelope;
    const struct result_message *result = &desk->in.result;
    struct reason why;
    if (envelope->type != MSG_RESULT) {
        drop(desk, "it is another message");
        return;
    }
    if (!collection_is(desk->collection, envelope)) {
        drop(desk, "it is of another run");
        return;
    }
    const enum status status =
        collection_result(desk->collection, envelope->sender, result, desk->now, &why);
    if (status == STATUS_OK) {
        desk->recorded.list[desk->recorded.count++] =
            (struct attempt){.job = result->result.job.id, .attempt = result->result.job.attempt};
        desk->changed = true;
    } else if (status == STATUS_MALFORMED) {
        drop(desk, why.text);
    } else {
        desk_fail(desk, status, &why);
    }
}

void intake_turn(struct desk *desk)
{
    struct frame frame;
    struct reason why;
    if (!intake_is_ready(desk))
        return;
    for (int i = 0; i < RESULTS_PER_TURN && desk->failed == STATUS_OK; i++) {
        if (channel_receive(desk->results, &frame) != STATUS_OK)
            return;
        if (wire_decode(frame.bytes, frame.size, &desk->in, NULL, &why) == STATUS_OK)
            take_result(desk);
        else
            drop(desk, why.text);
    }
}
