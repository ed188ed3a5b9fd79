#pragma once

/*
 * What stands behind the envelope of each type of message, one function a body, for reading and
 * writing alike (wire_codec.h). wire.c has the table of them; docs/PROTOCOL.md the same in words.
 * While writing, nothing of the message is changed.
 */

#include "common/wire_codec.h"

/* wire_run.c: who takes part, and in what. */
void wire_run_hello(struct codec *codec, struct message *message);
void wire_run_welcome(struct codec *codec, struct message *message);
void wire_run_start(struct codec *codec, struct message *message);
void wire_run_refused(struct codec *codec, struct message *message);
void wire_run_accepted(struct codec *codec, struct message *message);
void wire_run_end(struct codec *codec, struct message *message);

/* wire_job.c: jobs, on their way out and back. */
void wire_job_job(struct codec *codec, struct message *message);
void wire_job_attempts(struct codec *codec, struct message *message);
void wire_job_returned(struct codec *codec, struct message *message);
void wire_job_beat(struct codec *codec, struct message *message);
void wire_job_alive(struct codec *codec, struct message *message);
void wire_job_result(struct codec *codec, struct message *message);

/* wire_plan.c: what head and sink agree on, image by image and at the end. */
void wire_plan_ask(struct codec *codec, struct message *message);
void wire_plan_answer(struct codec *codec, struct message *message);
void wire_plan_outcome(struct codec *codec, struct message *message);
void wire_plan_finish(struct codec *codec, struct message *message);
void wire_plan_finished(struct codec *codec, struct message *message);

/* wire_report.c: the reply to `thumbmill status`. */
void wire_report_status(struct codec *codec, struct message *message);

/* Parts that several of them have. */

/* A path below a root: not empty, no leading slash. */
void wire_job_path(struct codec *codec, struct text *path);
/* Images by state, in the order of enum image_state. */
void wire_plan_states(struct codec *codec, uint64_t states[IMAGE_STATES]);
void wire_plan_counts(struct codec *codec, struct dispatch_counts *counts);
