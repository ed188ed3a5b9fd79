/*
 * Writes one frame of every type of message into a folder, named after it: a first corpus for the
 * fuzzer of the wire.
 *
 *   fuzz_wire_seeds FOLDER
 */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/wire.h"
#include "tests/support/sample_messages.h"

static bool write_seed(const char *folder, enum message_type type, const struct buffer *frame)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, message_name(type));
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    bool written = fwrite(frame->bytes, 1, frame->size, file) == frame->size;
    return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
    static struct message message;
    struct buffer frame = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        sample_message(type, &message);
        if (wire_encode(&frame, &message) != STATUS_OK || !write_seed(argv[1], type, &frame)) {
            fprintf(stderr, "%s: cannot write the seed of %s\n", argv[1], message_name(type));
            return EXIT_FAILURE;
        }
    }
    buffer_close(&frame);
    return EXIT_SUCCESS;
}
