#pragma once

/*
 * What the image libraries say about one image. libvips keeps its errors in one buffer for the
 * process, GLib logs warnings through a hook, others print to standard error; a decoder works on
 * one image at a time, so whatever is said between two calls of messages_take() is about this one.
 */

#include <stdbool.h>

#include "common/job.h"

struct messages {
    char errors[IMAGE_WARNINGS_SIZE];   // of libvips' error buffer, lines parted by '\n'
    char warnings[IMAGE_WARNINGS_SIZE]; // the log's and standard error's, the same
    bool out_of_memory;                 // somebody said so, whatever was returned
    bool late_damage; // pixels were damaged where libvips only looks after it returned success
};

/* Takes over the log of GLib. Once, before libvips starts. */
void messages_open(void);
/* Catches standard error too; what does not fit is lost. False when it cannot. */
bool messages_catch_stderr(void);

/* Moves what was said since the last call into `messages` (NULL: forgets it). */
void messages_take(struct messages *messages);

/* Appends the lines of `text` to `lines`, each once and none empty, cut at `size`. */
void messages_append(char *lines, size_t size, const char *text);
/* The lines as one: "first; second", cut at `size`. */
void messages_join(char *line, size_t size, const char *lines);
