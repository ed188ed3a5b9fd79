#pragma once

/*
 * What may be written to a terminal beside text.
 */

#include <stdbool.h>

/* `fd` is a terminal that can move its cursor. */
bool terminal_can_redraw(int fd);
/* The same, and nobody set NO_COLOR. */
bool terminal_has_colour(int fd);
