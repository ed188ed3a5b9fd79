/*
 * libFuzzer target: bytes from anybody, at wire_decode(). What is accepted must make a message
 * that can be said again, in a frame that is understood in the same way.
 *
 *   fuzz_wire CORPUS                   (the target fuzz_wire_seeds makes a first corpus)
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct message message, again;
    static struct buffer said, said_again;
    uint32_t version = 0;
    struct reason why = {""};

    enum status status = wire_decode(bytes, size, &message, &version, &why);
    if (status != STATUS_OK) {
        require(status == STATUS_MALFORMED && why.text[0] != '\0');
        return 0;
    }
    require(wire_encode(&said, &message) == STATUS_OK);
    require(wire_decode(said.bytes, said.size, &again, NULL, NULL) == STATUS_OK);
    require(wire_encode(&said_again, &again) == STATUS_OK);
    require(said.size == said_again.size);
    require(memcmp(said.bytes, said_again.bytes, said.size) == 0);
    return 0;
}
