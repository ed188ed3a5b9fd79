/*
 * Channels for tests.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/channels.h"

static struct context *context;

int channels_open(void **state)
{
    (void)state;
    return context_open(&context, NULL) == STATUS_OK ? 0 : -1;
}

int channels_close(void **state)
{
    (void)state;
    context_close(&context);
    return 0;
}

struct channel *open_channel(enum channel_kind kind)
{
    struct channel *channel;
    struct reason why = {""};
    if (channel_open(&channel, context, kind, LIMIT, &why) != STATUS_OK)
        fail_msg("%s", why.text);
    return channel;
}

const char *bind_anywhere(struct channel *channel)
{
    static char endpoint[ENDPOINT_SIZE];
    struct reason why = {""};
    if (channel_bind(channel, "tcp://127.0.0.1:*", &why) != STATUS_OK)
        fail_msg("%s", why.text);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", channel_port(channel));
    return endpoint;
}

void wait_for(struct channel *channel, bool to_send)
{
    struct wait_item item = {.channel = channel, .want_send = to_send};
    do {
        assert_int_equal(channel_wait(&item, 1, PATIENCE), STATUS_OK);
        assert_true(item.readable || item.writable);
    } while (to_send ? !item.writable : !item.readable);
}

void receive(struct channel *channel, struct frame *frame)
{
    enum status status;
    do {
        wait_for(channel, false);
        status = channel_receive(channel, frame);
    } while (status == STATUS_AGAIN);
    assert_int_equal(status, STATUS_OK);
}

void send_text(struct channel *channel, const char *text)
{
    wait_for(channel, true);
    assert_int_equal(channel_send(channel, text, strlen(text)), STATUS_OK);
}

void assert_frame(const struct frame *frame, const char *text)
{
    assert_int_equal(frame->size, strlen(text));
    assert_memory_equal(frame->bytes, text, frame->size);
}
