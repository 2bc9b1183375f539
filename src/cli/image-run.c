/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/image-mounts.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/image.h"
#include "image/platform.h"
#include "image/run.h"
#include "image/runtime-call.h"

struct run_options {
	struct strvec env;
	const char *working_dir;
	const char *user;
	struct strvec volumes;
	struct strvec mounts;
	struct strvec tmpfs;
	const char *hostname;
	const char *network;
	bool readonly;
	const char *memory;
	const char *cpus;
	const char *pids_limit;
	const char *entrypoint;
	const char *name;
	const char *platform;
	bool terminal;
	bool interactive;
	bool detach;
	bool remove;
	const char *runtime;
	struct strvec runtime_flags;
};

static const struct run_options defaults = {
	.env = STRVEC_INIT,
	.volumes = STRVEC_INIT,
	.mounts = STRVEC_INIT,
	.tmpfs = STRVEC_INIT,
	.runtime_flags = STRVEC_INIT,
};

static const struct option_spec options[] = {
	{ "name", 0, OPTION_STRING, offsetof(struct run_options, name), "NAME",
	  "what to call the container (default: the beginning of its ID)" },
	{ "platform", 0, OPTION_STRING, offsetof(struct run_options, platform), "OS/ARCH[/VARIANT]",
	  "refuse an image for another platform; which image of an index to take" },
	{ "tty", 't', OPTION_FLAG, offsetof(struct run_options, terminal), NULL,
	  "give it a terminal" },
	{ "interactive", 'i', OPTION_FLAG, offsetof(struct run_options, interactive), NULL,
	  "let it read our standard input" },
	{ "detach", 'd', OPTION_FLAG, offsetof(struct run_options, detach), NULL,
	  "run it in the background, and print its ID" },
	{ "env", 'e', OPTION_LIST, offsetof(struct run_options, env), "NAME[=VALUE]",
	  "set an environment variable, or pass on ours" },
	{ "workdir", 'w', OPTION_STRING, offsetof(struct run_options, working_dir), "DIR",
	  "where it starts" },
	{ "user", 'u', OPTION_STRING, offsetof(struct run_options, user), "USER[:GROUP]",
	  "who it is, by names of the image or numbers" },
	{ "entrypoint", 0, OPTION_STRING, offsetof(struct run_options, entrypoint), "PROGRAM",
	  "in place of the image's entry point and command" },
	{ "volume", 'v', OPTION_LIST, offsetof(struct run_options, volumes),
	  "[SOURCE:]DIR[:OPTIONS]", "mount a file or directory of the host, or a new one" },
	{ "mount", 0, OPTION_LIST, offsetof(struct run_options, mounts), "WORDS",
	  "the same in words: type=bind,source=/a,target=/b,readonly" },
	{ "tmpfs", 0, OPTION_LIST, offsetof(struct run_options, tmpfs), "DIR[:OPTIONS]",
	  "mount a tmpfs" },
	{ "hostname", 0, OPTION_STRING, offsetof(struct run_options, hostname), "NAME",
	  "its host name (default: the beginning of its ID)" },
	{ "network", 0, OPTION_CHOICE, offsetof(struct run_options, network), "host|none",
	  "the host's network, or one with lo alone (default: host)" },
	{ "read-only", 0, OPTION_FLAG, offsetof(struct run_options, readonly), NULL,
	  "let it write to volumes and tmpfs mounts alone" },
	{ "memory", 'm', OPTION_STRING, offsetof(struct run_options, memory), "SIZE",
	  "limit its memory, as in 512m; with as much swap again" },
	{ "cpus", 0, OPTION_STRING, offsetof(struct run_options, cpus), "N",
	  "limit it to that many CPUs, as in 1.5" },
	{ "pids-limit", 0, OPTION_STRING, offsetof(struct run_options, pids_limit), "N",
	  "limit the number of its processes" },
	{ "rm", 0, OPTION_FLAG, offsetof(struct run_options, remove), NULL,
	  "remove the container when it ends" },
	{ "runtime", 0, OPTION_STRING, offsetof(struct run_options, runtime), "PATH",
	  "the program that runs it (default: dabba)" },
	{ "runtime-flag", 0, OPTION_LIST, offsetof(struct run_options, runtime_flags), "FLAG",
	  "a global option for that program; may be given several times" },
	OPTION_END,
};

static int check_terminal(const struct run_options *o, struct error *err)
{
	if (!o->terminal || o->detach || isatty(STDIN_FILENO))
		return 0;
	(void)error_set(err, ENOTTY, "-t: standard input is not a terminal");
	return error_hint(err, "leave out -t, or run it on one");
}

/* --- what the options mean --------------------------------------------------------- */

static int parse_mounts(const struct run_options *o, struct run_mounts *mounts,
			struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->volumes.n; i++)
		r = run_mounts_add_volume(mounts, o->volumes.v[i], err);
	for (size_t i = 0; r == 0 && i < o->mounts.n; i++)
		r = run_mounts_add(mounts, o->mounts.v[i], err);
	for (size_t i = 0; r == 0 && i < o->tmpfs.n; i++)
		r = run_mounts_add_tmpfs(mounts, o->tmpfs.v[i], err);
	return r;
}

/* The documents point to numbers: this is where they are. */
struct limits {
	int64_t memory, swap, quota;
	uint64_t period;
	struct oci_memory memory_part;
	struct oci_cpu cpu_part;
	struct oci_pids pids_part;
	struct oci_resources resources;
};

static int parse_memory(const char *text, struct limits *limits, struct error *err)
{
	int r = run_parse_size("memory", text, &limits->memory, err);

	if (r < 0)
		return r;
	/* As docker: memory and swap together. */
	limits->swap = limits->memory > INT64_MAX / 2 ? -1 : 2 * limits->memory;
	limits->memory_part.limit = &limits->memory;
	limits->memory_part.swap = &limits->swap;
	limits->resources.memory = &limits->memory_part;
	return 0;
}

static int parse_limits(const struct run_options *o, struct limits *limits, struct error *err)
{
	int r = o->memory ? parse_memory(o->memory, limits, err) : 0;

	limits->period = 100000;
	if (r == 0 && o->cpus) {
		r = run_parse_cpus(o->cpus, &limits->quota, err);
		limits->cpu_part.quota = &limits->quota;
		limits->cpu_part.period = &limits->period;
		limits->resources.cpu = &limits->cpu_part;
	}
	if (r < 0 || !o->pids_limit)
		return r;
	limits->resources.pids = &limits->pids_part;
	if (!str_to_i64(o->pids_limit, -1, INT64_MAX, &limits->pids_part.limit))
		return error_set(err, EINVAL, "--pids-limit %s: not a number", o->pids_limit);
	return 0;
}

/* --- the command ------------------------------------------------------------------- */

static int run_request(struct invocation *invocation, struct store *store,
		       const struct run_request *request, struct error *err)
{
	cleanup_free char *id = NULL, *line = NULL;
	int r = run_image(store, request, &id, &invocation->exit_status, err);

	if (r < 0 || !request->detach)
		return r;
	line = xasprintf("%s\n", id);
	return output_write(line, err);
}

static int run_loaded(struct invocation *invocation, struct store *store,
		      const struct image *image, struct error *err)
{
	const struct run_options *o = invocation->options;
	__attribute__((cleanup(run_mounts_release))) struct run_mounts mounts = RUN_MOUNTS_INIT;
	cleanup_free char *runtime = runtime_resolve(o->runtime);
	struct limits limits = { .memory = 0 };
	struct run_request request = {
		.image = image,
		.name = o->name,
		.command = invocation->n_args > 1 ? invocation->args + 1 : NULL,
		.env = o->env.v,
		.working_dir = o->working_dir,
		.user = o->user,
		.entrypoint = o->entrypoint,
		.terminal = o->terminal,
		.interactive = o->interactive,
		.detach = o->detach,
		.remove = o->remove,
		.runtime = runtime,
		.runtime_flags = o->runtime_flags.v,
	};
	int r = parse_mounts(o, &mounts, err);

	if (r == 0)
		r = parse_limits(o, &limits, err);
	if (r < 0)
		return r;
	request.setup = (struct container_setup){
		.mounts = mounts.mounts,
		.n_mounts = mounts.n_mounts,
		.volumes = mounts.volumes.v,
		.hostname = o->hostname,
		.private_network = o->network && streq(o->network, "none"),
		.readonly_root = o->readonly,
		.resources = o->memory || o->cpus || o->pids_limit ? &limits.resources : NULL,
	};
	return run_request(invocation, store, &request, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_image struct image image = IMAGE_INIT;
	const struct run_options *o = invocation->options;
	int r = check_terminal(o, err);

	if (r == 0)
		r = platform_want(o->platform, err);
	if (r == 0)
		r = image_open_store(invocation, &store, err);
	if (r == 0)
		r = image_load(&store, invocation->args[0], &image, err);
	if (r == 0)
		r = image_unpack_layers(&store, &image, err);
	return r < 0 ? r : run_loaded(invocation, &store, &image, err);
}

const struct command command_run = {
	.name = "run",
	.arguments = "IMAGE [COMMAND...]",
	.summary = "Make a container from an image and run it",
	.description = "COMMAND stands in for the image's own. "
		       "The container stays when it ends, until \"rm\" takes it away.\n\n"
		       "Exits with the status of the program; with 125 when something went wrong "
		       "before, 126 when it cannot be executed, 127 when it does not exist.",
	.options = options,
	.options_size = sizeof(struct run_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.failure_status = RUN_FAILED,
	.run = run,
};
