/*
 * thumbmill-samples: makes images to try things on, the same ones every time.
 *
 *   thumbmill-samples demo DIR [N]             N varied pictures in nested folders (60)
 *   thumbmill-samples kinds DIR                one file of every kind and name
 *   thumbmill-samples tiny DIR N [PER_FOLDER]  N copies of one tiny JPEG, flat or so many a folder
 *   thumbmill-samples photos DIR N WIDTH       N different JPEGs of that width
 */

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/sample_file.h"
#include "tests/support/sample_kinds.h"
#include "tests/support/sample_picture.h"

#define TINY_SIDE 16
#define DEMO_PICTURES 60

static int usage(void)
{
    fputs("usage: thumbmill-samples demo DIR [N] | kinds DIR | tiny DIR N [PER_FOLDER]"
          " | photos DIR N WIDTH\n",
          stderr);
    return 2;
}

static void write_picture(VipsImage *image, const char *saver, const char *folder, const char *name,
                          bool cut)
{
    struct sample_bytes bytes = sample_encode(&image, saver);
    if (bytes.data)
        sample_file_write(folder, name, bytes.data, cut ? bytes.size / 2 : bytes.size);
    g_free(bytes.data);
}

/* Picture `number` of a demonstration: most are JPEGs, as in an album, some turned by a camera. */
static void demo_picture(const char *folder, long number, bool cut)
{
    static const char *const albums[] = {"2021/spring", "2021/summer/coast", "2022",
                                         "2022/mountains", "2023/winter/city"};
    static const int sides[][2] = {{960, 720}, {720, 960}, {1200, 800}, {800, 600}, {640, 960}};
    const char *album = albums[number % 5];
    const int *size = sides[number / 2 % 5];
    char name[PATH_MAX];
    const char *suffix = number % 9 == 4 ? "png" : number % 11 == 6 ? "webp" : "jpg";
    if (number % 20 == 13)
        suffix = "gif";

    snprintf(name, sizeof name, "%s/picture-%03ld.%s", album, number, suffix);
    VipsImage *image = strcmp(suffix, "png") == 0
                           ? sample_picture_alpha((int)number, size[0] / 2, size[1] / 2)
                           : sample_picture((int)number, size[0], size[1]);
    if (strcmp(suffix, "jpg") == 0)
        vips_image_set_int(image, VIPS_META_ORIENTATION, 1 + (int)(number % 8));
    char saver[] = ".webp";
    snprintf(saver, sizeof saver, ".%s", suffix);
    write_picture(image, saver, folder, name, cut);
}

static void demo(const char *folder, long count)
{
    static const char text[] = "Somebody renamed a text file.\n";
    sample_folder(folder);
    for (long number = 0; number < count; number++) {
        if (number == count / 2)
            sample_file_write(folder, "2022/letter.jpg", text, strlen(text));
        else
            demo_picture(folder, number, number == count / 3);
    }
}

static void tiny(const char *folder, long count, long per_folder)
{
    VipsImage *image = sample_picture(1, TINY_SIDE, TINY_SIDE);
    struct sample_bytes bytes = sample_encode(&image, ".jpg[strip]");
    sample_folder(folder);
    for (long number = 0; number < count; number++) {
        char name[PATH_MAX];
        if (per_folder > 0)
            snprintf(name, sizeof name, "%06ld/%07ld.jpg", number / per_folder, number);
        else
            snprintf(name, sizeof name, "%07ld.jpg", number);
        sample_file_write(folder, name, bytes.data, bytes.size);
    }
    g_free(bytes.data);
}

static void photos(const char *folder, long count, int width)
{
    sample_folder(folder);
    for (long number = 0; number < count; number++) {
        char name[PATH_MAX];
        snprintf(name, sizeof name, "photo-%05ld.jpg", number);
        int height = width * 3 / 4 > 0 ? width * 3 / 4 : 1;
        write_picture(sample_picture((int)number, width, height), ".jpg", folder, name, false);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3 || VIPS_INIT(argv[0]))
        return usage();
    const char *command = argv[1], *folder = argv[2];
    long count = argc > 3 ? atol(argv[3]) : 0;
    long last = argc > 4 ? atol(argv[4]) : 0;

    if (strcmp(command, "demo") == 0 && argc <= 4)
        demo(folder, argc == 4 ? count : DEMO_PICTURES);
    else if (strcmp(command, "kinds") == 0 && argc == 3)
        sample_kinds(folder);
    else if (strcmp(command, "tiny") == 0 && argc >= 4 && argc <= 5)
        tiny(folder, count, last);
    else if (strcmp(command, "photos") == 0 && argc == 5 && last > 0 && last <= VIPS_MAX_COORD)
        photos(folder, count, (int)last);
    else
        return usage();
    vips_shutdown();
    return 0;
}
