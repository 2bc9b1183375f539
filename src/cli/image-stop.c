/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/life.h"

struct stop_options {
	unsigned int seconds;
};

static const struct stop_options defaults = { .seconds = 10 };

static const struct option_spec options[] = {
	{ "time", 't', OPTION_NUMBER, offsetof(struct stop_options, seconds), "SECONDS",
	  "how long to wait before it is killed (default: 10)" },
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct stop_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	int r = image_open_store(invocation, &store, err);

	store_leave(&store);
	for (size_t i = 0; r == 0 && i < invocation->n_args; i++) {
		cleanup_container struct container c = CONTAINER_INIT;
		cleanup_free char *line = xasprintf("%s\n", invocation->args[i]);

		r = container_open(&store, invocation->args[i], &c, err);
		if (r == 0)
			r = stop_container(&c, o->seconds, err);
		if (r == 0)
			r = output_write(line, err);
	}
	return r;
}

const struct command command_stop = {
	.name = "stop",
	.arguments = "CONTAINER...",
	.summary = "Stop containers that run",
	.description = "The program gets the image's stop signal, SIGTERM if it has none, and "
		       "SIGKILL when the time is over.",
	.options = options,
	.options_size = sizeof(struct stop_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
