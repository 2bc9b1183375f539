/* SPDX-License-Identifier: Apache-2.0 */
#include "image/container-layers.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/layer-store.h"

int container_layers_open(struct container *c, struct container_layers *layers,
			  struct error *err)
{
	size_t n = c->record.n_chain_ids;

	*layers = (struct container_layers){ .fds = xcalloc(n + 1, sizeof(*layers->fds)) };
	for (size_t i = n; i > 0; i--) {
		struct digest chain_id;
		int r = digest_parse(c->record.chain_ids[i - 1], &chain_id, err);
		int fd = r < 0 ? r : layer_open(c->store, &chain_id, err);

		if (fd == -ENOENT)
			return error_set(err, ENOENT, "layer %s is not in the store any more",
					 chain_id.s);
		if (fd < 0)
			return fd;
		layers->fds[layers->n++] = fd;
	}
	return 0;
}

void container_layers_release(struct container_layers *layers)
{
	for (size_t i = 0; i < layers->n; i++)
		fd_close(&layers->fds[i]);
	free(layers->fds);
	*layers = (struct container_layers){ .n = 0 };
}

int container_changes(struct container *c, layer_change_fn change, void *ctx, struct error *err)
{
	cleanup_container_layers struct container_layers layers = { .n = 0 };
	cleanup_close int upper_fd =
		openat(c->dir_fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct layer_diff diff = { .upper_fd = upper_fd };
	int r = upper_fd < 0 ? error_sys(err, "open", "%s/upper", c->path)
			     : container_layers_open(c, &layers, err);

	diff.lower_fds = layers.fds;
	diff.n_lower = layers.n;
	if (r == 0)
		r = layer_diff_list(&diff, change, ctx, err);
	return r < 0 ? error_context(err, "container %s", c->record.name) : 0;
}
