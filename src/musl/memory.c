/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcpy() and memmove() for what dabba copies: names, numbers, pieces of JSON.  musl's
 * use the processor's string instructions, which take longer to start than most of these
 * copies last: a twelfth of the time of "list".
 *
 * All loads of up to 16 bytes come before the stores, so that these may overlap.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* In a loop, or the compiler makes it a call of the function it is in. */
#define not_a_call() __asm__ volatile("" : : : "memory")

typedef uint8_t v16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t v8 __attribute__((aligned(1), may_alias));
typedef uint32_t v4 __attribute__((aligned(1), may_alias));

/* Up to 16 bytes: the first and the last of them, which may be the same. */
static inline void move_few(uint8_t *to, const uint8_t *from, size_t n)
{
	if (n >= 8) {
		uint64_t head = *(const v8 *)from, tail = *(const v8 *)(from + n - 8);

		*(v8 *)to = head;
		*(v8 *)(to + n - 8) = tail;
	} else if (n >= 4) {
		uint32_t head = *(const v4 *)from, tail = *(const v4 *)(from + n - 4);

		*(v4 *)to = head;
		*(v4 *)(to + n - 4) = tail;
	} else if (n > 0) {
		uint8_t head = from[0], middle = from[n / 2], tail = from[n - 1];

		to[0] = head;
		to[n / 2] = middle;
		to[n - 1] = tail;
	}
}

/* From the first byte on: TO is not within what is still to be read. */
static inline void move_up(uint8_t *to, const uint8_t *from, size_t n)
{
	v16 tail = *(const v16 *)(from + n - 16);

	for (size_t i = 0; i < n - 16; i += 16) {
		*(v16 *)(to + i) = *(const v16 *)(from + i);
		not_a_call();
	}
	*(v16 *)(to + n - 16) = tail;
}

static inline void move_down(uint8_t *to, const uint8_t *from, size_t n)
{
	v16 head = *(const v16 *)from;

	for (size_t i = n; i > 16; i -= 16) {
		*(v16 *)(to + i - 16) = *(const v16 *)(from + i - 16);
		not_a_call();
	}
	*(v16 *)to = head;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	if (n < 16)
		move_few(to, from, n);
	else
		move_up(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	if (n < 16)
		move_few(to, from, n);
	else if ((uintptr_t)to - (uintptr_t)from >= n)
		move_up(to, from, n);
	else
		move_down(to, from, n);
	return to;
}
