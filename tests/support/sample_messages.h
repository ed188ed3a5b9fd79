#pragma once

/*
 * One message of every type, with a value of its own in every field, for tests and as seeds of the
 * fuzzer; and the longest one of every type.
 */

#include "common/message.h"

void sample_message(enum message_type type, struct message *message);
/* Every list full and every text as long as it may be. */
void sample_longest(enum message_type type, struct message *message);
