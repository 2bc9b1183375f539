/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/life.h"

static const struct option_spec options[] = { OPTION_END };

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	int r = image_open_store(invocation, &store, err);

	store_leave(&store);
	for (size_t i = 0; r == 0 && i < invocation->n_args; i++) {
		cleanup_container struct container c = CONTAINER_INIT;
		cleanup_free char *line = NULL;
		int status = 0;

		r = container_open(&store, invocation->args[i], &c, err);
		if (r == 0)
			r = wait_for_container(&c, &status, err);
		line = xasprintf("%d\n", status);
		if (r == 0)
			r = output_write(line, err);
	}
	return r;
}

const struct command command_wait = {
	.name = "wait",
	.arguments = "CONTAINER...",
	.summary = "Wait for containers to end, and print their exit statuses",
	.options = options,
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
