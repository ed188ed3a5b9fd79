/*
 * Progress: pure formatting of a summary, and when and how it reaches the terminal.
 */

#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text.h"

#define PLAIN_INTERVAL (5 * US_PER_S)
#define JSON_INTERVAL (1 * US_PER_S)
#define DEFAULT_COLUMNS 80 // where a terminal does not tell
#define BAR_CELLS 24
#define CLEAR_LINE "\r\033[K"
#define RED "\033[31m"
#define NORMAL "\033[0m"

/* ---- what a summary says ---- */

static double seconds_of(const struct summary *summary)
{
    return (double)summary->elapsed / US_PER_S;
}

static double rate(double amount, const struct summary *summary)
{
    return summary->elapsed > 0 ? amount / seconds_of(summary) : 0;
}

static uint64_t failures(const struct summary *summary)
{
    return summary->states[IMAGE_FAILED] + summary->states[IMAGE_QUARANTINED];
}

/* Which part of the known work is done, 0..1; by bytes where they are known. */
static double done_part(const struct summary *summary)
{
    double part = 0;
    if (summary->bytes_settled > 0 && summary->dispatch.known_bytes > 0)
        part = (double)summary->bytes_settled / (double)summary->dispatch.known_bytes;
    else if (summary->dispatch.enumerated > 0)
        part = (double)summary_settled(summary) / (double)summary->dispatch.enumerated;
    return part < 1 ? part : 1;
}

double progress_eta(const struct summary *summary)
{
    const double part = done_part(summary);
    if (part <= 0 || summary->elapsed <= 0)
        return -1;
    return seconds_of(summary) * (1 - part) / part;
}

/* While the walk goes on more may come: "1200+", and at least so much time. */
static void format_counts(char *text, size_t size, const struct summary *summary)
{
    char eta[32] = "?", bytes[32] = "";
    const double seconds = progress_eta(summary);
    const bool complete = summary->dispatch.walk_complete;
    if (seconds >= 0)
        text_duration(eta, sizeof eta, seconds);
    if (summary->bytes_in > 0) // a ventilator knows nothing of them
        text_bytes(bytes, sizeof bytes, rate((double)summary->bytes_in, summary));
    snprintf(text, size, "%llu/%llu%s  %.*f img/s%s%s%s  ETA %s%s",
             (unsigned long long)summary_settled(summary),
             (unsigned long long)summary->dispatch.enumerated, complete ? "" : "+",
             rate((double)summary_settled(summary), summary) < 10 ? 1 : 0,
             rate((double)summary_settled(summary), summary), bytes[0] != '\0' ? "  " : "", bytes,
             bytes[0] != '\0' ? "/s" : "", complete || seconds < 0 ? "" : ">", eta);
}

static void format_failures(char *text, size_t size, const struct summary *summary)
{
    text[0] = '\0';
    if (failures(summary) > 0)
        snprintf(text, size, "%llu failed", (unsigned long long)failures(summary));
}

void progress_plain(char *line, size_t size, const struct summary *summary)
{
    char counts[128], failed[40];
    format_counts(counts, sizeof counts, summary);
    format_failures(failed, sizeof failed, summary);
    snprintf(line, size, "%s%s%s", counts, failed[0] != '\0' ? "  " : "", failed);
}

void progress_bar(char *line, size_t size, const struct summary *summary, int columns, bool colour)
{
    char cells[BAR_CELLS + 1], counts[128], failed[40], plain[PROGRESS_LINE_SIZE];
    const int filled = (int)(done_part(summary) * BAR_CELLS);
    memset(cells, '#', (size_t)filled);
    memset(cells + filled, '-', (size_t)(BAR_CELLS - filled));
    cells[BAR_CELLS] = '\0';
    format_counts(counts, sizeof counts, summary);
    format_failures(failed, sizeof failed, summary);
    const int width =
        snprintf(plain, sizeof plain, "[%s] %3d %%  %s%s", cells, (int)(done_part(summary) * 100),
                 counts, failed[0] != '\0' ? "  " : "");
    const bool fits = width + (int)strlen(failed) <= columns;
    const bool red = colour && fits && failed[0] != '\0';
    if (fits)
        snprintf(line, size, "%s%s%s%s", plain, red ? RED : "", failed, red ? NORMAL : "");
    else // what matters most is the counts: without the bar, and cut
        snprintf(line, size, "%.*s", columns > 0 ? columns : 0, counts);
}

/* ---- the terminal ---- */

static void put(const char *text)
{
    // Nobody is left to tell when standard error cannot be written.
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static int terminal_columns(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0)
        return DEFAULT_COLUMNS;
    return window.ws_col - 1; // some terminals wrap at the last column
}

static void draw(struct progress *progress)
{
    char whole[PROGRESS_LINE_SIZE + sizeof CLEAR_LINE];
    snprintf(whole, sizeof whole, CLEAR_LINE "%s", progress->line);
    put(whole);
    progress->shown = true;
}

/* The log's hooks. The bar stays locked from one to the other, so that nothing is drawn between. */
static void clear_bar(void *context)
{
    struct progress *progress = context;
    pthread_mutex_lock(&progress->lock);
    if (progress->shown)
        put(CLEAR_LINE);
}

static void redraw_bar(void *context)
{
    struct progress *progress = context;
    if (progress->shown)
        draw(progress);
    pthread_mutex_unlock(&progress->lock);
}

/* ---- updates ---- */

static void show_bar(struct progress *progress, const struct summary *summary)
{
    pthread_mutex_lock(&progress->lock);
    progress_bar(progress->line, sizeof progress->line, summary, terminal_columns(),
                 progress->colour);
    draw(progress);
    pthread_mutex_unlock(&progress->lock);
}

static void show_plain(const struct summary *summary)
{
    char line[PROGRESS_LINE_SIZE];
    progress_plain(line, sizeof line, summary);
    log_error("%s", line); // asked for, so also when quiet
}

static void show_json(const struct summary *summary)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return; // no memory for one line of progress: the next may have it
    struct json json;
    json_open(&json, out);
    json_object(&json, NULL);
    json_count(&json, "done", summary_settled(summary));
    json_count(&json, "known", summary->dispatch.enumerated);
    json_bool(&json, "walk_complete", summary->dispatch.walk_complete);
    json_count(&json, "failed", failures(summary));
    json_number(&json, "elapsed_s", seconds_of(summary));
    json_number(&json, "images_per_s", rate((double)summary_settled(summary), summary));
    json_number(&json, "bytes_per_s", rate((double)summary->bytes_in, summary));
    if (progress_eta(summary) >= 0)
        json_number(&json, "eta_s", progress_eta(summary));
    json_object_end(&json);
    fputc('\n', out);
    if (fclose(out) == 0)
        put(text);
    free(text);
}

static void show(struct progress *progress, const struct summary *summary)
{
    if (progress->mode == PROGRESS_BAR)
        show_bar(progress, summary);
    else if (progress->mode == PROGRESS_PLAIN)
        show_plain(summary);
    else if (progress->mode == PROGRESS_JSON)
        show_json(summary);
}

static usec interval_of(enum progress_mode mode)
{
    return mode == PROGRESS_PLAIN ? PLAIN_INTERVAL : mode == PROGRESS_JSON ? JSON_INTERVAL : 0;
}

void progress_update(void *context, const struct summary *summary)
{
    struct progress *progress = context;
    const usec now = clock_now();
    if (!progress->begun && progress->patient)
        progress->due = now + PLAIN_INTERVAL;
    progress->begun = true;
    if (now < progress->due)
        return;
    progress->due = now + interval_of(progress->mode);
    show(progress, summary);
}

/* ---- life ---- */

void progress_open(struct progress *progress, enum progress_mode mode, bool quiet)
{
    *progress = (struct progress){.mode = mode, .lock = PTHREAD_MUTEX_INITIALIZER};
    if (mode == PROGRESS_AUTO) {
        progress->mode = quiet                                ? PROGRESS_NONE
                         : terminal_can_redraw(STDERR_FILENO) ? PROGRESS_BAR
                                                              : PROGRESS_PLAIN;
        progress->patient = progress->mode == PROGRESS_PLAIN;
    }
    progress->colour = terminal_has_colour(STDERR_FILENO);
    if (progress->mode == PROGRESS_BAR)
        log_set_hook(clear_bar, redraw_bar, progress);
}

void progress_close(struct progress *progress, const struct summary *last)
{
    if (last != NULL && !progress->patient && progress->mode != PROGRESS_BAR)
        show(progress, last);
    if (progress->mode != PROGRESS_BAR)
        return;
    log_set_hook(NULL, NULL, NULL);
    if (progress->shown)
        put(CLEAR_LINE);
    progress->shown = false;
}
