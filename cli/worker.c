/*
 * thumbmill worker: does the work of a head on this host, or on another.
 */

#include "worker/worker.h"

#include <limits.h>

#include "cli/command.h"
#include "cli/decoder_program.h"
#include "cli/role_threads.h"

static enum status live_worker(void *argument, struct reason *why)
{
    return worker_run(argument, why);
}

static int perform(const struct arguments *arguments, struct role_threads *roles,
                   const char *decoder)
{
    struct reason why;
    int signal;
    struct worker_config config = {
        .context = roles->context,
        .stop = &roles->stop,
        .head = arguments->connect.address,
        .name = arguments->name,
        .slots = arguments->jobs,
        .memory = arguments->memory,
        .decoder = decoder,
        .head_timeout = arguments->head_timeout,
        .stay = arguments->stay,
        .source_roots = arguments->source_roots.list,
        .source_root_count = arguments->source_roots.count,
        .dest_roots = arguments->dest_roots.list,
        .dest_root_count = arguments->dest_roots.count,
    };
    role_threads_start(roles, live_worker, &config);
    enum status status = role_threads_wait(roles, &signal, &why);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    // Told once it hands its work back and has done its own; told twice it was cut short.
    const bool cut_short = stop_level(&roles->stop) == STOP_NOW;
    return signal != 0 && cut_short ? EXIT_SIGNALLED + signal : EXIT_MADE;
}

int worker_command(const struct arguments *arguments)
{
    struct role_threads roles;
    struct reason why;
    char decoder[PATH_MAX];
    enum status status = STATUS_OK;
    if (arguments->jobs < 1 || arguments->jobs > SLOTS_MAX)
        status = reason_set(&why, STATUS_USAGE, "--jobs %u: expected 1 to %d", arguments->jobs,
                            SLOTS_MAX);
    if (status == STATUS_OK)
        status = decoder_program_find(decoder, &why);
    if (status == STATUS_OK)
        status = role_threads_open(&roles, &why);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    const int code = perform(arguments, &roles, decoder);
    role_threads_close(&roles);
    return code;
}
