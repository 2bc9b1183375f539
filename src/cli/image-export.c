/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "cli/image-progress.h"
#include "cli/image-target.h"
#include "cli/image.h"

struct export_options {
	struct target_options target;
	const char *progress;
};

static const struct option_spec options[] = {
	TARGET_OPTIONS(struct export_options),
	PROGRESS_OPTION(struct export_options),
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	const struct export_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	struct export_request request = { .names = &names };
	int r;

	for (size_t i = 0; i + 1 < invocation->n_args; i++)
		strvec_push(&names, invocation->args[i]);
	r = target_request(&o->target, invocation->args[invocation->n_args - 1], &request, err);
	if (r == 0)
		r = image_open_store(invocation, &store, err);
	if (r < 0)
		return r;
	progress_show(o->progress);
	r = image_export(&store, &request, err);
	progress_hide();
	return r;
}

const struct command command_export = {
	.name = "export",
	.arguments = "IMAGE... FILE",
	.summary = "Write images to an archive or an OCI layout",
	.description = "FILE is an archive, a directory, or - for standard output. Configs keep "
		       "every byte; manifests too, unless a layer is compressed anew. The same "
		       "images give the same bytes.",
	.options = options,
	.options_size = sizeof(struct export_options),
	.min_args = 2,
	.max_args = 1000,
	.run = run,
};
