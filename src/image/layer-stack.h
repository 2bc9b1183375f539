/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked layers upon each other, as an overlay wants them: given by their
 * chainIDs, lowest first, and told topmost first.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "image/store.h"

/* Directories in overlay shape. */
struct layer_stack {
	int *fds;
	size_t n;
};

int layer_stack_open(struct layer_stack *stack, struct store *store, char *const *chain_ids,
		     size_t n, struct error *err);
void layer_stack_release(struct layer_stack *stack);
#define cleanup_layer_stack __attribute__((cleanup(layer_stack_release)))

/* Adds their absolute paths to PATHS. */
int layer_stack_paths(struct store *store, char *const *chain_ids, size_t n,
		      struct strvec *paths, struct error *err);

/*
 * What an overlay shows as its root's attributes are those of its upper
 * directory: FD's become those of the topmost layer, TOP.
 */
int layer_stack_dress(const char *top, int fd, struct error *err);
