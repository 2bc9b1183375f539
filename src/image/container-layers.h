/* SPDX-License-Identifier: Apache-2.0 */
/* What a container changed upon its layers. */
#pragma once

#include "base/error.h"
#include "image/container.h"
#include "image/layer-diff.h"

/* See layer_diff_list(). */
int container_changes(struct container *c, layer_change_fn change, void *ctx,
		      struct error *err);
