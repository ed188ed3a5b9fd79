#pragma once

/* Files of any name, written whole. Everything here ends the program when it cannot go on. */

#include <stddef.h>

/* Writes folder/name; `name` may have folders of its own, which are made. */
void sample_file_write(const char *folder, const char *name, const void *bytes, size_t size);

/* Makes a folder with those above it. */
void sample_folder(const char *path);
