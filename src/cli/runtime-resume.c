/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"
#include "runtime/pause.h"

static const struct option_spec options[] = {
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	return container_resume(runtime_root(invocation), invocation->args[0], err);
}

const struct command command_resume = {
	.name = "resume",
	.arguments = "ID",
	.summary = "Let a paused container go on",
	.description = "The opposite of pause.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
