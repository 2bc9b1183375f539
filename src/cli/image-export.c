/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/image-progress.h"
#include "cli/image.h"
#include "image/export.h"

struct export_options {
	const char *format;
	const char *compress;
	const char *level;
	const char *progress;
};

static const struct option_spec options[] = {
	{ "format", 'f', OPTION_CHOICE, offsetof(struct export_options, format),
	  "oci-archive|docker-archive|oci",
	  "what to write (default: oci for a directory, else oci-archive)" },
	{ "compress", 0, OPTION_CHOICE, offsetof(struct export_options, compress),
	  "keep|gzip|zstd|none",
	  "how layers are compressed (default: keep, and none in a docker-archive)" },
	{ "level", 0, OPTION_STRING, offsetof(struct export_options, level), "N",
	  "how hard to compress: gzip 0 to 3 (to 9 without isa-l), zstd 1 to 19" },
	PROGRESS_OPTION(struct export_options),
	OPTION_END,
};

static bool is_directory(const char *path)
{
	struct stat st;

	return str_has_suffix(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static enum export_format choose_format(const struct export_options *o, const char *path)
{
	if (!o->format)
		return is_directory(path) ? EXPORT_OCI_LAYOUT : EXPORT_OCI_ARCHIVE;
	if (streq(o->format, "docker-archive"))
		return EXPORT_DOCKER_ARCHIVE;
	return streq(o->format, "oci") ? EXPORT_OCI_LAYOUT : EXPORT_OCI_ARCHIVE;
}

static int choose_compression(const struct export_options *o, struct export_request *request,
			      struct error *err)
{
	const char *name = o->compress;
	int64_t level;

	request->level = -1;
	if (!name)
		name = request->format == EXPORT_DOCKER_ARCHIVE ? "none" : "keep";
	request->recompress = compression_from_name(name, &request->compression);
	if (!o->level)
		return 0;
	if (!request->recompress || request->compression == COMPRESSION_NONE)
		return error_set(err, EINVAL, "--level needs --compress gzip or zstd");
	if (!str_to_i64(o->level, 0, 22, &level))
		return error_set(err, EINVAL, "--level %s: not a level", o->level);
	request->level = (int)level;
	return 0;
}

static int check_place(const struct export_request *request, struct error *err)
{
	if (!streq(request->path, "-"))
		return 0;
	if (request->format == EXPORT_OCI_LAYOUT)
		return error_set(err, EINVAL, "an OCI layout is a directory, not standard output");
	if (!isatty(STDOUT_FILENO))
		return 0;
	(void)error_set(err, EINVAL, "the archive would go to the terminal");
	return error_hint(err, "name a file, or redirect standard output");
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct export_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	struct export_request request = {
		.names = &names,
		.path = invocation->args[invocation->n_args - 1],
	};
	int r;

	for (size_t i = 0; i + 1 < invocation->n_args; i++)
		strvec_push(&names, invocation->args[i]);
	request.format = choose_format(o, request.path);
	r = choose_compression(o, &request, err);
	if (r == 0)
		r = check_place(&request, err);
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
