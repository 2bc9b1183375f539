/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"

struct start_options {
	struct timing_options timing;
};

static const struct option_spec options[] = {
	TIMING_OPTIONS(start_options),
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct start_options *o = invocation->options;
	int r = runtime_timing_begin(&o->timing, err);

	if (r == 0)
		r = container_start(runtime_root(invocation), invocation->args[0], err);
	runtime_timing_end(&o->timing);
	return r;
}

const struct command command_start = {
	.name = "start",
	.arguments = "ID",
	.summary = "Execute the program of a created container",
	.description = "Returns when the program has been executed, or says why it could not be.",
	.options = options,
	.options_size = sizeof(struct start_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
