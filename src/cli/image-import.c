/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-progress.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/import.h"
#include "image/platform.h"

struct import_options {
	const char *platform;
	const char *progress;
	const char *max_ratio;
};

static const struct option_spec options[] = {
	{ "platform", 0, OPTION_STRING, offsetof(struct import_options, platform), "OS/ARCH[/VARIANT]",
	  "which image of an index to take (default: this machine's)" },
	RATIO_OPTION(struct import_options),
	PROGRESS_OPTION(struct import_options),
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_strvec struct strvec imported = STRVEC_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const struct import_request request = {
		.path = invocation->args[0],
		.name = invocation->args[1],
	};
	const struct import_options *o = invocation->options;
	int r = platform_want(o->platform, err);

	if (r == 0)
		r = image_limit_ratio(o->max_ratio, "import it with --max-ratio 0", err);
	if (r == 0)
		r = image_open_store(invocation, &store, err);
	progress_show(o->progress);
	if (r == 0)
		r = image_import(&store, &request, &imported, err);
	progress_hide();
	if (r < 0)
		return error_context(err, "import");
	for (size_t i = 0; i < imported.n; i++)
		strbuf_addf(&text, "%s\n", imported.v[i]);
	return output_write(text.buf, err);
}

const struct command command_import = {
	.name = "import",
	.arguments = "FILE [NAME]",
	.summary = "Import an image from an archive, a layout or a root file system",
	.description =
		"FILE is what \"docker save\" or \"podman save\" wrote, an OCI image layout in a\n"
		"directory or tar archive, or a tar archive of a root file system, which needs\n"
		"a NAME; \"-\" is standard input. gzip, zstd and xz are recognized. NAME replaces\n"
		"the name in the archive. Prints the image's name, or its ID if it has none.",
	.options = options,
	.options_size = sizeof(struct import_options),
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
