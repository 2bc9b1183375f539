/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image.h"
#include "image/manage.h"

static const struct option_spec options[] = { OPTION_END };

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	int r = image_open_store(invocation, &store, err);

	return r < 0 ? r : image_tag(&store, invocation->args[0], invocation->args[1], err);
}

const struct command command_tag = {
	.name = "tag",
	.arguments = "IMAGE NAME",
	.summary = "Give an image another name",
	.description = "An image that had NAME before loses it, and stays without.",
	.options = options,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
