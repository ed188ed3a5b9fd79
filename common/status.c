/*
 * Reasons: one line of text for a person; and which errno speaks of the machine.
 */

#include "common/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum status reason_set(struct reason *reason, enum status status, const char *format, ...)
{
    if (reason == NULL)
        return status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->text, sizeof reason->text, format, arguments);
    va_end(arguments);
    return status;
}

bool errno_is_machine(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EIO:
    case ESTALE:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENODEV:
    case ENXIO:
    case ETIMEDOUT:
    case ENOTCONN:
    case EHOSTDOWN:
        return true;
    default:
        return false;
    }
}
