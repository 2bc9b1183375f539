/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-progress.h"
#include "cli/image.h"
#include "image/image.h"
#include "image/platform.h"
#include "image/unpack.h"

struct unpack_options {
	bool keep_dirlinks;
	const char *platform;
	const char *progress;
};

static const struct option_spec options[] = {
	{ "keep-dirlinks", 0, OPTION_FLAG, offsetof(struct unpack_options, keep_dirlinks), NULL,
	  "follow a link to a directory that a lower layer brought, do not replace it" },
	{ "platform", 0, OPTION_STRING, offsetof(struct unpack_options, platform), "OS/ARCH[/VARIANT]",
	  "refuse an image for another platform; which image of an index to take" },
	PROGRESS_OPTION(struct unpack_options),
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct unpack_options *o = invocation->options;
	struct unpack_request request = {
		.bundle = invocation->args[1],
		.keep_dirlinks = o->keep_dirlinks,
	};
	cleanup_store struct store store = STORE_INIT;
	cleanup_image struct image image = IMAGE_INIT;
	int r = platform_want(o->platform, err);

	if (r == 0)
		r = image_open_store(invocation, &store, err);
	if (r == 0)
		r = image_load(&store, invocation->args[0], &image, err);
	if (r < 0)
		return r;
	progress_show(o->progress);
	r = unpack_image(&store, &image, &request, err);
	progress_hide();
	return r;
}

const struct command command_unpack = {
	.name = "unpack",
	.arguments = "IMAGE BUNDLE",
	.summary = "Make a bundle of an image: rootfs and config.json",
	.description = "BUNDLE must be a new or an empty directory. \"dabba run\" takes it, and so "
		       "does any other runtime.",
	.options = options,
	.options_size = sizeof(struct unpack_options),
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
