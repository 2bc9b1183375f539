/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"

static const struct option_spec options[] = {
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	return container_start(runtime_root(invocation), invocation->args[0], err);
}

const struct command command_start = {
	.name = "start",
	.arguments = "ID",
	.summary = "Execute the program of a created container",
	.description = "Returns when the program has been executed, or says why it could not be.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
