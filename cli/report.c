/*
 * The report. Figures that would divide by nothing are left out, or 0 in the JSON.
 */

#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text.h"

#define PIXELS_PER_MEGAPIXEL 1e6

/* ---- figures ---- */

static double ratio(double amount, double by)
{
    return by > 0 ? amount / by : 0;
}

static double ms_of(usec span)
{
    return (double)span / US_PER_MS;
}

static double elapsed_s(const struct summary *summary)
{
    return (double)summary->elapsed / US_PER_S;
}

static double images_per_s(const struct summary *summary)
{
    return ratio((double)summary_settled(summary), elapsed_s(summary));
}

/* Mean of a stage, an image. */
static double stage_ms(const struct summary *summary, enum stage stage)
{
    return ratio(ms_of(summary->stages[stage]), (double)summary->timed_images);
}

/* 0..1: the part of its slots' time a worker was busy. */
static double busy_part(const struct summary *summary, const struct worker_share *share)
{
    const double part = ratio((double)share->busy, (double)summary->elapsed * share->slots);
    return part < 1 ? part : 1;
}

bool report_is_interrupted(const struct report *report)
{
    const struct summary *summary = report->summary;
    if (summary->dispatch.interrupted)
        return true;
    const bool whole =
        summary->dispatch.walk_complete && summary_settled(summary) == summary->dispatch.enumerated;
    return report->signal != 0 && !whole;
}

int report_exit_status(const struct report *report)
{
    const struct summary *summary = report->summary;
    if (report->signal != 0 && report_is_interrupted(report))
        return EXIT_SIGNALLED + report->signal;
    const uint64_t bad = summary->states[IMAGE_FAILED] + summary->states[IMAGE_QUARANTINED] +
                         summary->dispatch.walk_errors;
    return bad > 0 ? EXIT_SOME_FAILED : EXIT_MADE;
}

/* ---- for a person ---- */

static void print_states(const struct summary *summary, FILE *out)
{
    fprintf(out, "  images   %" PRIu64 ":", summary->dispatch.enumerated);
    const char *separator = " ";
    for (int state = IMAGE_MADE; state < IMAGE_STATES; state++) {
        // Made and failed always: who greps for them finds them.
        if (summary->states[state] == 0 && state != IMAGE_MADE && state != IMAGE_FAILED)
            continue;
        fprintf(out, "%s%" PRIu64 " %s", separator, summary->states[state],
                image_state_name((enum image_state)state));
        separator = ", ";
    }
    if (summary->states[IMAGE_PENDING] > 0)
        fprintf(out, "%s%" PRIu64 " pending", separator, summary->states[IMAGE_PENDING]);
    fputc('\n', out);
}

static void print_amounts(const struct summary *summary, FILE *out)
{
    char in[32], made[32], speed[32];
    text_bytes(in, sizeof in, (double)summary->bytes_in);
    text_bytes(made, sizeof made, (double)summary->bytes_out);
    text_bytes(speed, sizeof speed, ratio((double)summary->bytes_in, elapsed_s(summary)));
    fprintf(out, "  outputs  %" PRIu64 ", %s from %s\n", summary->outputs, made, in);
    fprintf(out, "  time     %.2f s: %.1f images/s, %s/s, %.0f megapixels/s\n", elapsed_s(summary),
            images_per_s(summary), speed,
            ratio((double)summary->pixels_in / PIXELS_PER_MEGAPIXEL, elapsed_s(summary)));
}

static void print_times(const struct summary *summary, FILE *out)
{
    if (summary->timed_images == 0)
        return;
    fprintf(out, "  latency  %.1f ms median, %.1f ms p95, %.1f ms p99\n",
            ms_of(summary->latency_p50), ms_of(summary->latency_p95), ms_of(summary->latency_p99));
    fprintf(out, "  stages  ");
    for (int stage = 0; stage < STAGES; stage++)
        fprintf(out, "%s %s %.1f", stage > 0 ? "," : "", stage_name((enum stage)stage),
                stage_ms(summary, (enum stage)stage));
    fprintf(out, " ms an image\n");
}

static void print_workers(const struct summary *summary, FILE *out)
{
    for (uint32_t i = 0; i < summary->share_count; i++) {
        const struct worker_share *share = &summary->shares[i];
        char name[4 * WORKER_NAME_SIZE];
        text_escape(name, sizeof name, share->name);
        fprintf(out, "  %s  %s: %" PRIu64 " images, %u slots %.0f %% busy\n",
                i == 0 ? "workers" : "       ", name, share->images, share->slots,
                100 * busy_part(summary, share));
    }
}

/* What only happens when something is not as it should be. */
static void print_oddities(const struct summary *summary, FILE *out)
{
    const struct {
        const char *text;
        uint64_t count;
    } oddities[] = {
        {"files ignored: no known image format", summary->dispatch.ignored},
        {"folders or lists could not be read", summary->dispatch.walk_errors},
        {"attempts repeated", summary->dispatch.retries},
        {"results came twice", summary->duplicates},
    };
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++) {
        if (oddities[i].count > 0)
            fprintf(out, "           %" PRIu64 " %s\n", oddities[i].count, oddities[i].text);
    }
}

void report_human(const struct report *report, FILE *out)
{
    const struct summary *summary = report->summary;
    char dest[4096];
    text_escape(dest, sizeof dest, report->dest);
    fprintf(out, "thumbmill: %s%s%s\n", report_is_interrupted(report) ? "interrupted" : "done",
            dest[0] != '\0' ? ": " : "", dest);
    print_states(summary, out);
    print_amounts(summary, out);
    print_times(summary, out);
    print_workers(summary, out);
    print_oddities(summary, out);
    fflush(out);
}

/* Warnings are lines; one image has one line here. */
static void join_lines(char *out, size_t size, const char *lines)
{
    out[0] = '\0';
    for (size_t used = 0; *lines != '\0' && used + 1 < size; used = strlen(out)) {
        const size_t length = strcspn(lines, "\n");
        snprintf(out + used, size - used, "%s%.*s", used > 0 ? "; " : "", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

void report_outcome(void *context, enum image_state state, const char *source, const char *error)
{
    char line[IMAGE_WARNINGS_SIZE];
    (void)context;
    join_lines(line, sizeof line, error);
    if (state == IMAGE_FAILED || state == IMAGE_QUARANTINED)
        log_error("%s: %s", source, line); // why it is in quarantine says the text
    else if (state == IMAGE_DAMAGED)
        log_info("%s: damaged: %s", source, line);
}

/* ---- for programs ---- */

static void write_identity(struct json *json, const struct report *report)
{
    char run[17];
    snprintf(run, sizeof run, "%016" PRIx64, report->summary->run);
    json_text(json, "version", THUMBMILL_VERSION);
    json_text(json, "run", run);
    json_array(json, "sources");
    for (uint32_t i = 0; i < report->source_count; i++)
        json_text(json, NULL, report->sources[i]);
    json_array_end(json);
    json_text(json, "dest", report->dest);
}

static void write_counts(struct json *json, const struct summary *summary)
{
    static const enum image_state states[] = {IMAGE_MADE,   IMAGE_DAMAGED,     IMAGE_FRESH,
                                              IMAGE_FAILED, IMAGE_QUARANTINED, IMAGE_PENDING};
    json_count(json, "enumerated", summary->dispatch.enumerated);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        json_count(json, image_state_name(states[i]), summary->states[states[i]]);
    json_count(json, "ignored", summary->dispatch.ignored);
    json_count(json, "walk_errors", summary->dispatch.walk_errors);
    json_count(json, "outputs", summary->outputs);
    json_count(json, "retries", summary->dispatch.retries);
    json_count(json, "duplicates", summary->duplicates);
    json_count(json, "returns", summary->dispatch.returns);
}

static void write_times(struct json *json, const struct summary *summary)
{
    json_number(json, "elapsed_s", elapsed_s(summary));
    json_number(json, "images_per_s", images_per_s(summary));
    json_count(json, "bytes_in", summary->bytes_in);
    json_count(json, "bytes_out", summary->bytes_out);
    json_count(json, "pixels_in", summary->pixels_in);
    json_object(json, "latency_ms");
    json_number(json, "p50", ms_of(summary->latency_p50));
    json_number(json, "p95", ms_of(summary->latency_p95));
    json_number(json, "p99", ms_of(summary->latency_p99));
    json_object_end(json);
    json_object(json, "stage_ms");
    for (int stage = 0; stage < STAGES; stage++)
        json_number(json, stage_name((enum stage)stage), stage_ms(summary, (enum stage)stage));
    json_object_end(json);
}

static void write_workers(struct json *json, const struct summary *summary)
{
    json_array(json, "workers");
    for (uint32_t i = 0; i < summary->share_count; i++) {
        const struct worker_share *share = &summary->shares[i];
        json_object(json, NULL);
        json_text(json, "name", share->name);
        json_count(json, "slots", share->slots);
        json_count(json, "images", share->images);
        json_number(json, "busy", busy_part(summary, share));
        json_object_end(json);
    }
    json_array_end(json);
}

void report_json(const struct report *report, FILE *out)
{
    struct json json;
    json_open(&json, out);
    json_object(&json, NULL);
    write_identity(&json, report);
    write_counts(&json, report->summary);
    write_times(&json, report->summary);
    write_workers(&json, report->summary);
    json_bool(&json, "interrupted", report_is_interrupted(report));
    json_object_end(&json);
    fputc('\n', out);
}

/* ---- the file of --json ---- */

static enum status cannot_write(const struct report_file *file, struct reason *why)
{
    return reason_set(why, STATUS_MACHINE, "--json %s: %s", file->path, strerror(errno));
}

enum status report_file_open(struct report_file *file, const char *path, struct reason *why)
{
    *file = (struct report_file){.path = path};
    if (path == NULL)
        return STATUS_OK;
    file->out = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
    return file->out != NULL ? STATUS_OK : cannot_write(file, why);
}

enum status report_file_write(struct report_file *file, const struct report *report,
                              struct reason *why)
{
    if (file->out == NULL)
        return STATUS_OK;
    // Pipes and devices have nothing to cut.
    if (file->out != stdout && ftruncate(fileno(file->out), 0) != 0 && errno != EINVAL)
        return cannot_write(file, why);
    report_json(report, file->out);
    return fflush(file->out) == 0 ? STATUS_OK : cannot_write(file, why);
}

void report_file_close(struct report_file *file)
{
    if (file->out != NULL && file->out != stdout)
        fclose(file->out);
    *file = (struct report_file){0};
}

int report_publish(const struct report *report, struct report_file *file, bool quiet)
{
    struct reason why;
    if (!quiet)
        report_human(report, stderr);
    enum status status = report_file_write(file, report, &why);
    return status == STATUS_OK ? report_exit_status(report) : command_failed(status, &why);
}
