#pragma once

/*
 * Readers of option values, one an option: from the text behind it into struct arguments. Each
 * returns STATUS_USAGE with a reason that begins with the value ("12q: not a size; expected ...").
 * Those of flags are given no value.
 */

#include "cli/arguments.h"
#include "common/status.h"

typedef enum status (*option_reader)(struct arguments *arguments, const char *value,
                                     struct reason *why);

enum status read_help(struct arguments *arguments, const char *value, struct reason *why);
enum status read_version(struct arguments *arguments, const char *value, struct reason *why);
enum status read_size(struct arguments *arguments, const char *value, struct reason *why);
enum status read_smartcrop(struct arguments *arguments, const char *value, struct reason *why);
enum status read_output(struct arguments *arguments, const char *value, struct reason *why);
enum status read_format(struct arguments *arguments, const char *value, struct reason *why);
enum status read_background(struct arguments *arguments, const char *value, struct reason *why);
enum status read_no_rotate(struct arguments *arguments, const char *value, struct reason *why);
enum status read_profile(struct arguments *arguments, const char *value, struct reason *why);
enum status read_keep(struct arguments *arguments, const char *value, struct reason *why);
enum status read_fail_on(struct arguments *arguments, const char *value, struct reason *why);
enum status read_max_pixels(struct arguments *arguments, const char *value, struct reason *why);
enum status read_max_bytes(struct arguments *arguments, const char *value, struct reason *why);
enum status read_timeout(struct arguments *arguments, const char *value, struct reason *why);
enum status read_memory(struct arguments *arguments, const char *value, struct reason *why);
enum status read_allow(struct arguments *arguments, const char *value, struct reason *why);
enum status read_sync(struct arguments *arguments, const char *value, struct reason *why);
enum status read_files_from(struct arguments *arguments, const char *value, struct reason *why);
enum status read_null(struct arguments *arguments, const char *value, struct reason *why);
enum status read_base(struct arguments *arguments, const char *value, struct reason *why);
enum status read_jobs(struct arguments *arguments, const char *value, struct reason *why);
enum status read_workers(struct arguments *arguments, const char *value, struct reason *why);
enum status read_source_root(struct arguments *arguments, const char *value, struct reason *why);
enum status read_dest_root(struct arguments *arguments, const char *value, struct reason *why);
enum status read_name(struct arguments *arguments, const char *value, struct reason *why);
enum status read_stay(struct arguments *arguments, const char *value, struct reason *why);
enum status read_listen(struct arguments *arguments, const char *value, struct reason *why);
enum status read_bind(struct arguments *arguments, const char *value, struct reason *why);
enum status read_connect(struct arguments *arguments, const char *value, struct reason *why);
enum status read_advertise(struct arguments *arguments, const char *value, struct reason *why);
enum status read_head_timeout(struct arguments *arguments, const char *value, struct reason *why);
enum status read_insecure(struct arguments *arguments, const char *value, struct reason *why);
enum status read_db(struct arguments *arguments, const char *value, struct reason *why);
enum status read_states(struct arguments *arguments, const char *value, struct reason *why);
enum status read_yes(struct arguments *arguments, const char *value, struct reason *why);
enum status read_force(struct arguments *arguments, const char *value, struct reason *why);
enum status read_retry_failed(struct arguments *arguments, const char *value, struct reason *why);
enum status read_hold(struct arguments *arguments, const char *value, struct reason *why);
enum status read_progress(struct arguments *arguments, const char *value, struct reason *why);
enum status read_quiet(struct arguments *arguments, const char *value, struct reason *why);
enum status read_json(struct arguments *arguments, const char *value, struct reason *why);
enum status read_json_file(struct arguments *arguments, const char *value, struct reason *why);
