/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"
#include "runtime/kill.h"

struct kill_options {
	bool all;
	bool regex;
};

static const struct option_spec options[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct kill_options, all), NULL,
	  "signal every process of the container; it may be stopped already" },
	{ "regex", 'r', OPTION_FLAG, offsetof(struct kill_options, regex), NULL,
	  "signal every container whose name the regular expression ID matches" },
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct kill_options *o = invocation->options;
	int signal = signal_parse(invocation->n_args > 1 ? invocation->args[1] : "TERM", err);
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = signal < 0 ? signal : runtime_select(invocation, o->regex, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = container_kill(runtime_root(invocation), ids.v[i], signal, o->all, err);
	return r;
}

const struct command command_kill = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary = "Send a signal to a container",
	.description = "SIGNAL is a name, with or without SIG, or a number; without one it is "
		       "TERM. It goes to the container's first process. KILL reaches all of "
		       "them, whether or not they share a pid namespace with the host.",
	.options = options,
	.options_size = sizeof(struct kill_options),
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
