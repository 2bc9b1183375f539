/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump allocator: a parsed document lives in one, and goes in one call.
 * Memory is zeroed. All functions return NULL when memory runs out.
 *
 * Within a block structs grow from the front, where they stay aligned, and
 * strings from the back, where they need not be:
 *
 *	| structs -> used |        free        | tail <- strings |
 */
#pragma once

#include <stddef.h>

struct oci_arena_block;

struct oci_arena {
	struct oci_arena_block *blocks;
	/* Of the first block. */
	size_t used;
	size_t tail;
};

#define OCI_ARENA_INIT { .blocks = NULL }

void *oci_arena_alloc(struct oci_arena *arena, size_t size);
char *oci_arena_strndup(struct oci_arena *arena, const char *s, size_t n);
/* Frees everything allocated from ARENA, which can be used again. */
void oci_arena_release(struct oci_arena *arena);
