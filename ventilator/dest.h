#pragma once

/*
 * The destination as the head prepares it: the folder, its .thumbmill with the token by which
 * workers prove that they see the same tree, and the lock by which one run at a time writes there.
 */

#include <stdint.h>

#include "common/status.h"

#define DEST_TOKEN_SIZE 33 // 128 random bits in hex, NUL

struct dest {
    int lock_fd; // 0: not held
    int tmp_fd;  // the workers' temporary files; 0: not opened
    char token[DEST_TOKEN_SIZE];
};

/* Makes the folders, takes the lock, removes temporary files of runs before, writes a new token.
 * STATUS_MACHINE with the path and the cause; nothing is left open then. */
enum status dest_open(struct dest *dest, const char *path, struct reason *why) MUST_USE;
/* Removes the temporary files of one worker: whatever it was about to publish, it can't any more,
 * not even if it sleeps and wakes up between its last look at the lease and its rename. */
void dest_fence(const struct dest *dest, uint64_t incarnation);
/* The same for every worker; no token is valid any more; gives up the lock. A zeroed one is fine.
 */
void dest_close(struct dest *dest);
