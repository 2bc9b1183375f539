/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"

struct run_options {
	struct bundle_options bundle;
	bool detach;
	bool keep;
};

static const struct option_spec options[] = {
	BUNDLE_OPTIONS,
	{ "detach", 'd', OPTION_FLAG, offsetof(struct run_options, detach), NULL,
	  "return as soon as the program has been started" },
	{ "keep", 0, OPTION_FLAG, offsetof(struct run_options, keep), NULL,
	  "leave the stopped container for \"dabba delete\"" },
	{ "no-subreaper", 0, OPTION_IGNORED_FLAG, 0, NULL,
	  "ignored, for callers of runc: dabba adopts no processes" },
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct run_options *o = invocation->options;
	struct create_request request;
	int r = runtime_create_request(invocation, &o->bundle, &request, err);

	request.detach = o->detach;
	request.keep = o->keep;
	if (r == 0)
		r = runtime_timing_begin(&o->bundle.timing, err);
	if (r == 0)
		r = container_run(&request, &invocation->exit_status, err);
	runtime_timing_end(&o->bundle.timing);
	return r;
}

const struct command command_run = {
	.name = "run",
	.arguments = "ID",
	.summary = "Create and start a container, and wait for its end",
	.description = "Exits with the status of the container's program, or with 128 + N when "
		       "signal N killed it, and removes the container. Signals and the size of the "
		       "terminal are passed on.",
	.options = options,
	.options_size = sizeof(struct run_options),
	.min_args = 1,
	.max_args = 1,
	.enters_container = true,
	.run = run,
};
