/*
 * What the sink says with the head. Nothing is remembered as said: the head says START, ASK,
 * OUTCOME and FINISH again until it is answered, so each is answered whenever it comes.
 *
 * A head that was started again is another head with another run. It is served once the old one
 * has missed its beats; until then it isn't answered, so that it keeps asking.
 */

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "sink/desk.h"

/* Frames of the head read in one turn. */
#define FRAMES_PER_TURN 256
/* The exit status by which END says that the head could not do its job. */
#define EXIT_MACHINE 3

/* False: there is no room now. Everything is said again by its own rule. */
static bool say(struct desk *desk, enum message_type type)
{
    desk->out.envelope =
        (struct envelope){.type = type, .run = desk->view.run, .epoch = desk->view.epoch};
    const enum status status = link_send(&desk->link, &desk->out);
    if (status == STATUS_MACHINE) {
        struct reason why;
        (void)reason_set(&why, status, "no memory for a message");
        desk_fail(desk, status, &why);
    }
    return status == STATUS_OK;
}

static void say_hello(struct desk *desk)
{
    const char *advertise = desk->config->advertise;
    desk->out.hello = (struct hello){
        .role = PEER_SINK,
        .name = text_of("sink"),
        .trouble = text_of(""),
        .results_host = text_of(advertise ? advertise : ""),
        .results_port = desk->results_port,
        .finished = desk->view.finished,
    };
    (void)say(desk, MSG_HELLO);
    desk->hello_said = desk->now;
}

static void say_beat(struct desk *desk)
{
    struct beat *beat = &desk->out.beat;
    beat->sent = desk->now;
    beat->capacity = clerk_is_busy(desk->clerk);
    beat->trouble = text_of("");
    beat->held.count = 0;
    beat->round_trip = 0;
    memcpy(beat->states, desk->view.summary.states, sizeof beat->states);
    (void)say(desk, MSG_BEAT);
    desk->beat_said = desk->now;
}

static void refuse(struct desk *desk, const char *why)
{
    desk->out.refused = text_of(why);
    (void)say(desk, MSG_REFUSED);
}

/* A message about the run that is collected, or will be, or about any while none is. */
static bool is_ours(const struct desk *desk)
{
    const struct envelope *envelope = &desk->in.envelope;
    return desk->view.run == 0 ||
           (envelope->run == desk->view.run && envelope->epoch == desk->view.epoch) ||
           (envelope->run == desk->run && envelope->epoch == desk->epoch);
}

static bool old_head_is_lost(const struct desk *desk)
{
    return desk->now - desk->link.heard >= LEASE;
}

/* To the clerk, as it came. One that finds no room is said again by the head. */
static void hand_over(struct desk *desk)
{
    struct reason why;
    if (clerk_hand(desk->clerk, FROM_HEAD, desk->link.frame.bytes, desk->link.frame.size) ==
        STATUS_MACHINE)
        desk_fail(desk, reason_set(&why, STATUS_MACHINE, "no memory for a message"), &why);
}

/* The clerk may be at it for longer than until START is said again. */
static void take_start(struct desk *desk)
{
    if (!is_ours(desk)) {
        if (!old_head_is_lost(desk)) {
            refuse(desk, "this sink collects another run already");
            return;
        }
        log_error("the ventilator was started again; counting begins anew");
        link_heard(&desk->link, desk->now);
    }
    desk->run = desk->in.envelope.run;
    desk->epoch = desk->in.envelope.epoch;
    desk->refused[0] = '\0';
    hand_over(desk);
}

static void take_end(struct desk *desk)
{
    struct reason why;
    desk->over = true;
    if (desk->in.end.exit_status == EXIT_MACHINE)
        desk_fail(desk,
                  reason_set(&why, STATUS_CLOSED, "%s: the ventilator could not go on",
                             desk->link.endpoint),
                  &why);
}

/* While another sink is served by that head, this one keeps asking: it may be its successor. */
static void take_refusal(struct desk *desk)
{
    char words[sizeof desk->refused];
    text_copy(words, sizeof words, desk->in.refused);
    if (strcmp(words, desk->refused) != 0)
        log_error("%s: refused: %s", desk->link.endpoint, words);
    memcpy(desk->refused, words, sizeof words);
}

static void handle(struct desk *desk)
{
    const enum message_type type = desk->in.envelope.type;
    if (type == MSG_REFUSED) {
        take_refusal(desk);
        return;
    }
    if (type == MSG_START)
        take_start(desk);
    else if (type == MSG_WHO && (is_ours(desk) || old_head_is_lost(desk)))
        say_hello(desk);
    if (!is_ours(desk))
        return;
    link_heard(&desk->link, desk->now);
    desk->silence_noticed = false;
    if (type == MSG_END)
        take_end(desk);
    else if (type == MSG_ASK || type == MSG_OUTCOME || type == MSG_CRASHED || type == MSG_FINISH)
        hand_over(desk);
}

static void read_frames(struct desk *desk)
{
    struct reason why;
    for (int i = 0; i < FRAMES_PER_TURN && desk->failed == STATUS_OK; i++) {
        const enum status status = link_receive(&desk->link, &desk->in, &why);
        if (status == STATUS_AGAIN)
            return;
        if (status == STATUS_OK)
            handle(desk);
        else if (status != STATUS_MALFORMED)
            desk_fail(desk, status, &why);
    }
}

static void give_up(struct desk *desk)
{
    struct reason why;
    const bool refused = desk->refused[0] != '\0';
    desk_fail(desk,
              reason_set(&why, STATUS_MACHINE, "no ventilator at %s for %lld s%s%s; is it running?",
                         desk->link.endpoint, (long long)(desk->config->head_timeout / US_PER_S),
                         refused ? ", refused: " : "", desk->refused),
              &why);
}

static void look_at_silence(struct desk *desk)
{
    const usec last = desk->link.heard > 0 ? desk->link.heard : desk->began;
    const usec silence = desk->now - last;
    if (desk->view.finished && silence >= LEASE) {
        desk->over = true; // it has what it wanted, or does not want it any more
        return;
    }
    if (silence >= desk->config->head_timeout) {
        give_up(desk);
        return;
    }
    if (silence >= WAITING_NOTICE && !desk->silence_noticed) {
        desk->silence_noticed = true;
        log_error("waiting for the ventilator at %s", desk->link.endpoint);
    }
}

void conversation_turn(struct desk *desk)
{
    struct reason why;
    bool reopened;
    read_frames(desk);
    look_at_silence(desk);
    const enum status status = link_turn(&desk->link, desk->now, &reopened, &why);
    if (status != STATUS_OK) {
        desk_fail(desk, status, &why);
        return;
    }
    if (reopened || (!desk->view.collecting && desk->now - desk->hello_said >= HELLO_INTERVAL))
        say_hello(desk);
    if (desk->now - desk->beat_said >= BEAT_INTERVAL)
        say_beat(desk);
}

void conversation_answer(struct desk *desk)
{
    for (;;) {
        if (!desk->answer && clerk_answer(desk->clerk, &desk->answer) != STATUS_OK)
            return;
        if (link_send_frame(&desk->link, desk->answer->bytes, desk->answer->size) != STATUS_OK)
            return;
        free(desk->answer);
        desk->answer = NULL;
    }
}

usec conversation_due(const struct desk *desk)
{
    const usec beat = desk->beat_said + BEAT_INTERVAL;
    const usec hello = desk->hello_said + HELLO_INTERVAL;
    return !desk->view.collecting && hello < beat ? hello : beat;
}
