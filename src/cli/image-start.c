/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/keeper.h"
#include "image/life.h"

struct start_options {
	bool attach;
	bool interactive;
};

static const struct option_spec options[] = {
	{ "attach", 'a', OPTION_FLAG, offsetof(struct start_options, attach), NULL,
	  "run it in the foreground, and exit with its status" },
	{ "interactive", 'i', OPTION_FLAG, offsetof(struct start_options, interactive), NULL,
	  "let it read our standard input (with --attach)" },
	OPTION_END,
};

static int start_one(struct invocation *invocation, struct store *store, const char *name,
		     struct error *err)
{
	const struct start_options *o = invocation->options;
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_free char *line = xasprintf("%s\n", name);
	int r = container_open(store, name, &c, err);

	if (r == 0)
		r = start_container(&c, o->attach, o->interactive, &invocation->exit_status, err);
	return r < 0 || o->attach ? r : output_write(line, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct start_options *o = invocation->options;
	int r = 0;

	if (o->attach && invocation->n_args > 1)
		return error_set(err, EINVAL, "--attach takes one container");
	/* Each leaves the store to its keeper. */
	for (size_t i = 0; r == 0 && i < invocation->n_args; i++) {
		cleanup_store struct store store = STORE_INIT;

		r = image_open_store(invocation, &store, err);
		if (r == 0)
			r = start_one(invocation, &store, invocation->args[i], err);
	}
	return r;
}

const struct command command_start = {
	.name = "start",
	.arguments = "CONTAINER...",
	.summary = "Run containers again that have ended",
	.description = "In the background, with everything they were made with and what they "
		       "wrote.",
	.options = options,
	.options_size = sizeof(struct start_options),
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
