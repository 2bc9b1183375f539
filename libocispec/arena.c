/* SPDX-License-Identifier: Apache-2.0 */
#include "libocispec/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Most config.json files fit in one block with what they are parsed into. */
	BLOCK_SIZE = 32 * 1024,
	/* What is larger gets a block of its own: what is free in the first is kept. */
	LARGE = BLOCK_SIZE / 4,
};

struct oci_arena_block {
	struct oci_arena_block *next;
	size_t size;
	alignas(max_align_t) char data[];
};

static struct oci_arena_block *block_new(size_t size)
{
	struct oci_arena_block *block;

	if (size > (size_t)1 << 40)
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (block)
		block->size = size;
	return block;
}

static void *alloc_large(struct oci_arena *arena, size_t size)
{
	struct oci_arena_block *block = block_new(size);

	if (!block)
		return NULL;
	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
		arena->used = size;
	}
	return block->data;
}

/* Makes sure that the first block has SIZE bytes to give. */
static struct oci_arena_block *block_with(struct oci_arena *arena, size_t size)
{
	struct oci_arena_block *block = arena->blocks;

	if (block && block->size - arena->used - arena->tail >= size)
		return block;
	block = block_new(BLOCK_SIZE);
	if (!block)
		return NULL;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->used = 0;
	arena->tail = 0;
	return block;
}

void *oci_arena_alloc(struct oci_arena *arena, size_t size)
{
	struct oci_arena_block *block;
	void *p;

	if (size > LARGE)
		return alloc_large(arena, size);
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	block = block_with(arena, size);
	if (!block)
		return NULL;
	p = block->data + arena->used;
	arena->used += size;
	return p;
}

char *oci_arena_strndup(struct oci_arena *arena, const char *s, size_t n)
{
	struct oci_arena_block *block;
	char *copy;

	if (n >= LARGE) {
		copy = alloc_large(arena, n + 1);
	} else {
		block = block_with(arena, n + 1);
		if (!block)
			return NULL;
		arena->tail += n + 1;
		copy = block->data + block->size - arena->tail;
	}
	if (copy && n)
		memcpy(copy, s, n);
	return copy;
}

void oci_arena_release(struct oci_arena *arena)
{
	for (struct oci_arena_block *block = arena->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct oci_arena)OCI_ARENA_INIT;
}
