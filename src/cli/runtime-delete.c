/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"
#include "runtime/delete.h"

struct delete_options {
	bool force;
	bool regex;
};

static const struct option_spec options[] = {
	{ "force", 'f', OPTION_FLAG, offsetof(struct delete_options, force), NULL,
	  "kill it first if it runs; that it does not exist is no error" },
	{ "regex", 'r', OPTION_FLAG, offsetof(struct delete_options, regex), NULL,
	  "remove every container whose name the regular expression ID matches" },
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct delete_options *o = invocation->options;
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = runtime_select(invocation, o->regex, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = container_delete(runtime_root(invocation), ids.v[i], o->force, err);
	return r;
}

const struct command command_delete = {
	.name = "delete",
	.arguments = "ID",
	.summary = "Remove a stopped container",
	.description = "Removes what create made: the cgroup and the state, then runs the poststop "
		       "hooks. A container that was created and never started is killed first. The "
		       "bundle stays as it is.",
	.options = options,
	.options_size = sizeof(struct delete_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
