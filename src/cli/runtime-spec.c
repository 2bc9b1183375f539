/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"
#include "runtime/spec.h"

struct spec_options {
	const char *bundle;
	bool rootless;
};

static const struct spec_options defaults = { .bundle = "." };

static const struct option_spec options[] = {
	{ "bundle", 'b', OPTION_STRING, offsetof(struct spec_options, bundle), "DIR",
	  "the directory to write to (default: the current one)" },
	{ "rootless", 0, OPTION_FLAG, offsetof(struct spec_options, rootless), NULL,
	  "for a container that a user without privileges runs" },
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct spec_options *o = invocation->options;

	return spec_write(o->bundle, o->rootless, err);
}

const struct command command_spec = {
	.name = "spec",
	.arguments = "",
	.summary = "Write a config.json to start from",
	.description = "It runs sh in a read-only root file system expected in \"rootfs\" beside "
		       "it. A config.json that exists is not touched.",
	.options = options,
	.options_size = sizeof(struct spec_options),
	.defaults = &defaults,
	.run = run,
};
