/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-progress.h"
#include "cli/image-target.h"
#include "cli/image.h"
#include "image/convert.h"
#include "image/platform.h"

struct convert_options {
	struct target_options target;
	const char *name;
	const char *platform;
	const char *progress;
	const char *max_ratio;
};

static const struct option_spec options[] = {
	TARGET_OPTIONS(struct convert_options),
	{ "name", 0, OPTION_STRING, offsetof(struct convert_options, name), "NAME",
	  "what to call the image (default: as it is called)" },
	{ "platform", 0, OPTION_STRING, offsetof(struct convert_options, platform),
	  "OS/ARCH[/VARIANT]",
	  "which image of an index to take (default: this machine's)" },
	RATIO_OPTION(struct convert_options),
	PROGRESS_OPTION(struct convert_options),
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct convert_options *o = invocation->options;
	const struct import_request from = { .path = invocation->args[0], .name = o->name };
	struct export_request to = { .names = NULL };
	int r = platform_want(o->platform, err);

	if (r == 0)
		r = image_limit_ratio(o->max_ratio, "convert it with --max-ratio 0", err);
	if (r == 0)
		r = target_request(&o->target, invocation->args[1], &to, err);
	if (r < 0)
		return r;
	progress_show(o->progress);
	r = image_convert(&from, &to, err);
	progress_hide();
	return r < 0 ? error_context(err, "convert") : 0;
}

const struct command command_convert = {
	.name = "convert",
	.arguments = "SOURCE FILE",
	.summary = "Make another kind of archive or layout of one",
	.description = "SOURCE is what \"import\" takes, but no root file system; FILE is what "
		       "\"export\" writes. The store is left alone, and no layer is unpacked. "
		       "Every digest is checked.",
	.options = options,
	.options_size = sizeof(struct convert_options),
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
