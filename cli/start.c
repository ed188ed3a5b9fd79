/*
 * thumbmill start: the start signal for a ventilator with --hold.
 */

#include <stdio.h>

#include "cli/client.h"
#include "cli/command.h"
#include "common/text.h"

int start_command(const struct arguments *arguments)
{
    struct client client;
    struct reason why;
    int code = EXIT_MADE;
    enum status status =
        client_ask(&client, &arguments->connect, MSG_START_WANTED, MSG_START_ACCEPTED, &why);
    if (status == STATUS_OK) {
        char text[REASON_SIZE], escaped[2 * REASON_SIZE];
        text_copy(text, sizeof text, client.reply->accepted);
        text_escape(escaped, sizeof escaped, text);
        printf("%s\n", escaped);
    } else {
        code = command_failed(status, &why);
    }
    client_close(&client);
    return code;
}
