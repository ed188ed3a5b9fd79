/*
 * What a report of a bug should begin with.
 */

#include "cli/version.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/decoder_program.h"
#include "common/channel.h"

int version_print(void)
{
    char zmq[32], program[PATH_MAX], decoder[8192];
    struct reason why;
    channel_library_version(zmq, sizeof zmq);
    printf("thumbmill %s\nlibzmq %s\n", THUMBMILL_VERSION, zmq);
    enum status status = decoder_program_find(program, &why);
    if (status == STATUS_OK)
        status = decoder_program_version(program, decoder, sizeof decoder, &why);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    printf("%s", decoder);
    return EXIT_MADE;
}
