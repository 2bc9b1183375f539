/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"

int runtime_create_request(const struct invocation *invocation,
			   const struct bundle_options *options, struct create_request *out,
			   struct error *err)
{
	*out = (struct create_request){
		.root = runtime_root(invocation),
		.id = invocation->args[0],
		.bundle = options->bundle ? options->bundle : ".",
		.config = options->config,
		.pid_file = options->pid_file,
		.console_socket = options->console_socket,
		.no_pivot = options->no_pivot,
		.no_new_keyring = options->no_new_keyring,
		.preserve_fds = options->preserve_fds,
	};
	return runtime_cgroup_manager(invocation, &out->cgroup_manager, err);
}

static const struct option_spec options[] = {
	BUNDLE_OPTIONS,
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct bundle_options *o = invocation->options;
	struct create_request request;
	int r = runtime_create_request(invocation, o, &request, err);

	if (r == 0)
		r = runtime_timing_begin(&o->timing, err);
	if (r == 0)
		r = container_create(&request, err);
	runtime_timing_end(&o->timing);
	return r;
}

const struct command command_create = {
	.name = "create",
	.arguments = "ID",
	.summary = "Make a container that waits for \"start\"",
	.description = "The container ID is made from the bundle: its namespaces, file systems "
		       "and cgroup exist and its first process is there, but executes the "
		       "program of config.json only when \"dabba start\" says so. The process "
		       "has the standard input, output and error of this command, or a "
		       "terminal whose master goes to --console-socket.",
	.options = options,
	.options_size = sizeof(struct bundle_options),
	.min_args = 1,
	.max_args = 1,
	.enters_container = true,
	.run = run,
};
