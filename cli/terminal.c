/*
 * Asking the environment what a terminal can do (https://no-color.org).
 */

#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_can_redraw(int fd)
{
    const char *terminal = getenv("TERM");
    return isatty(fd) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

bool terminal_has_colour(int fd)
{
    const char *unwanted = getenv("NO_COLOR");
    return terminal_can_redraw(fd) && (unwanted == NULL || unwanted[0] == '\0');
}
