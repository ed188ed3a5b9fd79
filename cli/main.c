/*
 * The front door: one table of commands, one way to read each one's words.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/option_table.h"
#include "cli/version.h"
#include "common/log.h"

static const struct command commands[] = {
    {"run", "thumbmill", "[options] SOURCE... DEST",
     "make thumbnails with this machine, and whoever joins with --listen", run_command, COMMAND_RUN,
     true},
    {"ventilator", "thumbmill ventilator", "[options] SOURCE... DEST", "give out the jobs",
     ventilator_command, COMMAND_VENTILATOR, true},
    {"sink", "thumbmill sink", "--connect HEAD [options]", "collect the results", sink_command,
     COMMAND_SINK, false},
    {"worker", "thumbmill worker", "--connect HEAD [options]", "do the work", worker_command,
     COMMAND_WORKER, false},
    {"start", "thumbmill start", "--connect HEAD", "give a held ventilator the start signal",
     start_command, COMMAND_START, false},
    {"status", "thumbmill status", "--connect HEAD [--json]",
     "who is connected, what is out, how far it is", status_command, COMMAND_STATUS, false},
    {"list", "thumbmill list", "[options] DEST|FILE", "what became of each image", list_command,
     COMMAND_LIST, true},
    {"verify", "thumbmill verify", "[options] DEST",
     "every recorded output is there, decodes, has its size", verify_command, COMMAND_VERIFY, true},
    {"prune", "thumbmill prune", "[options] DEST",
     "outputs whose source is gone; without --yes only lists them", prune_command, COMMAND_PRUNE,
     true},
};

/* thumbmill without a command. */
static const struct command front = {
    .bit = COMMAND_NONE, .log_name = "thumbmill", .operands = "COMMAND [options]"};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int print_help(const struct command *command)
{
    const bool whole = command->name == NULL;
    printf("usage: thumbmill %s%s%s\n", whole ? "" : command->name, whole ? "" : " ",
           command->operands);
    if (whole) {
        printf("\nThumbnails of whole image collections. COMMAND is one of\n");
        for (int i = 0; i < COMMANDS; i++)
            printf("  %-12s%s\n", commands[i].name, commands[i].help);
        printf("\nthumbmill COMMAND --help tells its options.\n");
    } else {
        printf("%s\n\n", command->help);
    }
    option_table_help(command->bit, stdout);
    return EXIT_MADE;
}

/* Checks what no single option can. */
static enum status check_words(const struct command *command, const struct arguments *arguments,
                               struct reason *why)
{
    if (!command->takes_operands && arguments->operand_count > 0)
        return reason_set(why, STATUS_USAGE, "%s: unexpected; %s takes only options",
                          arguments->operands[0], command->name);
    if (command->takes_operands && arguments->operand_count == 0)
        return reason_set(why, STATUS_USAGE, "DEST is missing; usage: thumbmill %s %s",
                          command->name, command->operands);
    const unsigned recorded = COMMAND_LIST | COMMAND_VERIFY | COMMAND_PRUNE;
    if ((command->bit & recorded) != 0 && arguments->operand_count > 1)
        return reason_set(why, STATUS_USAGE, "%s: one word too many; usage: thumbmill %s %s",
                          arguments->operands[1], command->name, command->operands);
    const unsigned connecting = COMMAND_SINK | COMMAND_WORKER | COMMAND_START | COMMAND_STATUS;
    if ((command->bit & connecting) != 0 && !arguments->connect.given)
        return reason_set(why, STATUS_USAGE, "--connect HEAD is missing; usage: thumbmill %s %s",
                          command->name, command->operands);
    return STATUS_OK;
}

static int perform(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    struct reason why;
    arguments_init(&arguments);
    enum status status = option_table_parse(command, argc, argv, &arguments, &why);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    if (arguments.help)
        return print_help(command);
    if (arguments.version)
        return version_print();
    if (command->run == NULL) {
        log_error("a command is missing; see thumbmill --help");
        return EXIT_WRONG_USE;
    }
    status = check_words(command, &arguments, &why);
    if (status != STATUS_OK)
        return command_failed(status, &why);
    log_init(command->log_name, arguments.quiet);
    return command->run(&arguments);
}

static int find_and_perform(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return perform(&front, argc, argv);
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return perform(&commands[i], argc - 1, argv + 1);
    }
    log_error("%s: unknown command; see thumbmill --help", argv[1]);
    return EXIT_WRONG_USE;
}

/* Were one of the three closed, a socket would become "standard output". */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    open_standard_files();
    signal(SIGPIPE, SIG_IGN); // a reader that goes away is an error of write
    log_init("thumbmill", false);
    int status = find_and_perform(argc, argv);
    if (fflush(stdout) != 0 && errno != EPIPE) {
        log_error("standard output: %s", strerror(errno));
        status = EXIT_CANNOT;
    }
    return status;
}
