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
    char letter;       // '\0': it has none
    const char *value; // what --help calls its value; NULL: a flag
    unsigned commands; // enum command_bit, or-ed
    option_reader read;
    const char *help;
};

#define HEADS (COMMAND_RUN | COMMAND_VENTILATOR)
#define SHOWING (HEADS | COMMAND_SINK)
#define CONNECTING (COMMAND_SINK | COMMAND_WORKER | COMMAND_START | COMMAND_STATUS)
#define EVERY (HEADS | CONNECTING | COMMAND_NONE)

static const struct option_row rows[] = {
    {"size", 's', "SPEC", HEADS, read_size,
     "256, 800x600, 800x, x600; then > only shrinks, < only enlarges, ! ignores the aspect; "
     "repeat or separate by commas for several (256x256>)"},
    {"smartcrop", 'm', "S", HEADS, read_smartcrop,
     "none, centre, entropy, attention, low, high: crop to fill (none)"},
    {"output", 'o', "T", HEADS, read_output,
     "path below DEST: %d folder, %s stem, %n name, %z size; its suffix and saver options choose "
     "the format: %d/%s.webp[Q=80]"},
    {"format", 'f', "F", HEADS, read_format,
     "jpg, png, webp, avif, or with options jpg[Q=85] (jpg)"},
    {"background", 0, "C", HEADS, read_background,
     "where transparency meets a format without it: white, black, #rgb, #rrggbb, R,G,B (white)"},
    {"no-rotate", 0, NULL, HEADS, read_no_rotate, "leave the orientation as stored"},
    {"profile", 0, "P", HEADS, read_profile,
     "colours of the output: srgb, p3, cmyk or a file (srgb)"},
    {"keep", 0, "M", HEADS, read_keep,
     "metadata to keep: none, all, or some of exif,xmp,iptc,icc,other (none)"},
    {"fail-on", 0, "L", HEADS, read_fail_on,
     "none, truncated, error, warning: from which damage on an image counts as failed (none)"},
    {"max-pixels", 0, "N", HEADS, read_max_pixels, "of one image (200MP)"},
    {"max-bytes", 0, "N", HEADS, read_max_bytes, "of one file (512M)"},
    {"timeout", 0, "T", HEADS, read_timeout, "for one image in its decoder: 30, 500ms, 2m (30)"},
    {"allow", 0, "F", HEADS, read_allow,
     "input formats beside jpeg, png, webp, gif: tiff, heif, avif, svg, pdf, jp2, jxl"},
    {"sync", 0, NULL, HEADS, read_sync, "outputs survive a power cut"},
    {"files-from", 0, "F", HEADS, read_files_from,
     "the images are listed in F (-: standard input), a line each; then no SOURCE is given"},
    {NULL, '0', NULL, HEADS, read_null, "the list is separated by NUL bytes"},
    {"base", 0, "DIR", HEADS, read_base,
     "what listed paths are relative to below DEST (/ for absolute ones, else the working "
     "directory)"},
    {"jobs", 'j', "N", COMMAND_RUN | COMMAND_WORKER, read_jobs,
     "decoders at work at once (the cores it may use)"},
    {"workers", 0, "N", COMMAND_RUN, read_workers,
     "worker threads, the jobs of -j shared out among them (1)"},
    {"memory", 0, "N", COMMAND_RUN | COMMAND_WORKER, read_memory,
     "for all decoders together (half the memory)"},
    {"source-root", 0, "FROM=TO", COMMAND_WORKER, read_source_root,
     "sources that the head finds below FROM are below TO here; repeatable"},
    {"dest-root", 0, "FROM=TO", COMMAND_WORKER, read_dest_root, "the same for DEST; repeatable"},
    {"name", 0, "NAME", COMMAND_WORKER, read_name, "what it is called (the host's name)"},
    {"stay", 0, NULL, COMMAND_WORKER, read_stay, "wait for the next run after the end of one"},
    {"listen", 0, "ADDR", COMMAND_RUN, read_listen, "let workers of other hosts join at ADDR"},
    {"bind", 0, "ADDR", COMMAND_VENTILATOR | COMMAND_SINK, read_bind,
     "where to listen; the other sockets take the next four ports (a loopback address, port 5755)"},
    {"connect", 0, "HEAD", CONNECTING, read_connect,
     "the ventilator: tcp://HOST:PORT, HOST or HOST:PORT (port 5755)"},
    {"advertise", 0, "HOST", COMMAND_SINK, read_advertise,
     "what workers connect to (where the head sees this sink)"},
    {"head-timeout", 0, "T", COMMAND_SINK | COMMAND_WORKER, read_head_timeout,
     "without a head for so long it gives up (60)"},
    {"hold", 0, NULL, COMMAND_VENTILATOR, read_hold,
     "wait for `thumbmill start`, or for Enter at its terminal"},
    {"insecure", 0, NULL, HEADS | COMMAND_SINK, read_insecure,
     "listen on addresses that others can reach, without keys"},
    {"progress", 0, "MODE", SHOWING, read_progress,
     "auto, bar, plain, json, none (auto: a bar at a terminal, else plain in long runs)"},
    {"quiet", 'q', NULL, SHOWING | COMMAND_WORKER, read_quiet, "say only what went wrong"},
    {"json", 0, "FILE", SHOWING, read_json_file, "the summary for programs; - is stdout"},
    {"json", 0, NULL, COMMAND_STATUS, read_json, "for programs"},
    {"help", 'h', NULL, EVERY, read_help, "print this"},
    {"version", 0, NULL, EVERY, read_version, "print the versions of thumbmill and its libraries"},
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
