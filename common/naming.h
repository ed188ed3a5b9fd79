#pragma once

/*
 * Where the thumbnails of a source go below DEST, and in which format: the template grammar of
 * --output. Computed alike by the ventilator, the sink and the worker, so that no message carries
 * output names. Pure.
 *
 *   %d folder relative to its source   %s stem   %n whole file name   %z size without its suffix
 *   %% a per cent sign; a trailing suffix with [saver options] chooses the format
 *
 * The default: the source's path and name, unchanged when its suffix already means the output
 * format, else with the format's suffix appended; one folder a size (%z/...) when there are
 * several.
 */

#include "common/options.h"

#define OUTPUT_PATH_SIZE 4096

/* The template is well-formed, names a format that can be written, cannot leave DEST, and tells
 * sizes apart when there are several. */
enum status naming_check(const struct run_options *options, struct reason *why) MUST_USE;

/* The saver's suffix with its options, as libvips takes it: ".jpg[Q=85]". */
void naming_saver(const struct run_options *options, char *saver, size_t size);

/* The path below DEST of size `index` of the source `path` (relative to its root).
 * STATUS_IMAGE with the reason when a component would be over 255 bytes, the whole over
 * OUTPUT_PATH_SIZE, or it would fall into DEST's own .thumbmill folder. */
enum status naming_output(const struct run_options *options, const char *path, uint32_t index,
                          char output[OUTPUT_PATH_SIZE], struct reason *why) MUST_USE;
