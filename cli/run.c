/*
 * thumbmill run: ventilator, sink and workers as threads of one process. They talk over inproc,
 * exactly as processes talk over tcp; with --listen the first two are reached over tcp as well.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/decoder_program.h"
#include "cli/preflight.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/role_threads.h"
#include "common/log.h"
#include "sink/sink.h"
#include "ventilator/ventilator.h"

/* A host's name (POSIX: at most 64 bytes on Linux) beside "-" and a number. */
#define NAME_OF_HOST_SIZE 65

/* Everything of one run. The threads' configurations live here until they have ended. */
struct run {
    const struct arguments *arguments;
    struct sources sources;
    struct report_file json;
    struct role_threads roles;
    struct progress progress;
    char decoder[PATH_MAX];
    struct address binds[2]; // inproc, and with --listen tcp
    struct ventilator_config ventilator;
    struct sink_config sink;
    struct worker_config workers[WORKERS_PER_PROCESS_MAX];
    char names[WORKERS_PER_PROCESS_MAX][WORKER_NAME_SIZE];
    struct summary summary;      // of the ventilator: the sink's, agreed on
    struct summary sink_summary; // not reported: the same
};

/* ---- the roles ---- */

static enum status live_ventilator(void *argument, struct reason *why)
{
    struct run *run = argument;
    const enum status status = ventilator_run(&run->ventilator, &run->summary, why);
    // It told everyone it knew. A worker that it did not know yet would wait for it in vain.
    if (status == STATUS_OK)
        stop_raise(&run->roles.stop, STOP_NOW);
    return status;
}

static enum status live_sink(void *argument, struct reason *why)
{
    struct run *run = argument;
    return sink_run(&run->sink, &run->sink_summary, why);
}

static enum status live_worker(void *argument, struct reason *why)
{
    return worker_run(argument, why);
}

static void say_listening(void *context, const struct address *address)
{
    (void)context;
    char endpoint[ENDPOINT_SIZE];
    address_endpoint(address, SOCKET_CONTROL, endpoint);
    if (address->transport != TRANSPORT_INPROC)
        log_info("listening on %s", endpoint);
}

static void configure_head(struct run *run)
{
    const struct arguments *arguments = run->arguments;
    run->binds[0] = (struct address){.transport = TRANSPORT_INPROC, .host = "thumbmill"};
    run->binds[1] = arguments->listen.address;
    run->ventilator = (struct ventilator_config){
        .context = run->roles.context,
        .stop = &run->roles.stop,
        .sources = &run->sources,
        .options = &arguments->options,
        .binds = run->binds,
        .bind_count = arguments->listen.given ? 2 : 1,
        .force = arguments->force,
        .retry_failed = arguments->retry_failed,
        .listening = say_listening,
    };
    run->sink = (struct sink_config){
        .context = run->roles.context,
        .stop = &run->roles.stop,
        .head = run->binds[0],
        .bind = run->binds[0],
        .listen = arguments->listen.address,
        .has_listen = arguments->listen.given,
        .record = arguments->db,
        .head_timeout = arguments->head_timeout,
        .progress = progress_update,
        .outcome = report_outcome,
        .observer = &run->progress,
    };
}

/* The slots and the memory are shared out as evenly as they can be. */
static void configure_worker(struct run *run, uint32_t index)
{
    const struct arguments *arguments = run->arguments;
    const uint32_t jobs = arguments->jobs, workers = arguments->workers;
    const uint32_t slots = jobs / workers + (index < jobs % workers);
    char host[NAME_OF_HOST_SIZE] = "worker";
    if (gethostname(host, sizeof host - 1) == 0)
        snprintf(run->names[index], WORKER_NAME_SIZE, "%s-%u", host, index + 1);
    run->workers[index] = (struct worker_config){
        .context = run->roles.context,
        .stop = &run->roles.stop,
        .head = run->binds[0],
        .name = workers > 1 ? run->names[index] : NULL,
        .slots = slots,
        .memory = arguments->memory / jobs * slots,
        .decoder = run->decoder,
        .head_timeout = arguments->head_timeout,
    };
}

static void start_roles(struct run *run)
{
    configure_head(run);
    role_threads_start(&run->roles, live_ventilator, run);
    role_threads_start(&run->roles, live_sink, run);
    for (uint32_t i = 0; run->arguments->jobs > 0 && i < run->arguments->workers; i++) {
        configure_worker(run, i);
        role_threads_start(&run->roles, live_worker, &run->workers[i]);
    }
}

/* ---- from the command line to the exit status ---- */

static enum status run_open(struct run *run, struct reason *why)
{
    const struct arguments *arguments = run->arguments;
    enum status status = preflight_slots(arguments, why);
    if (status == STATUS_OK)
        status = preflight_reach("--listen", &arguments->listen, arguments->insecure, why);
    if (status == STATUS_OK)
        status = preflight_sources(arguments, &run->sources, why);
    if (status == STATUS_OK)
        status = decoder_program_find(run->decoder, why);
    if (status == STATUS_OK)
        status = report_file_open(&run->json, arguments->json_file, why);
    if (status == STATUS_OK)
        status = role_threads_open(&run->roles, why);
    return status;
}

static void run_close(struct run *run)
{
    role_threads_close(&run->roles);
    report_file_close(&run->json);
    sources_close(&run->sources);
}

static int perform(struct run *run)
{
    const struct arguments *arguments = run->arguments;
    struct reason why;
    int signal;
    progress_open(&run->progress, arguments->progress, arguments->quiet);
    start_roles(run);
    enum status status = role_threads_wait(&run->roles, &signal, &why);
    progress_close(&run->progress, status == STATUS_OK ? &run->summary : NULL);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    const struct report report = {
        .summary = &run->summary,
        .sources = arguments->files_from != NULL ? &arguments->files_from : arguments->operands,
        .source_count = arguments->files_from != NULL ? 1 : (uint32_t)arguments->operand_count - 1,
        .dest = run->sources.dest,
        .signal = signal,
    };
    return report_publish(&report, &run->json, arguments->quiet);
}

int run_command(const struct arguments *arguments)
{
    struct reason why;
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return command_failed(reason_set(&why, STATUS_MACHINE, "out of memory"), &why);
    run->arguments = arguments;
    enum status status = run_open(run, &why);
    const int code = status == STATUS_OK ? perform(run) : command_failed(status, &why);
    run_close(run);
    free(run);
    return code;
}
