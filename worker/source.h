#pragma once

/*
 * Opening what a job names, beneath its root and nowhere else, without ever waiting on something
 * that is no file (a FIFO, a device).
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"

/*
 * Opens root/path for reading; *fd is the caller's to close, *size its bytes.
 * STATUS_IMAGE with the reason: what is there cannot be read. STATUS_CLOSED: no such file.
 * STATUS_MACHINE with the reason: the root is absent, the machine is in trouble.
 */
enum status source_open(const char *root, const char *path, int *fd, uint64_t *size,
                        struct reason *why) MUST_USE;
/* The root is there and is a folder. */
enum status source_probe(const char *root, struct reason *why) MUST_USE;
