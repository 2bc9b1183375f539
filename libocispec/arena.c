/* SPDX-License-Identifier: Apache-2.0 */
#include "libocispec/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* Most config.json files fit in one block with what they are parsed into. */
enum { BLOCK_SIZE = 32 * 1024 };

struct oci_arena_block {
	struct oci_arena_block *next;
	size_t size;
	alignas(max_align_t) char data[];
};

void *oci_arena_alloc(struct oci_arena *arena, size_t size)
{
	struct oci_arena_block *block = arena->blocks;
	void *p;

	if (size > (size_t)1 << 40)
		return NULL;
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!block || block->size - arena->used < size) {
		size_t want = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = calloc(1, sizeof(*block) + want);
		if (!block)
			return NULL;
		block->size = want;
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used = 0;
	}
	p = block->data + arena->used;
	arena->used += size;
	return p;
}

char *oci_arena_strndup(struct oci_arena *arena, const char *s, size_t n)
{
	char *copy = oci_arena_alloc(arena, n + 1);

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
