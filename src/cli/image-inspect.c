/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/inspect.h"

static const struct option_spec options[] = { OPTION_END };

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	cleanup_free char *text = NULL;
	int r = image_open_store(invocation, &store, err);

	strvec_pushv(&names, invocation->args);
	if (r == 0)
		r = image_inspect(&store, &names, &text, err);
	return r < 0 ? r : output_write(text, err);
}

const struct command command_inspect = {
	.name = "inspect",
	.arguments = "IMAGE...",
	.summary = "Show everything about images as JSON",
	.options = options,
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
