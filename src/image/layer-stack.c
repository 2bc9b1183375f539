/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-stack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/layer-store.h"
#include "image/tree.h"

int layer_stack_open(struct layer_stack *stack, struct store *store, char *const *chain_ids,
		     size_t n, struct error *err)
{
	*stack = (struct layer_stack){ .fds = xcalloc(n + 1, sizeof(*stack->fds)) };
	for (size_t i = n; i > 0; i--) {
		struct digest chain_id;
		int r = digest_parse(chain_ids[i - 1], &chain_id, err);
		int fd = r < 0 ? r : layer_open(store, &chain_id, err);

		if (fd == -ENOENT)
			return error_set(err, ENOENT, "layer %s is not in the store any more",
					 chain_id.s);
		if (fd < 0)
			return fd;
		stack->fds[stack->n++] = fd;
	}
	return 0;
}

void layer_stack_release(struct layer_stack *stack)
{
	for (size_t i = 0; i < stack->n; i++)
		fd_close(&stack->fds[i]);
	free(stack->fds);
	*stack = (struct layer_stack){ .n = 0 };
}

int layer_stack_paths(struct store *store, char *const *chain_ids, size_t n,
		      struct strvec *paths, struct error *err)
{
	for (size_t i = n; i > 0; i--) {
		struct digest chain_id;
		int r = digest_parse(chain_ids[i - 1], &chain_id, err);

		if (r < 0)
			return r;
		strvec_push_take(paths, layer_path(store, &chain_id));
	}
	return 0;
}

int layer_stack_dress(const char *top, int fd, struct error *err)
{
	cleanup_close int top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (top_fd < 0 || fstat(top_fd, &st) < 0)
		return error_sys(err, "open", "%s", top);
	return tree_copy_attributes(top_fd, ".", fd, ".", &st, err);
}
