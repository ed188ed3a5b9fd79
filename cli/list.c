/*
 * thumbmill list: what became of each image, straight from the record.
 */

#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/listing.h"
#include "cli/recorded.h"
#include "cli/terminal.h"

struct lister {
    bool json, colour;
};

static bool show(void *context, const struct record_image *image)
{
    const struct lister *lister = context;
    if (lister->json)
        listing_json(image, stdout);
    else
        listing_line(image, lister->colour, stdout);
    return !ferror(stdout);
}

int list_command(const struct arguments *arguments)
{
    struct recorded recorded;
    struct reason why;
    struct lister lister = {.json = arguments->json, .colour = terminal_has_colour(STDOUT_FILENO)};
    const unsigned states = arguments->states != 0 ? arguments->states : RECORD_ALL;
    enum status status = recorded_open(&recorded, arguments, RECORD_READ, &why);
    if (status == STATUS_OK)
        status = record_each(recorded.record, states, show, &lister, &why);
    recorded_close(&recorded);
    if (status == STATUS_OK)
        status = command_flush(&why);
    return status == STATUS_OK ? EXIT_MADE : command_failed(status, &why);
}
