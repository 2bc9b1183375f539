/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/image.h"
#include "image/platform.h"
#include "image/run.h"
#include "image/runtime-call.h"

struct run_options {
	const char *name;
	const char *platform;
	bool terminal;
	bool interactive;
	bool detach;
	bool remove;
	const char *runtime;
	struct strvec runtime_flags;
};

static const struct run_options defaults = { .runtime_flags = STRVEC_INIT };

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
	{ "rm", 0, OPTION_FLAG, offsetof(struct run_options, remove), NULL,
	  "remove the container when it ends" },
	{ "runtime", 0, OPTION_STRING, offsetof(struct run_options, runtime), "PATH",
	  "the program that runs it (default: dabba)" },
	{ "runtime-flag", 0, OPTION_LIST, offsetof(struct run_options, runtime_flags), "FLAG",
	  "a global option for that program; may be given several times" },
	OPTION_END,
};

/* It is called again from other directories. */
static char *runtime_path(const char *given)
{
	char *path;

	if (!given)
		return runtime_default();
	path = strchr(given, '/') ? realpath(given, NULL) : NULL;
	return path ? path : xstrdup(given);
}

static int check_terminal(const struct run_options *o, struct error *err)
{
	if (!o->terminal || o->detach || isatty(STDIN_FILENO))
		return 0;
	(void)error_set(err, ENOTTY, "-t: standard input is not a terminal");
	return error_hint(err, "leave out -t, or run it on one");
}

static int run_loaded(struct invocation *invocation, struct store *store,
		      const struct image *image, struct error *err)
{
	const struct run_options *o = invocation->options;
	cleanup_free char *runtime = runtime_path(o->runtime), *id = NULL;
	struct run_request request = {
		.image = image,
		.name = o->name,
		.command = invocation->n_args > 1 ? invocation->args + 1 : NULL,
		.terminal = o->terminal,
		.interactive = o->interactive,
		.detach = o->detach,
		.remove = o->remove,
		.runtime = runtime,
		.runtime_flags = o->runtime_flags.v,
	};
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	int r = run_image(store, &request, &id, &invocation->exit_status, err);

	if (r < 0 || !o->detach)
		return r;
	strbuf_addf(&line, "%s\n", id);
	return output_write(line.buf, err);
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
	.description = "COMMAND stands in for the image's own. The network is the host's. "
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
