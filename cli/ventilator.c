/*
 * thumbmill ventilator: gives out the jobs, and ends with the run's status.
 */

#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/preflight.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/role_threads.h"
#include "common/log.h"
#include "ventilator/ventilator.h"

struct head {
    const struct arguments *arguments;
    struct sources sources;
    struct report_file json;
    struct role_threads roles;
    struct progress progress;
    struct address bind;
    struct ventilator_config config;
    struct summary summary;
};

static enum status live_ventilator(void *argument, struct reason *why)
{
    struct head *head = argument;
    return ventilator_run(&head->config, &head->summary, why);
}

static void say_listening(void *context, const struct address *address)
{
    (void)context;
    char endpoint[ENDPOINT_SIZE];
    address_endpoint(address, SOCKET_CONTROL, endpoint);
    log_info("listening on %s", endpoint);
}

static enum status head_open(struct head *head, struct reason *why)
{
    const struct arguments *arguments = head->arguments;
    enum status status = preflight_reach("--bind", &arguments->bind, arguments->insecure, why);
    if (status == STATUS_OK)
        status = preflight_sources(arguments, &head->sources, why);
    if (status == STATUS_OK)
        status = report_file_open(&head->json, arguments->json_file, why);
    if (status == STATUS_OK)
        status = role_threads_open(&head->roles, why);
    return status;
}

static void head_close(struct head *head)
{
    role_threads_close(&head->roles);
    report_file_close(&head->json);
    sources_close(&head->sources);
}

static void configure(struct head *head)
{
    static const struct address loopback = {
        .transport = TRANSPORT_TCP, .host = "127.0.0.1", .port = DEFAULT_PORT};
    const struct arguments *arguments = head->arguments;
    head->bind = arguments->bind.given ? arguments->bind.address : loopback;
    head->config = (struct ventilator_config){
        .context = head->roles.context,
        .stop = &head->roles.stop,
        .sources = &head->sources,
        .options = &arguments->options,
        .binds = &head->bind,
        .bind_count = 1,
        .force = arguments->force,
        .retry_failed = arguments->retry_failed,
        .hold = arguments->hold,
        .hold_terminal = arguments->hold && isatty(STDIN_FILENO),
        .listening = say_listening,
        .progress = progress_update,
        .progress_context = &head->progress,
    };
}

static int perform(struct head *head)
{
    const struct arguments *arguments = head->arguments;
    struct reason why;
    int signal;
    configure(head);
    progress_open(&head->progress, arguments->progress, arguments->quiet);
    role_threads_start(&head->roles, live_ventilator, head);
    enum status status = role_threads_wait(&head->roles, &signal, &why);
    progress_close(&head->progress, status == STATUS_OK ? &head->summary : NULL);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    const struct report report = {
        .summary = &head->summary,
        .sources = arguments->files_from != NULL ? &arguments->files_from : arguments->operands,
        .source_count = arguments->files_from != NULL ? 1 : (uint32_t)arguments->operand_count - 1,
        .dest = head->sources.dest,
        .signal = signal,
    };
    return report_publish(&report, &head->json, arguments->quiet);
}

int ventilator_command(const struct arguments *arguments)
{
    struct reason why;
    struct head *head = calloc(1, sizeof *head);
    if (head == NULL)
        return command_failed(reason_set(&why, STATUS_MACHINE, "out of memory"), &why);
    head->arguments = arguments;
    enum status status = head_open(head, &why);
    const int code = status == STATUS_OK ? perform(head) : command_failed(status, &why);
    head_close(head);
    free(head);
    return code;
}
