/*
 * The sink's socket thread: a loop of turns. Each turn sends what the clerk has answered, hears the
 * head, hands over what workers sent, tells the observer, and waits for the next event. Nothing in
 * it blocks but that wait.
 */

#include "sink/sink.h"

#include <stdlib.h>

#include "sink/desk.h"

/* Progress is told so often while something is counted, and for the clock's sake when nothing is.
 */
#define PROGRESS_INTERVAL (100 * US_PER_MS)
#define PROGRESS_IDLE_INTERVAL (1 * US_PER_S)

void desk_fail(struct desk *desk, enum status status, const struct reason *why)
{
    if (desk->failed != STATUS_OK)
        return;
    desk->failed = status;
    desk->why = *why;
}

/* Told to drain, it stays for the ventilator, which finishes the run; if there is none, it goes. */
static void see_stop(struct desk *desk)
{
    desk->stop = stop_level(desk->config->stop);
    if (desk->stop == STOP_NOW || (desk->stop == STOP_DRAIN && desk->link.heard == 0))
        desk->over = true;
}

static usec progress_due(const struct desk *desk)
{
    const bool changed = desk->view.changes != desk->changes_told;
    return desk->progress_told + (changed ? PROGRESS_INTERVAL : PROGRESS_IDLE_INTERVAL);
}

static void tell_progress(struct desk *desk)
{
    if (!desk->config->progress || !desk->view.collecting || desk->now < progress_due(desk))
        return;
    struct summary summary = desk->view.summary;
    summary.elapsed = desk->now - desk->view.started;
    desk->config->progress(desk->config->observer, &summary);
    desk->progress_told = desk->now;
    desk->changes_told = desk->view.changes;
}

/* What became of the clerk. Its last words to the head are sent all the same. */
static void look_at_clerk(struct desk *desk)
{
    conversation_answer(desk);
    clerk_look(desk->clerk, &desk->view);
    if (desk->view.failed != STATUS_OK)
        desk_fail(desk, desk->view.failed, &desk->view.why);
}

static void take_turn(struct desk *desk)
{
    desk->now = clock_now();
    see_stop(desk);
    look_at_clerk(desk);
    conversation_turn(desk);
    intake_turn(desk);
    tell_progress(desk);
}

enum { ITEM_CONTROL, ITEM_RESULTS, ITEM_CLERK, ITEM_STOP, ITEMS };

static void wait_for_event(struct desk *desk)
{
    struct wait_item items[ITEMS] = {
        [ITEM_CONTROL] = {.channel = desk->link.control,
                          .fd = -1,
                          .want_send = desk->answer != NULL},
        [ITEM_RESULTS] = {.channel = intake_is_ready(desk) ? desk->results : NULL, .fd = -1},
        [ITEM_CLERK] = {.fd = desk->answer ? -1 : clerk_fd(desk->clerk)},
        [ITEM_STOP] = {.fd = stop_fd(desk->config->stop, desk->stop)},
    };
    usec due = conversation_due(desk);
    if (desk->view.collecting && desk->config->progress && progress_due(desk) < due)
        due = progress_due(desk);
    const usec left = due - clock_now();
    if (channel_wait(items, ITEMS, left > 0 ? left : 0) != STATUS_OK) {
        struct reason why;
        desk_fail(desk, reason_set(&why, STATUS_MACHINE, "the sockets were closed under the run"),
                  &why);
    }
}

static enum status desk_open(struct desk *desk, struct reason *why)
{
    desk->now = desk->began = clock_now();
    enum status status = intake_open(desk, why);
    if (status == STATUS_OK)
        status = link_open(&desk->link, desk->config->context, &desk->config->head, desk->now, why);
    if (status == STATUS_OK)
        status = clerk_start(&desk->clerk, desk->config, desk->link.incarnation, why);
    return status;
}

static void desk_close(struct desk *desk)
{
    clerk_stop(&desk->clerk);
    free(desk->answer);
    link_close(&desk->link);
    intake_close(desk);
}

static void final_summary(const struct desk *desk, struct summary *summary)
{
    *summary = desk->view.summary;
    if (!desk->view.finished)
        summary->dispatch.interrupted = true;
    if (desk->view.collecting && desk->config->progress)
        desk->config->progress(desk->config->observer, summary);
}

enum status sink_run(const struct sink_config *config, struct summary *summary, struct reason *why)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return reason_set(why, STATUS_MACHINE, "no memory for the sink");
    desk->config = config;
    enum status status = desk_open(desk, why);
    if (status == STATUS_OK) {
        for (take_turn(desk); !desk->over && desk->failed == STATUS_OK; take_turn(desk))
            wait_for_event(desk);
        final_summary(desk, summary);
        status = desk->failed != STATUS_OK ? desk->failed : desk->view.agreed;
        if (status != STATUS_OK)
            *why = desk->failed != STATUS_OK ? desk->why : desk->view.why;
    }
    desk_close(desk);
    free(desk);
    return status;
}
