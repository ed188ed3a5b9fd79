#pragma once

/*
 * DEST as a worker sees it: the token that proves it is the head's DEST, the folder of our own in
 * which outputs are written aside, and the step that puts one in its place. Nothing is held open:
 * a share that was mounted again meanwhile is simply there. Any thread.
 *
 *   DEST/.thumbmill/token                   written by the head
 *   DEST/.thumbmill/tmp/<incarnation>/<n>   ours; the head removes the folder of a worker it gave
 * up
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"

#define DEST_FOLDER ".thumbmill"

struct destination;

/* token: what DEST's must hold. Touches nothing yet. */
enum status destination_open(struct destination **destination, const char *path, const char *token,
                             uint64_t incarnation, bool sync, struct reason *why) MUST_USE;
/* Removes our folder and what is left in it. */
void destination_close(struct destination **destination);

/* DEST is there, is the head's, and a file can be written: STATUS_MACHINE with the reason if not.
 */
enum status destination_probe(struct destination *destination, struct reason *why) MUST_USE;

/* DEST's descriptor, for one image's outputs; the caller's to close. */
enum status destination_enter(struct destination *destination, int *folder,
                              struct reason *why) MUST_USE;
/* A new file aside, known by its number; *fd is the caller's to close. Fails only with
 * STATUS_MACHINE: the folder is ours, so no image can be to blame. */
enum status destination_create(struct destination *destination, int folder, uint64_t *number,
                               int *fd, struct reason *why) MUST_USE;
/* Removes it. */
void destination_discard(struct destination *destination, int folder, uint64_t number);
/* To be asked before an image's first file is placed. STATUS_MACHINE: DEST has another head by now,
 * or none that can be seen; what was made for the one before must not stand there. */
enum status destination_confirm(struct destination *destination, int folder,
                                struct reason *why) MUST_USE;
/* Moves it to `name` below DEST, making folders as needed. STATUS_IMAGE: what stands there does
 * not give way. STATUS_CLOSED: the file aside is gone, for the head gave us up. */
enum status destination_place(struct destination *destination, int folder, uint64_t number,
                              const char *name, struct reason *why) MUST_USE;
