/* SPDX-License-Identifier: Apache-2.0 */
#include "image/container-layers.h"

#include <fcntl.h>

#include "base/fd.h"
#include "image/layer-stack.h"

int container_changes(struct container *c, layer_change_fn change, void *ctx, struct error *err)
{
	cleanup_layer_stack struct layer_stack layers = { .n = 0 };
	cleanup_close int upper_fd =
		openat(c->dir_fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct layer_diff diff = { .upper_fd = upper_fd };
	int r = upper_fd < 0 ? error_sys(err, "open", "%s/upper", c->path)
			     : layer_stack_open(&layers, c->store, c->record.chain_ids,
						c->record.n_chain_ids, err);

	diff.lower_fds = layers.fds;
	diff.n_lower = layers.n;
	if (r == 0)
		r = layer_diff_list(&diff, change, ctx, err);
	return r < 0 ? error_context(err, "container %s", c->record.name) : 0;
}
