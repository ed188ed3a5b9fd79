/*
 * How a command ends that could not begin, or could not go on.
 */

#include "cli/command.h"

#include "common/log.h"

int command_failed(enum status status, const struct reason *why)
{
    log_error("%s", why->text);
    return status == STATUS_USAGE ? EXIT_WRONG_USE : EXIT_CANNOT;
}
