/*
 * thumbmill sink: collects the results, shows progress, and ends with the run's status.
 */

#include "sink/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "cli/preflight.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/role_threads.h"

/* Where the run's images come from and go to, as START says: absolute paths, owned. */
struct origin {
    uint32_t count;
    const char **sources;
    const char *dest;
};

struct collector {
    const struct arguments *arguments;
    struct endpoint bind;
    char bind_text[ENDPOINT_SIZE];
    struct report_file json;
    struct role_threads roles;
    struct progress progress;
    struct sink_config config;
    struct summary summary;
    struct origin origin; // written by the sink's thread, read when it has ended
};

static enum status live_sink(void *argument, struct reason *why)
{
    struct collector *collector = argument;
    const enum status status = sink_run(&collector->config, &collector->summary, why);
    // Whoever watches this process is not told by the ventilator.
    return status == STATUS_CLOSED ? STATUS_MACHINE : status;
}

/* ---- what is seen of the run ---- */

static void origin_close(struct origin *origin)
{
    for (uint32_t i = 0; i < origin->count; i++)
        free((char *)origin->sources[i]);
    free(origin->sources);
    free((char *)origin->dest);
    *origin = (struct origin){0};
}

static char *copy_of(struct text text)
{
    return strndup(text.bytes, text.size);
}

/* A run may begin anew. What memory is out for, the report does without. */
static void see_start(void *context, const struct run_setup *setup)
{
    struct collector *collector = context;
    struct origin *origin = &collector->origin;
    origin_close(origin);
    origin->dest = copy_of(setup->dest);
    origin->sources = calloc(setup->root_count, sizeof *origin->sources);
    for (uint32_t i = 0; origin->sources != NULL && i < setup->root_count; i++) {
        origin->sources[i] = copy_of(setup->roots[i]);
        if (origin->sources[i] == NULL)
            break;
        origin->count++;
    }
}

static void see_progress(void *context, const struct summary *summary)
{
    struct collector *collector = context;
    progress_update(&collector->progress, summary);
}

/* ---- from the command line to the exit status ---- */

/* Without --bind: beside a head of this machine, else where every host can reach it. */
static void choose_bind(struct collector *collector)
{
    const struct arguments *arguments = collector->arguments;
    struct endpoint *bind = &collector->bind;
    *bind = arguments->bind;
    if (bind->given)
        return;
    bind->given = true;
    bind->address = arguments->connect.address;
    const char *host = bind->address.host;
    if (!address_is_local(&bind->address))
        strcpy(bind->address.host, "*");
    else if (strcasecmp(host, "localhost") == 0) // a socket binds to an address, not to a name
        strcpy(bind->address.host, "127.0.0.1");
    address_endpoint(&bind->address, SOCKET_CONTROL, collector->bind_text);
    bind->text = collector->bind_text;
}

static enum status collector_open(struct collector *collector, struct reason *why)
{
    const struct arguments *arguments = collector->arguments;
    choose_bind(collector);
    enum status status = preflight_reach("--bind", &collector->bind, arguments->insecure, why);
    if (status == STATUS_OK)
        status = report_file_open(&collector->json, arguments->json_file, why);
    if (status == STATUS_OK)
        status = role_threads_open(&collector->roles, why);
    return status;
}

static void collector_close(struct collector *collector)
{
    role_threads_close(&collector->roles);
    report_file_close(&collector->json);
    origin_close(&collector->origin);
}

static int perform(struct collector *collector)
{
    const struct arguments *arguments = collector->arguments;
    struct reason why;
    int signal;
    collector->config = (struct sink_config){
        .context = collector->roles.context,
        .stop = &collector->roles.stop,
        .head = arguments->connect.address,
        .bind = collector->bind.address,
        .advertise = arguments->advertise,
        .record = arguments->db,
        .head_timeout = arguments->head_timeout,
        .started = see_start,
        .progress = see_progress,
        .outcome = report_outcome,
        .observer = collector,
    };
    progress_open(&collector->progress, arguments->progress, arguments->quiet);
    role_threads_start(&collector->roles, live_sink, collector);
    enum status status = role_threads_wait(&collector->roles, &signal, &why);
    progress_close(&collector->progress, status == STATUS_OK ? &collector->summary : NULL);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    const struct report report = {
        .summary = &collector->summary,
        .sources = collector->origin.sources,
        .source_count = collector->origin.count,
        .dest = collector->origin.dest != NULL ? collector->origin.dest : "",
        .signal = signal,
    };
    return report_publish(&report, &collector->json, arguments->quiet);
}

int sink_command(const struct arguments *arguments)
{
    struct reason why;
    struct collector *collector = calloc(1, sizeof *collector);
    if (collector == NULL)
        return command_failed(reason_set(&why, STATUS_MACHINE, "out of memory"), &why);
    collector->arguments = arguments;
    enum status status = collector_open(collector, &why);
    const int code = status == STATUS_OK ? perform(collector) : command_failed(status, &why);
    collector_close(collector);
    free(collector);
    return code;
}
