/*
 * The clerk's answers. They are kept back until what they promise is committed, and dropped when it
 * could not be.
 */

#include <stdlib.h>
#include <string.h>

#include "sink/clerk_internal.h"

void clerk_say(struct clerk *clerk, enum message_type type)
{
    struct reason why;
    clerk->out.envelope = (struct envelope){
        .type = type, .run = clerk->run, .epoch = clerk->epoch, .sender = clerk->incarnation};
    struct letter *letter = NULL;
    if (wire_encode(&clerk->buffer, &clerk->out) == STATUS_OK)
        letter = clerk_letter(FROM_CLERK, clerk->buffer.bytes, clerk->buffer.size);
    if (letter)
        clerk->pending[clerk->pending_count++] = letter;
    else
        clerk_fail(clerk, (reason_set(&why, STATUS_MACHINE, "no memory for an answer"), &why));
}

void clerk_refuse(struct clerk *clerk, const char *why)
{
    clerk->out.refused = text_of(why);
    clerk_say(clerk, MSG_REFUSED);
}

static void acknowledge(struct clerk *clerk)
{
    if (clerk->recorded.count == 0)
        return;
    clerk->out.attempts.count = clerk->recorded.count;
    memcpy(clerk->out.attempts.list, clerk->recorded.list,
           clerk->recorded.count * sizeof clerk->recorded.list[0]);
    clerk_say(clerk, MSG_RECORDED);
    clerk->recorded.count = 0;
}

/* Where there is nothing to say, an empty letter is news of the view all the same. (Without memory
 * for it the socket thread looks with its next beat.) */
static void let_answers_out(struct clerk *clerk)
{
    if (clerk->pending_count == 0)
        clerk->pending[clerk->pending_count++] = clerk_letter(FROM_CLERK, "", 0);
    for (uint32_t i = 0; i < clerk->pending_count; i++) {
        void *item = clerk->pending[i];
        if (item && queue_put(clerk->answers, &item) != STATUS_OK)
            free(item);
    }
    clerk->pending_count = 0;
}

void clerk_drop_answers(struct clerk *clerk)
{
    for (uint32_t i = 0; i < clerk->pending_count; i++)
        free(clerk->pending[i]);
    clerk->pending_count = 0;
    clerk->recorded.count = 0;
}

/* The head learns why before the socket thread learns it and goes. */
static void say_last_words(struct clerk *clerk)
{
    clerk_drop_answers(clerk);
    clerk_refuse(clerk, clerk->why.text);
    let_answers_out(clerk);
    clerk_show(clerk);
    let_answers_out(clerk);
}

void clerk_commit(struct clerk *clerk)
{
    struct reason why;
    if (clerk->view.failed != STATUS_OK)
        return; // its last words are said
    acknowledge(clerk);
    if (clerk->collection && clerk->failed == STATUS_OK &&
        collection_commit(clerk->collection, &why) != STATUS_OK)
        clerk_fail(clerk, &why);
    if (clerk->failed != STATUS_OK) {
        say_last_words(clerk);
        return;
    }
    clerk_show(clerk);
    let_answers_out(clerk);
}
