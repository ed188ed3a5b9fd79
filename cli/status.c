/*
 * thumbmill status: what the head knows, as a table or as JSON. Names come from peers: escaped.
 */

#include <inttypes.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/command.h"
#include "common/json.h"
#include "common/text.h"

/* A path, a line of trouble: no text of a reply is longer. */
#define SHOWN_SIZE 4200

static const char *phase_name(const struct status_report *report)
{
    static const char *const names[] = {
        [PHASE_WAITING] = "waiting",   [PHASE_HELD] = "held",           [PHASE_RUNNING] = "running",
        [PHASE_DRAINING] = "draining", [PHASE_FINISHING] = "finishing",
    };
    return names[report->phase];
}

static double seconds_of(usec span)
{
    return (double)span / US_PER_S;
}

/* ---- for programs ---- */

static void write_text(struct json *json, const char *key, struct text text)
{
    char copy[SHOWN_SIZE];
    text_copy(copy, sizeof copy, text);
    json_text(json, key, copy);
}

static void write_worker(struct json *json, const struct status_worker *worker)
{
    json_object(json, NULL);
    write_text(json, "name", worker->name);
    write_text(json, "host", worker->host);
    json_count(json, "slots", worker->slots);
    json_count(json, "capacity", worker->capacity);
    json_count(json, "held", worker->held);
    json_count(json, "running", worker->running);
    json_count(json, "images", worker->images);
    write_text(json, "trouble", worker->trouble);
    json_bool(json, "leaving", worker->leaving);
    json_number(json, "silent_s", seconds_of(worker->silent));
    json_object_end(json);
}

static void write_report(const struct status_report *report, FILE *out)
{
    struct json json;
    json_open(&json, out);
    json_object(&json, NULL);
    json_text(&json, "phase", phase_name(report));
    write_text(&json, "dest", report->dest);
    json_count(&json, "enumerated", report->counts.enumerated);
    json_bool(&json, "walk_complete", report->counts.walk_complete);
    for (int state = IMAGE_MADE; state < IMAGE_STATES; state++)
        json_count(&json, image_state_name((enum image_state)state), report->states[state]);
    json_count(&json, "ignored", report->counts.ignored);
    json_count(&json, "walk_errors", report->counts.walk_errors);
    json_count(&json, "retries", report->counts.retries);
    json_count(&json, "returns", report->counts.returns);
    json_count(&json, "ready", report->ready);
    json_count(&json, "out", report->out);
    json_count(&json, "unrecorded", report->done);
    json_bool(&json, "sink", report->sink_present);
    json_count(&json, "worker_count", report->worker_count);
    json_array(&json, "workers");
    for (uint32_t i = 0; i < report->listed; i++)
        write_worker(&json, &report->workers[i]);
    json_array_end(&json);
    json_object_end(&json);
    fputc('\n', out);
}

/* ---- for a person ---- */

static void escape(char *out, size_t size, struct text text)
{
    char copy[SHOWN_SIZE];
    text_copy(copy, sizeof copy, text);
    text_escape(out, size, copy);
}

static void print_worker(const struct status_worker *worker, FILE *out)
{
    char name[SHOWN_SIZE], host[SHOWN_SIZE], trouble[SHOWN_SIZE];
    escape(name, sizeof name, worker->name);
    escape(host, sizeof host, worker->host);
    escape(trouble, sizeof trouble, worker->trouble);
    fprintf(out, "%-24s %-20s %5u %8u %5u %8u %9" PRIu64 "  ", name, host, worker->slots,
            worker->capacity, worker->held, worker->running, worker->images);
    if (trouble[0] != '\0')
        fprintf(out, "in trouble: %s", trouble);
    else if (worker->leaving)
        fprintf(out, "leaving");
    else
        fprintf(out, "heard %.1f s ago", seconds_of(worker->silent));
    fputc('\n', out);
}

static void print_report(const struct status_report *report, FILE *out)
{
    char dest[SHOWN_SIZE];
    escape(dest, sizeof dest, report->dest);
    fprintf(out, "%s: %s; sink %s\n", dest, phase_name(report),
            report->sink_present ? "connected" : "missing");
    fprintf(out, "%" PRIu64 "%s images:", report->counts.enumerated,
            report->counts.walk_complete ? "" : "+");
    for (int state = IMAGE_MADE; state < IMAGE_STATES; state++)
        fprintf(out, "%s %" PRIu64 " %s", state > IMAGE_MADE ? "," : "", report->states[state],
                image_state_name((enum image_state)state));
    fprintf(out, "; %" PRIu64 " ready, %" PRIu64 " out, %" PRIu64 " unrecorded\n", report->ready,
            report->out, report->done);
    if (report->listed > 0)
        fprintf(out, "%-24s %-20s %5s %8s %5s %8s %9s\n", "worker", "host", "slots", "capacity",
                "held", "running", "images");
    for (uint32_t i = 0; i < report->listed; i++)
        print_worker(&report->workers[i], out);
    if (report->worker_count > report->listed)
        fprintf(out, "and %u more workers\n", report->worker_count - report->listed);
}

int status_command(const struct arguments *arguments)
{
    struct client client;
    struct reason why;
    int code = EXIT_MADE;
    enum status status =
        client_ask(&client, &arguments->connect, MSG_STATUS_WANTED, MSG_STATUS, &why);
    if (status == STATUS_OK)
        (arguments->json ? write_report : print_report)(&client.reply->status, stdout);
    else
        code = command_failed(status, &why);
    client_close(&client);
    return code;
}
