#pragma once

/*
 * SipHash-2-4 with 128 bits of output: a keyed digest that nobody without the key can make collide.
 * From the description of Jean-Philippe Aumasson and Daniel J. Bernstein, "SipHash: a fast
 * short-input PRF" (2012), and the 128-bit output that its authors published later. Pure.
 */

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_SIZE 16
#define SIPHASH_SIZE 16

void siphash(const uint8_t key[SIPHASH_KEY_SIZE], const void *bytes, size_t size,
             uint8_t digest[SIPHASH_SIZE]);
