/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/output.h"
#include "cli/runtime.h"
#include "runtime/state.h"

static const struct option_spec options[] = {
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_free char *json = NULL;
	int r = container_state(runtime_root(invocation), invocation->args[0], &json, err);

	return r < 0 ? r : output_write(json, err);
}

const struct command command_state = {
	.name = "state",
	.arguments = "ID",
	.summary = "Print what a container is doing, as JSON",
	.description = "The document is the state of the OCI runtime specification, with rootfs, "
		       "created and owner besides. The status is creating, created, running, "
		       "paused or stopped.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
