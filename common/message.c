/*
 * Names of messages for a person, and texts that somebody else owns.
 */

#include <string.h>

#include "common/message.h"

const char *message_name(enum message_type type)
{
    static const char *const names[MSG_TYPES] = {
        [MSG_HELLO] = "HELLO",
        [MSG_WELCOME] = "WELCOME",
        [MSG_REFUSED] = "REFUSED",
        [MSG_WHO] = "WHO",
        [MSG_JOB] = "JOB",
        [MSG_TAKEN] = "TAKEN",
        [MSG_RETURN] = "RETURN",
        [MSG_DONE] = "DONE",
        [MSG_BEAT] = "BEAT",
        [MSG_ALIVE] = "ALIVE",
        [MSG_LEAVING] = "LEAVING",
        [MSG_GO] = "GO",
        [MSG_CANCEL] = "CANCEL",
        [MSG_START] = "START",
        [MSG_STARTED] = "STARTED",
        [MSG_ASK] = "ASK",
        [MSG_ANSWER] = "ANSWER",
        [MSG_OUTCOME] = "OUTCOME",
        [MSG_RECORDED] = "RECORDED",
        [MSG_FINISH] = "FINISH",
        [MSG_FINISHED] = "FINISHED",
        [MSG_END] = "END",
        [MSG_RESULT] = "RESULT",
        [MSG_STATUS_WANTED] = "STATUS_WANTED",
        [MSG_STATUS] = "STATUS",
        [MSG_START_WANTED] = "START_WANTED",
        [MSG_START_ACCEPTED] = "START_ACCEPTED",
        [MSG_CRASHED] = "CRASHED",
    };
    bool known = type >= MSG_HELLO && type < MSG_TYPES;
    return known ? names[type] : "a message";
}

struct text text_of(const char *string)
{
    return (struct text){.bytes = string, .size = (uint32_t)strlen(string)};
}

void text_copy(char *out, size_t size, struct text text)
{
    size_t length = text.size < size ? text.size : size - 1;
    if (length > 0)
        memcpy(out, text.bytes, length);
    out[length] = '\0';
}
