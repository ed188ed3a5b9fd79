/*
 * The rows, and what is derived from them.
 *
 * getopt_long gives a row back by its number: FIRST_VALUE and up, above every letter. It is only
 * shown the rows of the command at hand, so what belongs to another command is unknown to it.
 */

#include "cli/option_table.h"

#include <getopt.h>
#include <string.h>

#include "cli/option_values.h"

struct option_row {
    const char *name;  // long; NULL: it has only a letter
    const char *value; // what --help calls its value; NULL: a flag
    const char *help;
    option_reader read;
    unsigned commands; // enum command_bit, or-ed
    char letter;       // '\0': it has none
};

#define HEADS (COMMAND_RUN | COMMAND_VENTILATOR)
#define SHOWING (HEADS | COMMAND_SINK)
#define CONNECTING (COMMAND_SINK | COMMAND_WORKER | COMMAND_START | COMMAND_STATUS)
#define RECORDED (COMMAND_LIST | COMMAND_VERIFY | COMMAND_PRUNE)
#define EVERY (HEADS | CONNECTING | RECORDED | COMMAND_NONE)

static const struct option_row rows[] = {
    {"size", "SPEC",
     "256, 800x600, 800x, x600; then > only shrinks, < only enlarges, ! ignores the aspect; "
     "repeat or separate by commas for several (256x256>)",
     read_size, HEADS, 's'},
    {"smartcrop", "S", "none, centre, entropy, attention, low, high: crop to fill (none)",
     read_smartcrop, HEADS, 'm'},
    {"output", "T",
     "path below DEST: %d folder, %s stem, %n name, %z size; its suffix and saver options choose "
     "the format: %d/%s.webp[Q=80]",
     read_output, HEADS, 'o'},
    {"format", "F", "jpg, png, webp, avif, or with options jpg[Q=85] (jpg)", read_format, HEADS,
     'f'},
    {"background", "C",
     "where transparency meets a format without it: white, black, #rgb, #rrggbb, R,G,B (white)",
     read_background, HEADS, 0},
    {"no-rotate", NULL, "leave the orientation as stored", read_no_rotate, HEADS, 0},
    {"profile", "P", "colours of the output: srgb, p3, cmyk or a file (srgb)", read_profile, HEADS,
     0},
    {"keep", "M", "metadata to keep: none, all, or some of exif,xmp,iptc,icc,other (none)",
     read_keep, HEADS, 0},
    {"fail-on", "L",
     "none, truncated, error, warning: from which damage on an image counts as failed (none)",
     read_fail_on, HEADS, 0},
    {"max-pixels", "N", "of one image (200MP)", read_max_pixels, HEADS, 0},
    {"max-bytes", "N", "of one file (512M)", read_max_bytes, HEADS, 0},
    {"timeout", "T", "for one image in its decoder: 30, 500ms, 2m (30)", read_timeout, HEADS, 0},
    {"allow", "F",
     "input formats beside jpeg, png, webp, gif: tiff, heif, avif, svg, pdf, jp2, jxl", read_allow,
     HEADS, 0},
    {"sync", NULL, "outputs survive a power cut", read_sync, HEADS, 0},
    {"db", "FILE", "the record of what became of each image (DEST/.thumbmill/record.sqlite)",
     read_db, COMMAND_RUN | COMMAND_SINK | RECORDED, 0},
    {"status", "S", "only images that are made, damaged, failed, quarantined; some by commas",
     read_states, COMMAND_LIST, 0},
    {"yes", NULL, "remove them", read_yes, COMMAND_PRUNE, 0},
    {"force", NULL, "redo everything, not only what changed", read_force, HEADS, 0},
    {"retry-failed", NULL, "try again what failed and did not change since", read_retry_failed,
     HEADS, 0},
    {"files-from", "F",
     "the images are listed in F (-: standard input), a line each; then no SOURCE is given",
     read_files_from, HEADS, 0},
    {NULL, NULL, "the list is separated by NUL bytes", read_null, HEADS, '0'},
    {"base", "DIR",
     "what listed paths are relative to below DEST (/ for absolute ones, else the working "
     "directory)",
     read_base, HEADS, 0},
    {"jobs", "N", "decoders at work at once (the cores it may use)", read_jobs,
     COMMAND_RUN | COMMAND_WORKER | COMMAND_VERIFY, 'j'},
    {"workers", "N", "worker threads, the jobs of -j shared out among them (1)", read_workers,
     COMMAND_RUN, 0},
    {"memory", "N", "for all decoders together (half the memory)", read_memory,
     COMMAND_RUN | COMMAND_WORKER, 0},
    {"source-root", "FROM=TO",
     "sources that the head finds below FROM are below TO here; repeatable", read_source_root,
     COMMAND_WORKER, 0},
    {"dest-root", "FROM=TO", "the same for DEST; repeatable", read_dest_root, COMMAND_WORKER, 0},
    {"name", "NAME", "what it is called (the host's name)", read_name, COMMAND_WORKER, 0},
    {"stay", NULL, "wait for the next run after the end of one", read_stay, COMMAND_WORKER, 0},
    {"listen", "ADDR", "let workers of other hosts join at ADDR", read_listen, COMMAND_RUN, 0},
    {"bind", "ADDR",
     "where to listen; the other sockets take the next four ports (a loopback address, port 5755)",
     read_bind, COMMAND_VENTILATOR | COMMAND_SINK, 0},
    {"connect", "HEAD", "the ventilator: tcp://HOST:PORT, HOST or HOST:PORT (port 5755)",
     read_connect, CONNECTING, 0},
    {"advertise", "HOST", "what workers connect to (where the head sees this sink)", read_advertise,
     COMMAND_SINK, 0},
    {"head-timeout", "T", "without a head for so long it gives up (60)", read_head_timeout,
     COMMAND_SINK | COMMAND_WORKER, 0},
    {"hold", NULL, "wait for `thumbmill start`, or for Enter at its terminal", read_hold,
     COMMAND_VENTILATOR, 0},
    {"insecure", NULL, "listen on addresses that others can reach, without keys", read_insecure,
     HEADS | COMMAND_SINK, 0},
    {"progress", "MODE",
     "auto, bar, plain, json, none (auto: a bar at a terminal, else plain in long runs)",
     read_progress, SHOWING, 0},
    {"quiet", NULL, "say only what went wrong", read_quiet, SHOWING | COMMAND_WORKER, 'q'},
    {"json", "FILE", "the summary for programs; - is stdout", read_json_file, SHOWING, 0},
    {"json", NULL, "for programs", read_json, COMMAND_STATUS | COMMAND_LIST, 0},
    {"help", NULL, "print this", read_help, EVERY, 'h'},
    {"version", NULL, "print the versions of thumbmill and its libraries", read_version, EVERY, 0},
};

enum { ROWS = sizeof rows / sizeof *rows, FIRST_VALUE = 256 };

/* ---- getopt_long ---- */

struct getopt_tables {
    char letters[1 + 2 * ROWS + 1]; // ':', then a letter and a colon each
    struct option names[ROWS + 1];
};

static void derive(enum command_bit command, struct getopt_tables *tables)
{
    *tables = (struct getopt_tables){0};
    char *letter = tables->letters;
    *letter++ = ':'; // a missing value is told from an unknown option
    size_t count = 0;
    for (int i = 0; i < ROWS; i++) {
        if ((rows[i].commands & command) == 0)
            continue;
        if (rows[i].letter != '\0') {
            *letter++ = rows[i].letter;
            if (rows[i].value != NULL)
                *letter++ = ':';
        }
        if (rows[i].name != NULL)
            tables->names[count++] = (struct option){
                .name = rows[i].name,
                .has_arg = rows[i].value != NULL ? required_argument : no_argument,
                .val = FIRST_VALUE + i,
            };
    }
}

/* By getopt's number: a row's, or a letter. NULL: none of this command. */
static const struct option_row *find_row(enum command_bit command, int number)
{
    if (number >= FIRST_VALUE)
        return &rows[number - FIRST_VALUE];
    for (int i = 0; i < ROWS; i++) {
        if ((rows[i].commands & command) != 0 && rows[i].letter == number && number != 0)
            return &rows[i];
    }
    return NULL;
}

/* As reasons name it: "--size", "-0". */
static void name_row(const struct option_row *row, char *name, size_t size)
{
    if (row->name != NULL)
        snprintf(name, size, "--%s", row->name);
    else
        snprintf(name, size, "-%c", row->letter);
}

/* What getopt_long could not use: optopt is a row that lacks a value or has one too many, an
 * unknown letter, or 0 for an unknown long name. */
static enum status explain(const struct command *command, int found, const char *word,
                           struct reason *why)
{
    const struct option_row *row = find_row(command->bit, optopt);
    char name[64];
    if (row != NULL) {
        name_row(row, name, sizeof name);
        if (found == ':')
            return reason_set(why, STATUS_USAGE, "%s: expected a value, %s", name, row->value);
        return reason_set(why, STATUS_USAGE, "%s: takes no value", name);
    }
    if (optopt != 0)
        snprintf(name, sizeof name, "-%c", optopt);
    else
        snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const bool whole = command->bit == COMMAND_NONE;
    return reason_set(why, STATUS_USAGE, "%s: unknown option%s%s; see thumbmill%s%s --help", name,
                      whole ? "" : " of ", whole ? "" : command->name, whole ? "" : " ",
                      whole ? "" : command->name);
}

static enum status read_row(const struct option_row *row, const char *value,
                            struct arguments *arguments, struct reason *why)
{
    struct reason inner = {0};
    enum status status = row->read(arguments, value, &inner);
    if (status == STATUS_OK)
        return STATUS_OK;
    char name[64];
    name_row(row, name, sizeof name);
    return reason_set(why, status, "%s %.900s", name, inner.text);
}

enum status option_table_parse(const struct command *command, int argc, char **argv,
                               struct arguments *arguments, struct reason *why)
{
    struct getopt_tables tables;
    derive(command->bit, &tables);
    opterr = 0;
    optind = 0; // glibc: begin anew
    for (;;) {
        const int found = getopt_long(argc, argv, tables.letters, tables.names, NULL);
        if (found == -1)
            break;
        if (found == '?' || found == ':')
            return explain(command, found, argv[optind - 1], why);
        enum status status = read_row(find_row(command->bit, found), optarg, arguments, why);
        if (status != STATUS_OK)
            return status;
    }
    arguments->operands = (const char *const *)(argv + optind);
    arguments->operand_count = (size_t)(argc - optind);
    return STATUS_OK;
}

/* ---- --help ---- */

enum { HELP_COLUMN = 26, HELP_WIDTH = 96 };

/* Prints words of a text from a column on, folded before HELP_WIDTH. */
static void print_folded(FILE *out, const char *text)
{
    int column = HELP_COLUMN;
    while (*text != '\0') {
        const int word = (int)strcspn(text, " ");
        const bool first = column == HELP_COLUMN;
        if (!first && column + 1 + word > HELP_WIDTH) {
            fprintf(out, "\n%*s%.*s", HELP_COLUMN, "", word, text);
            column = HELP_COLUMN + word;
        } else {
            fprintf(out, "%s%.*s", first ? "" : " ", word, text);
            column += word + !first;
        }
        text += word + (text[word] == ' ');
    }
    fputc('\n', out);
}

void option_table_help(enum command_bit command, FILE *out)
{
    for (int i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];
        if ((row->commands & command) == 0)
            continue;
        char left[HELP_COLUMN * 2];
        const bool letter = row->letter != '\0', name = row->name != NULL;
        snprintf(left, sizeof left, "  %c%c%s%s%s%s%s", letter ? '-' : ' ',
                 letter ? row->letter : ' ', letter && name ? ", " : "  ", name ? "--" : "",
                 name ? row->name : "", row->value != NULL ? " " : "",
                 row->value != NULL ? row->value : "");
        fprintf(out, "%-*s", HELP_COLUMN, left);
        if (strlen(left) >= HELP_COLUMN)
            fprintf(out, "\n%*s", HELP_COLUMN, "");
        print_folded(out, row->help);
    }
}
