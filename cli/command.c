/*
 * How a command ends that could not begin, or could not go on.
 */

#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

#include "common/log.h"

int command_failed(enum status status, const struct reason *why)
{
    log_error("%s", why->text);
    return status == STATUS_USAGE ? EXIT_WRONG_USE : EXIT_CANNOT;
}

enum status command_flush(struct reason *why)
{
    errno = 0;
    const bool written = fflush(stdout) == 0 && !ferror(stdout);
    const int error = errno;
    if (written || error == EPIPE)
        return STATUS_OK;
    __fpurge(stdout); // else the end of the program would try, and say it again
    return reason_set(why, STATUS_MACHINE, "standard output: %s",
                      error != 0 ? strerror(error) : "some of it is lost");
}
