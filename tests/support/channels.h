#pragma once

/*
 * What tests of channels have in common: one context, channels in it that must open, and sending
 * and receiving that waits. Whatever goes wrong fails the test.
 */

#include "common/channel.h"

#define LIMIT 1000 // bytes of the longest frame
#define LINGER (1 * US_PER_S)
/* Long enough for anything that arrives at all; nothing waits so long when all is well. */
#define PATIENCE (20 * US_PER_S)

/* Group fixtures. */
int channels_open(void **state);
int channels_close(void **state);

struct channel *open_channel(enum channel_kind kind);
/* Binds to any free port of the loopback; returns what to connect to, until the next call. */
const char *bind_anywhere(struct channel *channel);
void wait_for(struct channel *channel, bool to_send);
/* The next frame that arrives. */
void receive(struct channel *channel, struct frame *frame);
void send_text(struct channel *channel, const char *text);
void assert_frame(const struct frame *frame, const char *text);
