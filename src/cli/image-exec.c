/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/image.h"
#include "image/keeper.h"
#include "image/life.h"

struct exec_options {
	bool terminal;
	bool interactive;
	bool detach;
	struct strvec env;
	const char *working_dir;
	const char *user;
};

static const struct exec_options defaults = { .env = STRVEC_INIT };

static const struct option_spec options[] = {
	{ "tty", 't', OPTION_FLAG, offsetof(struct exec_options, terminal), NULL,
	  "give it a terminal" },
	{ "interactive", 'i', OPTION_FLAG, offsetof(struct exec_options, interactive), NULL,
	  "let it read our standard input" },
	{ "detach", 'd', OPTION_FLAG, offsetof(struct exec_options, detach), NULL,
	  "do not wait for its end" },
	{ "env", 'e', OPTION_LIST, offsetof(struct exec_options, env), "NAME=VALUE",
	  "set an environment variable" },
	{ "workdir", 'w', OPTION_STRING, offsetof(struct exec_options, working_dir), "DIR",
	  "where it starts" },
	{ "user", 'u', OPTION_STRING, offsetof(struct exec_options, user), "USER[:GROUP]",
	  "who it is, by names of the container or numbers" },
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct exec_options *o = invocation->options;
	const struct exec_request request = {
		.command = invocation->args + 1,
		.env = o->env.v,
		.working_dir = o->working_dir,
		.user = o->user,
		.interactive = o->interactive,
		.terminal = o->terminal,
		.detach = o->detach,
	};
	cleanup_store struct store store = STORE_INIT;
	cleanup_container struct container c = CONTAINER_INIT;
	int r;

	if (o->terminal && o->detach)
		return error_set(err, EINVAL, "nobody is there for the terminal: leave out -t or -d");
	if (o->terminal && !isatty(STDIN_FILENO))
		return error_set(err, ENOTTY, "-t: standard input is not a terminal");
	r = image_open_store(invocation, &store, err);
	if (r == 0)
		r = container_open(&store, invocation->args[0], &c, err);
	return r < 0 ? r : exec_in_container(&c, &request, &invocation->exit_status, err);
}

const struct command command_exec = {
	.name = "exec",
	.arguments = "CONTAINER COMMAND...",
	.summary = "Run one more program in a container that runs",
	.description = "Exits with the status of the program; with 125 when something went wrong "
		       "before, 126 when it cannot be executed, 127 when it does not exist.",
	.options = options,
	.options_size = sizeof(struct exec_options),
	.defaults = &defaults,
	.min_args = 2,
	.max_args = COMMAND_MANY,
	.failure_status = RUN_FAILED,
	.run = run,
};
