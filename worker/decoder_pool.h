#pragma once

/*
 * Where slots get their decoders: one long-lived thread spawns them (a decoder asks the kernel to
 * die with the thread that spawned it), and keeps one hot spare, so that a slot whose decoder was
 * killed goes on at once.
 */

#include "worker/decoder_process.h"

struct decoder_pool;

/* Starts the thread; `program` is copied. */
enum status decoder_pool_open(struct decoder_pool **pool, const char *program,
                              const struct decoder_setup *setup, struct reason *why) MUST_USE;
/* Every decoder taken from it must have ended; nobody may be inside any more. */
void decoder_pool_close(struct decoder_pool **pool);

/* The spare, or the next one; it may not be READY yet. STATUS_MACHINE: it cannot be started.
 * STATUS_CLOSED: stopped. */
enum status decoder_pool_take(struct decoder_pool *pool, struct decoder *decoder,
                              struct reason *why) MUST_USE;
/* A decoder that works and is not needed: it becomes the spare, or is ended. Zeroes it. */
void decoder_pool_give_back(struct decoder_pool *pool, struct decoder *decoder);
/* A decoder starts and is READY. `wake` as for decoder_await_ready(). */
enum status decoder_pool_probe(struct decoder_pool *pool, int wake, struct reason *why) MUST_USE;

/* Ends every wait, now and later, with STATUS_CLOSED. */
void decoder_pool_stop(struct decoder_pool *pool);
