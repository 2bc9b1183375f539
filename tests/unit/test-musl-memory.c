/* SPDX-License-Identifier: Apache-2.0 */
/* src/musl/memory.c under other names, in a program that has its libc's own beside them. */
#include "tests/unit/tap.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#undef memcpy
#undef memmove
#define memcpy our_memcpy
#define memmove our_memmove
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
#include "src/musl/memory.c"
#undef memcpy
#undef memmove

enum { SIZE = 320, LONGEST = 200 };

static void fill(uint8_t *bytes)
{
	for (int i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
}

/* From and to all places around each other: nothing but the copy changes. */
static bool moves(size_t from, size_t to, size_t n)
{
	uint8_t ours[SIZE], theirs[SIZE];

	fill(ours);
	fill(theirs);
	memmove(theirs + to, theirs + from, n);
	return our_memmove(ours + to, ours + from, n) == ours + to &&
	       memcmp(ours, theirs, SIZE) == 0;
}

static bool copies(size_t from, size_t to, size_t n)
{
	uint8_t source[SIZE], ours[SIZE] = { 0 }, theirs[SIZE] = { 0 };

	fill(source);
	memcpy(theirs + to, source + from, n);
	return our_memcpy(ours + to, source + from, n) == ours + to &&
	       memcmp(ours, theirs, SIZE) == 0;
}

int main(void)
{
	for (size_t n = 0; n <= LONGEST; n++) {
		bool moved = true, copied = true;

		for (size_t to = 0; to <= 60; to++) {
			moved = moved && moves(30, to, n);
			copied = copied && copies(to % 17, to, n);
		}
		ok(moved);
		ok(copied);
	}
	return tap_done();
}
