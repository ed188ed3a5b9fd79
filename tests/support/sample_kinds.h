#pragma once

/* One file of every kind that needs an outcome of its own: formats, pixels, damage and names. */
void sample_kinds(const char *folder);
