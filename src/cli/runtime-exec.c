/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"
#include "runtime/exec.h"

struct exec_options {
	const char *process;
	bool tty;
	bool detach;
	struct strvec env;
	const char *user;
	struct strvec additional_gids;
	const char *cwd;
	struct strvec caps;
	bool no_new_privs;
	const char *pid_file;
	const char *console_socket;
	const char *process_label;
	const char *apparmor;
	const char *cgroup;
	bool ignore_paused;
	unsigned int preserve_fds;
	struct timing_options timing;
};

static const struct exec_options defaults = {
	.env = STRVEC_INIT,
	.additional_gids = STRVEC_INIT,
	.caps = STRVEC_INIT,
};

/* clang-format off */
static const struct option_spec options[] = {
	{ "process", 'p', OPTION_STRING, offsetof(struct exec_options, process), "FILE",
	  "take the process from FILE: the \"process\" object of config.json" },
	{ "tty", 't', OPTION_FLAG, offsetof(struct exec_options, tty), NULL,
	  "give it a terminal" },
	{ "detach", 'd', OPTION_FLAG, offsetof(struct exec_options, detach), NULL,
	  "return as soon as the program has been started" },
	{ "env", 'e', OPTION_LIST, offsetof(struct exec_options, env), "NAME=VALUE",
	  "set an environment variable" },
	{ "user", 'u', OPTION_STRING, offsetof(struct exec_options, user), "UID[:GID]",
	  "run as this user" },
	{ "additional-gids", 'g', OPTION_LIST, offsetof(struct exec_options, additional_gids),
	  "GID", "add a supplementary group" },
	{ "cwd", 0, OPTION_STRING, offsetof(struct exec_options, cwd), "DIR",
	  "working directory in the container" },
	{ "cap", 'c', OPTION_LIST, offsetof(struct exec_options, caps), "CAPABILITY",
	  "add a capability" },
	{ "no-new-privs", 0, OPTION_FLAG, offsetof(struct exec_options, no_new_privs), NULL,
	  "set no_new_privs" },
	{ "pid-file", 0, OPTION_STRING, offsetof(struct exec_options, pid_file), "FILE",
	  "write the pid of the process to FILE" },
	{ "console-socket", 0, OPTION_STRING, offsetof(struct exec_options, console_socket),
	  "PATH", "unix socket that gets the master of the terminal" },
	{ "process-label", 0, OPTION_STRING, offsetof(struct exec_options, process_label),
	  "LABEL", "SELinux context" },
	{ "apparmor", 0, OPTION_STRING, offsetof(struct exec_options, apparmor), "PROFILE",
	  "AppArmor profile" },
	{ "cgroup", 0, OPTION_STRING, offsetof(struct exec_options, cgroup), "PATH",
	  "run in this cgroup below the container's own" },
	{ "ignore-paused", 0, OPTION_FLAG, offsetof(struct exec_options, ignore_paused), NULL,
	  "do not refuse a paused container: the process waits for its resume" },
	{ "preserve-fds", 0, OPTION_NUMBER, offsetof(struct exec_options, preserve_fds), "N",
	  "pass N file descriptors from 3 on to the process" },
	{ "no-subreaper", 0, OPTION_IGNORED_FLAG, 0, NULL, "ignored, for callers of runc" },
	TIMING_OPTIONS(exec_options),
	OPTION_END,
};
/* clang-format on */

static int check(const struct exec_options *o, size_t n_args, struct error *err)
{
	if (!o->process && n_args < 2) {
		(void)error_set(err, EINVAL, "no command to execute");
		return error_hint(err, "name it after the container, or use --process FILE");
	}
	return 0;
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct exec_options *o = invocation->options;
	struct exec_request request = {
		.root = runtime_root(invocation),
		.id = invocation->args[0],
		.process_file = o->process,
		.args = invocation->args + 1,
		.env = o->env.v,
		.user = o->user,
		.additional_gids = o->additional_gids.v,
		.caps = o->caps.v,
		.cwd = o->cwd,
		.pid_file = o->pid_file,
		.console_socket = o->console_socket,
		.process_label = o->process_label,
		.apparmor = o->apparmor,
		.cgroup = o->cgroup,
		.tty = o->tty,
		.detach = o->detach,
		.no_new_privs = o->no_new_privs,
		.ignore_paused = o->ignore_paused,
		.preserve_fds = o->preserve_fds,
	};
	int r = check(o, invocation->n_args, err);

	if (r == 0)
		r = runtime_timing_begin(&o->timing, err);
	if (r == 0)
		r = container_exec(&request, &invocation->exit_status, err);
	runtime_timing_end(&o->timing);
	return r;
}

const struct command command_exec = {
	.name = "exec",
	.arguments = "ID [COMMAND [ARGUMENT]...]",
	.summary = "Execute one more program in a running container",
	.description = "The process is like that of the container except for what the options or "
		       "--process say. Exits with its status, with 128 + N when signal N killed "
		       "it, and with 255 when it could not be executed.",
	.options = options,
	.options_size = sizeof(struct exec_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.failure_status = 255,
	.enters_container = true,
	.run = run,
};
