/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"
#include "runtime/pause.h"

static const struct option_spec options[] = {
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	return container_pause(runtime_root(invocation), invocation->args[0], err);
}

const struct command command_pause = {
	.name = "pause",
	.arguments = "ID",
	.summary = "Freeze the processes of a container",
	.description = "Returns when every process of the container stands still. Its status is "
		       "then paused.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
