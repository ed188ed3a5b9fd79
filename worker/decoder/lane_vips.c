/*
 * Order and time of the steps; loading, resizing and saving have their own files.
 */

#include "worker/decoder/lane_vips.h"

#include <stdio.h>

#include <vips/vips.h>

#include "common/image_format.h"
#include "worker/decoder/loader.h"
#include "worker/decoder/resize.h"
#include "worker/decoder/saver.h"

static const struct run_options *run;
static struct saver saver;

enum status lane_vips_open(const struct run_options *options, const char *saver_text,
                           struct reason *why)
{
    run = options;
    enum status status = loader_open(options->allow, saver_format(saver_text), why);
    return status != STATUS_OK ? status : saver_open(&saver, saver_text, options, why);
}

bool lane_vips_header(const struct image_bytes *bytes, struct image_header *header)
{
    return loader_read_header(bytes, run->fail_on, header);
}

static void add_since(uint64_t *stage, usec *since)
{
    usec now = clock_now();
    *stage += (uint64_t)(now - *since);
    *since = now;
}

static bool encode(VipsImage *image, struct thumbnail *thumbnail)
{
    thumbnail->width = (uint32_t)image->Xsize;
    thumbnail->height = (uint32_t)image->Ysize;
    return saver_encode(&saver, image, &thumbnail->bytes, &thumbnail->size);
}

/* Each size from the version of the image that libvips picks for it. */
static bool make_each(const struct image_bytes *bytes, const struct image_header *header,
                      enum fail_on fail_on, struct thumbnail *thumbnails, uint64_t stages[STAGES])
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < run->size_count; i++) {
        usec since = clock_now();
        VipsImage *image = resize_from_bytes(bytes, header, run, i, fail_on);
        add_since(&stages[STAGE_DECODE], &since);
        ok = image && encode(image, &thumbnails[i]);
        add_since(&stages[STAGE_ENCODE], &since);
        VIPS_UNREF(image);
    }
    return ok;
}

static bool make_all(const struct image_bytes *bytes, const struct image_header *header,
                     enum fail_on fail_on, struct thumbnail *thumbnails, uint64_t stages[STAGES])
{
    usec since = clock_now();
    struct resize_source source;
    bool ok = resize_source_open(&source, bytes, header, run, fail_on);
    add_since(&stages[STAGE_DECODE], &since);
    for (uint32_t i = 0; ok && i < run->size_count; i++) {
        VipsImage *image = resize_from_source(&source, run, i);
        add_since(&stages[STAGE_RESIZE], &since);
        ok = image && encode(image, &thumbnails[i]);
        add_since(&stages[STAGE_ENCODE], &since);
        VIPS_UNREF(image);
    }
    resize_source_close(&source);
    return ok;
}

bool lane_vips_make(const struct image_bytes *bytes, const struct image_header *header,
                    enum fail_on fail_on, struct thumbnail *thumbnails, uint64_t stages[STAGES])
{
    bool one_decode = run->size_count > 1 && !header->versions;
    bool ok = one_decode ? make_all(bytes, header, fail_on, thumbnails, stages)
                         : make_each(bytes, header, fail_on, thumbnails, stages);
    if (!ok)
        thumbnails_clear(thumbnails, run->size_count);
    return ok;
}

void thumbnails_clear(struct thumbnail *thumbnails, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        g_free(thumbnails[i].bytes);
        thumbnails[i] = (struct thumbnail){0};
    }
}

static void print_formats(const char *what, bool (*has)(enum image_format))
{
    fputs(what, stdout);
    for (int format = FORMAT_UNKNOWN + 1; format < FORMATS; format++)
        if (has(format))
            printf(" %s", format_name(format));
    putchar('\n');
}

enum status lane_vips_describe(struct reason *why)
{
    enum status status = loader_open(FORMATS_DEFAULT, FORMAT_UNKNOWN, why);
    if (status != STATUS_OK)
        return status;
    loader_want_all();
    printf("libvips %s\n", vips_version_string());
    print_formats("read", loader_reads);
    print_formats("write", saver_writes);
    return STATUS_OK;
}
