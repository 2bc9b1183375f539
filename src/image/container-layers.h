/* SPDX-License-Identifier: Apache-2.0 */
/* The layers below a container, and what it changed upon them. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "image/container.h"
#include "image/layer-diff.h"

/* Directories in overlay shape, topmost first. */
struct container_layers {
	int *fds;
	size_t n;
};

int container_layers_open(struct container *c, struct container_layers *layers,
			  struct error *err);
void container_layers_release(struct container_layers *layers);
#define cleanup_container_layers __attribute__((cleanup(container_layers_release)))

/* See layer_diff_list(). */
int container_changes(struct container *c, layer_change_fn change, void *ctx,
		      struct error *err);
