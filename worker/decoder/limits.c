/*
 * The sums behind --max-pixels and behind asking for memory. All of it in 64 bits: a side has at
 * most 31 bits, a file names at most 2^31 frames, so a product is checked before it is made.
 */

#include "worker/decoder/limits.h"

/* The program with libvips and its libraries, resident, before the first image. */
#define PROGRAM_BYTES (32ULL << 20)
/* Rows of the source in flight while it streams: libvips reads ahead some strips of 16 rows, a box
 * shrink gathers up to the factor, a Lanczos filter 6 times the factor that is left (about 2). */
#define STREAM_ROWS 256
/* A thumbnail's pixel: float RGBA while premultiplied is 16 bytes, and one copy to encode. */
#define THUMBNAIL_PIXEL_BYTES 20

/* Bytes a pixel that a format's library holds for the whole frame, beside what it hands out. */
static uint32_t library_pixel_bytes(const struct image_bytes *bytes,
                                    const struct image_header *header)
{
    switch (bytes->format) {
    case FORMAT_JPEG: // coefficients: 2 bytes for each of 3 components, 4 in CMYK
        return header->whole ? header->pixel_bytes * 2 : 0;
    case FORMAT_PNG:
        return header->whole ? header->pixel_bytes : 0;
    case FORMAT_GIF: // the canvas and the frame to come back to
        return 8;
    case FORMAT_WEBP: // lossless keeps the frame; an animation its canvas
        return 8;
    case FORMAT_TIFF: // one strip or tile may be all of it, compressed and not
        return header->pixel_bytes * 2;
    case FORMAT_HEIF:
    case FORMAT_AVIF: // planes of 16 bits, a reference frame, the interleaved copy
        return 16;
    case FORMAT_JP2: // an int a component, twice
    case FORMAT_JXL: // a float a component, twice, and its group buffers
        return 32;
    default:
        return 0;
    }
}

static uint64_t product(uint64_t a, uint64_t b)
{
    return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

enum status limits_check_pixels(const struct image_header *header, uint64_t max_pixels,
                                struct reason *why)
{
    uint64_t frame = product(header->source.width, header->source.height);
    if (product(frame, header->frames) <= max_pixels)
        return STATUS_OK;

    double limit = (double)max_pixels / 1e6;
    if (header->frames > 1)
        return reason_set(why, STATUS_IMAGE,
                          "%u frames of %u x %u pixels are more than %.6g MP (--max-pixels)",
                          header->frames, header->source.width, header->source.height, limit);
    return reason_set(why, STATUS_IMAGE, "%u x %u pixels are more than %.6g MP (--max-pixels)",
                      header->source.width, header->source.height, limit);
}

uint64_t limits_memory(const struct image_bytes *bytes, const struct image_header *header,
                       const struct run_options *options)
{
    const struct geometry_source *source = &header->source;
    uint64_t thumbnails = 0, loaded = 0;
    for (uint32_t i = 0; i < options->size_count; i++) {
        struct geometry size =
            geometry_of(source, &options->sizes[i], options->crop, options->rotate);
        uint64_t pixels = product(size.resized_width, size.resized_height);
        thumbnails += product(pixels, THUMBNAIL_PIXEL_BYTES);
        uint64_t decoded = product(size.loaded_width, size.loaded_height);
        loaded = decoded > loaded ? decoded : loaded;
    }

    uint64_t rows = header->source.height < STREAM_ROWS ? header->source.height : STREAM_ROWS;
    uint64_t held = options->size_count > 1 && !header->versions
                        ? product(loaded, header->pixel_bytes)
                        : product(product(header->source.width, rows), header->pixel_bytes);
    uint64_t library = product(product(header->source.width, header->source.height),
                               library_pixel_bytes(bytes, header));
    return PROGRAM_BYTES + bytes->size + thumbnails + held + library;
}
