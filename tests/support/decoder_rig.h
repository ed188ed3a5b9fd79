#pragma once

/*
 * Real decoders over the sample images of every kind, for cmocka tests: each call that cannot do
 * what it says fails the test.
 */

#include "tests/support/decoder_driver.h"
#include "tests/support/temp_tree.h"

/* Group fixtures: the folder of samples, made once. */
int rig_open(void **state);
int rig_close(void **state);

/* A sample, for reading. */
int rig_sample(const char *name);
/* A file with the first `size` bytes of a sample (all of them when it has fewer), for reading. */
int rig_beginning(const char *name, size_t size);
size_t rig_size(const char *name);

/* A decoder that took the setup. End with rig_stop(), which wants it to have ended well. */
void rig_start(struct decoder_driver *driver, const struct decoder_setup *setup);
void rig_stop(struct decoder_driver *driver);

/* A new file to write an output to; rig_output_bytes() maps what is in it. */
int rig_output(void);
struct rig_bytes {
    unsigned char *data;
    size_t size;
};
struct rig_bytes rig_bytes_of(int output);
void rig_bytes_clear(struct rig_bytes *bytes);

/* One image by a decoder of its own; closes `input`. When `output` is not NULL it is an array of as
 * many new descriptors as the setup has sizes. */
struct decoder_reply rig_decode(const struct decoder_setup *setup, int input, int *outputs);
/* The same by a running decoder. */
struct decoder_reply rig_ask(struct decoder_driver *driver, const struct decoder_setup *setup,
                             int input, int *outputs);

/* Adds a size. */
void rig_size_spec(struct decoder_setup *setup, const char *spec);
