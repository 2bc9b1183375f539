/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap for a program with one thread that ends after a few milliseconds.  musl's
 * own gives each of the first few kilobytes a mapping to itself, which costs a run
 * some forty system calls and as many page faults.
 *
 * A block's size is a power of two or three quarters of one.  New blocks are cut from an
 * arena, the first of which is in the program's own memory; a block that is freed
 * goes to the list of its size.  What is larger than half an arena is a mapping of
 * its own.  A pointer that is no block in use ends the program.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	FIRST_ARENA = 256 << 10,
	ARENA = 1 << 20,
	LARGE = 128 << 10,
	SMALLEST = 32,
	N_SIZES = 32,
};

enum { IN_USE = 0x61626264, FREED = 0x64656566 };

/* In front of what malloc() returns, which is aligned to 16 bytes as it is. */
struct block {
	size_t size;
	uint32_t state;
	uint32_t index;
};

struct freed {
	struct block block;
	struct freed *next;
};

static _Alignas(16) char first_arena[FIRST_ARENA];
static char *fresh = first_arena, *fresh_end = first_arena + FIRST_ARENA;
static struct freed *lists[N_SIZES];

/* 32, 48, 64, 96, 128, ... with the header. */
static size_t size_of(uint32_t index)
{
	size_t size = (size_t)SMALLEST << (index / 2);

	return index % 2 ? size + size / 2 : size;
}

static uint32_t index_for(size_t size)
{
	uint32_t index = 0;

	if (size > SMALLEST)
		index = (uint32_t)(2 * (59 - __builtin_clzl(size - 1)));
	if (index && size <= size_of(index - 1))
		index--;
	return index;
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Memory that was never used and is all zeros. */
static struct block *cut(size_t size)
{
	struct block *block;

	if (size > (size_t)(fresh_end - fresh)) {
		char *arena = map(ARENA);

		if (!arena)
			return NULL;
		fresh = arena;
		fresh_end = arena + ARENA;
	}
	block = (struct block *)fresh;
	fresh += size;
	return block;
}

/* *ZERO: whether it is known to be all zeros. */
static struct block *take(size_t wanted, bool *zero)
{
	size_t size = wanted + sizeof(struct block);
	uint32_t index = N_SIZES;
	struct block *block;

	*zero = true;
	if (size > LARGE) {
		size = (size + 4095) & ~(size_t)4095;
		block = map(size);
	} else {
		index = index_for(size);
		size = size_of(index);
		*zero = !lists[index];
		block = *zero ? cut(size) : &lists[index]->block;
		if (!*zero)
			lists[index] = lists[index]->next;
	}
	if (block)
		*block = (struct block){ .size = size, .state = IN_USE, .index = index };
	return block;
}

static struct block *block_of(void *p)
{
	struct block *block = (struct block *)p - 1;

	if (block->state != IN_USE)
		abort();
	return block;
}

void *malloc(size_t size)
{
	struct block *block = NULL;
	bool zero;

	if (size <= PTRDIFF_MAX / 2)
		block = take(size, &zero);
	if (!block)
		errno = ENOMEM;
	return block ? block + 1 : NULL;
}

void *calloc(size_t n, size_t size)
{
	struct block *block = NULL;
	size_t all;
	bool zero;

	if (!__builtin_mul_overflow(n, size, &all) && all <= PTRDIFF_MAX / 2)
		block = take(all, &zero);
	if (!block) {
		errno = ENOMEM;
		return NULL;
	}
	if (!zero)
		memset(block + 1, 0, all);
	return block + 1;
}

void free(void *p)
{
	struct freed *freed;
	int saved = errno;

	if (!p)
		return;
	freed = (struct freed *)block_of(p);
	freed->block.state = FREED;
	if (freed->block.index == N_SIZES) {
		(void)munmap(freed, freed->block.size);
	} else {
		freed->next = lists[freed->block.index];
		lists[freed->block.index] = freed;
	}
	errno = saved;
}

void *realloc(void *p, size_t size)
{
	size_t have;
	void *to;

	if (!p)
		return malloc(size);
	have = block_of(p)->size - sizeof(struct block);
	if (size <= have)
		return p;
	to = malloc(size);
	if (!to)
		return NULL;
	memcpy(to, p, have);
	free(p);
	return to;
}
