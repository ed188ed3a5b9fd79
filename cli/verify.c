/*
 * thumbmill verify: every recorded output is in DEST, has its recorded size, and decodes to its
 * recorded width and height.
 */

#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/decoder_program.h"
#include "cli/inspection.h"
#include "cli/recorded.h"
#include "common/log.h"
#include "common/text.h"
#include "sink/record_place.h"

static bool put_outputs(void *context, const struct record_image *image)
{
    struct inspection *inspection = context;
    for (uint32_t i = 0; i < image->output_count; i++)
        if (inspection_put(inspection, image, &image->outputs[i]) != STATUS_OK)
            return false;
    return true;
}

static enum status inspect(const struct inspection_config *config, struct inspection_counts *counts,
                           struct reason *why)
{
    struct inspection *inspection = NULL;
    struct reason record_why;
    enum status status = inspection_open(&inspection, config, why);
    if (status != STATUS_OK)
        return status;
    const enum status read =
        record_each(config->recorded->record, RECORD_ALL, put_outputs, inspection, &record_why);
    status = inspection_finish(inspection, counts, why);
    inspection_close(&inspection);
    if (read == STATUS_OK)
        return status;
    *why = record_why; // what was seen of a damaged record says nothing of the rest
    return read;
}

static int conclude(const struct inspection_counts *counts)
{
    char size[32];
    text_bytes(size, sizeof size, (double)counts->bytes);
    log_info("%" PRIu64 " outputs, %s: %" PRIu64 " wrong", counts->outputs, size, counts->wrong);
    return counts->wrong > 0 ? EXIT_SOME_FAILED : EXIT_MADE;
}

static enum status verify(const struct arguments *arguments, struct inspection_counts *counts,
                          struct reason *why)
{
    struct recorded recorded;
    char decoder[PATH_MAX];
    if (arguments->jobs == 0 || arguments->jobs > SLOTS_MAX)
        return reason_set(why, STATUS_USAGE, "--jobs %u: expected 1 to %d", arguments->jobs,
                          SLOTS_MAX);
    enum status status = recorded_open(&recorded, arguments, RECORD_READ, why);
    if (status == STATUS_OK && recorded.dest == NULL)
        status = reason_set(why, STATUS_MACHINE, "%s: a file; expected the DEST of a run",
                            arguments->operands[0]);
    // While a run writes it, claims change under the check; the rows are checked as they are read.
    if (status == STATUS_OK && !place_is_locked(recorded.path))
        status = record_check(recorded.record, why);
    if (status == STATUS_OK)
        status = decoder_program_find(decoder, why);
    const struct inspection_config config = {
        .recorded = &recorded,
        .decoder = decoder,
        .jobs = arguments->jobs,
        .memory = arguments->memory,
        .timeout_ms = arguments->options.timeout_ms,
    };
    if (status == STATUS_OK)
        status = inspect(&config, counts, why);
    recorded_close(&recorded);
    return status == STATUS_OK ? command_flush(why) : status;
}

int verify_command(const struct arguments *arguments)
{
    struct inspection_counts counts = {0};
    struct reason why;
    const enum status status = verify(arguments, &counts, &why);
    return status == STATUS_OK ? conclude(&counts) : command_failed(status, &why);
}
