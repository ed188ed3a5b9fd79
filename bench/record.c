/*
 * How fast the record takes outcomes and answers questions.
 *
 *     thumbmill-bench-record [IMAGES [FRESH [FOLDER]]]
 *
 * IMAGES (500 000) images of one output each are asked about, found new, recorded, and committed in
 * groups, in the order of a walk: folder by folder, within one in an order of its own, as a
 * directory gives it. Then FRESH (100 000) of them, whose outputs are real files, are asked about
 * again by a second run, without and with the look at the file. FOLDER (TMPDIR or /tmp) takes it
 * all, in a folder that is removed.
 *
 * Wall and processor time are printed: on a machine that is shared, the latter is the one to
 * compare.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sink/record.h"

#define IMAGES_DEFAULT 500000
#define FRESH_DEFAULT 100000
#define PER_FOLDER 1000
#define GROUP 4096   // images a commit
#define SHUFFLE 619u // coprime to PER_FOLDER: a directory's own order
#define NS_PER_S 1e9

struct bench {
    char dest[JOB_PATH_SIZE];
    char file[JOB_PATH_SIZE + 64];
    struct record *record;
    struct run_options options;
    struct result_message message;
    uint64_t images, fresh;
};

struct times {
    double wall, cpu;
};

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

static struct times times_now(void)
{
    return (struct times){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static void print_rate(const char *what, uint64_t count, struct times since)
{
    const struct times now = times_now();
    printf("%-28s %10.0f a second, %10.0f a second of processor time\n", what,
           (double)count / (now.wall - since.wall), (double)count / (now.cpu - since.cpu));
    fflush(stdout);
}

static void must(enum status status, const struct reason *why)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "thumbmill-bench-record: %s\n", why->text);
    exit(1);
}

static void must_be(bool true_it_is, const char *what)
{
    if (true_it_is)
        return;
    fprintf(stderr, "thumbmill-bench-record: %s\n", what);
    exit(1);
}

/* The image that the walk finds at `index`. */
static struct ask_entry entry_at(uint64_t index, char path[JOB_PATH_SIZE])
{
    const uint64_t folder = index / PER_FOLDER, within = index % PER_FOLDER * SHUFFLE % PER_FOLDER;
    const int size = snprintf(path, JOB_PATH_SIZE, "photos-%04" PRIu64 "/IMG_%08" PRIu64 ".jpg",
                              folder, folder * PER_FOLDER + within);
    return (struct ask_entry){.number = index + 1,
                              .path = {path, (uint32_t)size},
                              .size = 2500000 + index % 1000003,
                              .mtime_ns = 1700000000000000000 + (int64_t)(index * 1234567891)};
}

static void make_output(const struct bench *bench, const char *path, struct output *output)
{
    char name[2 * JOB_PATH_SIZE];
    struct stat made;
    snprintf(name, sizeof name, "%s/%s", bench->dest, path);
    char *slash = strrchr(name, '/');
    *slash = '\0';
    (void)mkdir(name, 0755); // mostly there
    *slash = '/';
    const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    must_be(fd >= 0 && fstat(fd, &made) == 0 && close(fd) == 0, "an output cannot be made");
    output->bytes = (uint64_t)made.st_size;
    output->mtime_ns = made.st_mtim.tv_sec * 1000000000 + made.st_mtim.tv_nsec;
}

static void open_record(struct bench *bench, uint64_t run)
{
    struct reason why;
    const struct text root = text_of("/srv/photographs");
    const struct record_run given = {
        .run = run, .epoch = run, .options = &bench->options, .roots = &root, .root_count = 1};
    must(record_open(&bench->record, bench->file, bench->dest, RECORD_WRITE, &why), &why);
    must(record_start(bench->record, &given, &why), &why);
}

static void record_one(struct bench *bench, const struct ask_entry *entry)
{
    struct reason why;
    struct record_answer answer;
    bool first;
    struct result *result = &bench->message.result;
    must(record_ask(bench->record, entry, &answer, &why), &why);
    must_be(answer.verdict == VERDICT_NEW, "an image is not new");
    result->job.id = entry->number;
    result->job.size = result->bytes_in = entry->size;
    result->job.mtime_ns = entry->mtime_ns;
    bench->message.path = entry->path;
    const struct envelope from = {.run = 1, .epoch = 1};
    must(record_result(bench->record, &from, &bench->message, &first, &why), &why);
    must_be(first, "an image is recorded twice");
}

static void insert(struct bench *bench)
{
    char path[JOB_PATH_SIZE];
    struct reason why;
    struct stat file;
    struct output *output = &bench->message.result.outputs[0];
    open_record(bench, 1);
    for (uint64_t i = 0; i < bench->fresh; i++) // their files, before the clock runs
        make_output(bench, entry_at(i, path).path.bytes, output);
    const struct times since = times_now();
    for (uint64_t i = 0; i < bench->images; i++) {
        *output = (struct output){256, 171, 9000 + i % 4096, 1800000000000000000 + (int64_t)i};
        const struct ask_entry entry = entry_at(i, path);
        if (i < bench->fresh) {
            char name[2 * JOB_PATH_SIZE];
            snprintf(name, sizeof name, "%s/%s", bench->dest, path);
            must_be(stat(name, &file) == 0, "an output is gone");
            output->bytes = (uint64_t)file.st_size;
            output->mtime_ns = file.st_mtim.tv_sec * 1000000000 + file.st_mtim.tv_nsec;
        }
        record_one(bench, &entry);
        if (i % GROUP == GROUP - 1)
            must(record_commit(bench->record, &why), &why);
    }
    must(record_finish(bench->record, &why), &why);
    record_close(&bench->record);
    print_rate("images recorded", bench->images, since);
    must_be(stat(bench->file, &file) == 0, "the record is gone");
    printf("%-28s %10.1f bytes\n", "an image on disk",
           (double)file.st_size / (double)bench->images);
}

static void ask_again(struct bench *bench)
{
    char path[JOB_PATH_SIZE];
    struct reason why;
    struct record_answer answer;
    open_record(bench, 2);
    const struct times since = times_now();
    for (uint64_t i = 0; i < bench->fresh; i++) {
        const struct ask_entry entry = entry_at(i, path);
        must(record_ask(bench->record, &entry, &answer, &why), &why);
        must_be(answer.verdict == VERDICT_FRESH && answer.first, "an image is not fresh");
        if (i % GROUP == GROUP - 1)
            must(record_commit(bench->record, &why), &why);
    }
    must(record_finish(bench->record, &why), &why);
    print_rate("fresh images asked about", bench->fresh, since);
    record_close(&bench->record);
}

static bool count_image(void *context, const struct record_image *image)
{
    uint64_t *count = context;
    *count += image->state == IMAGE_MADE;
    return true;
}

static void read_all(struct bench *bench)
{
    struct reason why;
    uint64_t count = 0;
    must(record_open(&bench->record, bench->file, bench->dest, RECORD_READ, &why), &why);
    struct times since = times_now();
    must(record_each(bench->record, RECORD_ALL, count_image, &count, &why), &why);
    must_be(count == bench->images, "images are lost");
    print_rate("images listed", count, since);
    since = times_now();
    must(record_check(bench->record, &why), &why);
    print_rate("images checked", count, since);
    record_close(&bench->record);
}

int main(int argc, char **argv)
{
    static struct bench bench; // too large for the stack
    const char *parent = argc > 3 ? argv[3] : getenv("TMPDIR");
    bench.images = argc > 1 ? strtoull(argv[1], NULL, 10) : IMAGES_DEFAULT;
    bench.fresh = argc > 2 ? strtoull(argv[2], NULL, 10) : FRESH_DEFAULT;
    if (bench.images == 0 || bench.fresh > bench.images) {
        fprintf(stderr, "usage: thumbmill-bench-record [IMAGES [FRESH [FOLDER]]]\n");
        return 2;
    }
    snprintf(bench.dest, sizeof bench.dest, "%s/thumbmill-bench-XXXXXX", parent ? parent : "/tmp");
    must_be(mkdtemp(bench.dest) != NULL, "no folder to work in");
    snprintf(bench.file, sizeof bench.file, "%s/record.sqlite", bench.dest);
    run_options_init(&bench.options);
    bench.message.worker = text_of("worker-host-1");
    bench.message.result.state = IMAGE_MADE;
    bench.message.result.job.attempt = 1;
    bench.message.result.width = 4000;
    bench.message.result.height = 3000;
    bench.message.result.output_count = 1;
    bench.message.result.busy = 31000;
    insert(&bench);
    ask_again(&bench);
    read_all(&bench);
    char command[JOB_PATH_SIZE + 16];
    snprintf(command, sizeof command, "rm -rf -- '%s'", bench.dest);
    return system(command) == 0 ? 0 : 1;
}
