/*
 * Checks of a whole command line.
 */

#include "cli/preflight.h"

#include "cli/decoder_program.h"

/* The number and kind of words; what they name is checked by sources_open. */
static enum status check_operands(const struct arguments *arguments, struct reason *why)
{
    const bool list = arguments->files_from != NULL;
    if (!list && (arguments->nul_separated || arguments->base != NULL))
        return reason_set(why, STATUS_USAGE, "%s: belongs to --files-from, which is not given",
                          arguments->base != NULL ? "--base" : "-0");
    if (list && arguments->operand_count != 1)
        return reason_set(
            why, STATUS_USAGE,
            "--files-from %s: takes the place of SOURCE; expected only DEST beside it",
            arguments->files_from);
    if (!list && arguments->operand_count < 2)
        return reason_set(why, STATUS_USAGE, "%s: one word only; expected SOURCE... DEST",
                          arguments->operands[0]);
    return STATUS_OK;
}

enum status preflight_sources(const struct arguments *arguments, struct sources *sources,
                              struct reason *why)
{
    enum status status = check_operands(arguments, why);
    if (status == STATUS_OK)
        status = run_options_check(&arguments->options, why);
    if (status == STATUS_OK)
        status = decoder_program_check(&arguments->options, why);
    if (status != STATUS_OK)
        return status;
    const size_t paths = arguments->operand_count - 1;
    return sources_open(sources, arguments->operands, paths, arguments->operands[paths],
                        arguments->files_from, arguments->nul_separated, arguments->base, why);
}

enum status preflight_reach(const char *option, const struct endpoint *endpoint, bool insecure,
                            struct reason *why)
{
    if (!endpoint->given || insecure || address_is_local(&endpoint->address))
        return STATUS_OK;
    return reason_set(
        why, STATUS_USAGE,
        "%s %s: other hosts could reach it, and nothing is encrypted; give a loopback "
        "address or --insecure",
        option, endpoint->text);
}

enum status preflight_slots(const struct arguments *arguments, struct reason *why)
{
    const uint32_t jobs = arguments->jobs, workers = arguments->workers;
    if (jobs == 0 && !arguments->listen.given)
        return reason_set(why, STATUS_USAGE,
                          "--jobs 0: nobody would do the work; give --listen or more jobs");
    if (jobs > 0 && workers > jobs)
        return reason_set(why, STATUS_USAGE,
                          "--workers %u: more than there are jobs to share out; give -j %u or more",
                          workers, workers);
    if (jobs > workers * SLOTS_MAX)
        return reason_set(why, STATUS_USAGE,
                          "--jobs %u: a worker has at most %d; give --workers %u or more", jobs,
                          SLOTS_MAX, (jobs + SLOTS_MAX - 1) / SLOTS_MAX);
    return STATUS_OK;
}
