/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-target.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

static bool is_directory(const char *path)
{
	struct stat st;

	return str_has_suffix(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static enum export_format choose_format(const struct target_options *o, const char *path)
{
	if (!o->format)
		return is_directory(path) ? EXPORT_OCI_LAYOUT : EXPORT_OCI_ARCHIVE;
	if (streq(o->format, "docker-archive"))
		return EXPORT_DOCKER_ARCHIVE;
	return streq(o->format, "oci") ? EXPORT_OCI_LAYOUT : EXPORT_OCI_ARCHIVE;
}

static int choose_compression(const struct target_options *o, struct export_request *request,
			      struct error *err)
{
	const char *name = o->compress;
	int64_t level;

	request->packing.level = -1;
	if (!name)
		name = request->format == EXPORT_DOCKER_ARCHIVE ? "none" : "keep";
	request->packing.recompress = compression_from_name(name, &request->packing.compression);
	if (!o->level)
		return 0;
	if (!request->packing.recompress || request->packing.compression == COMPRESSION_NONE)
		return error_set(err, EINVAL, "--level needs --compress gzip or zstd");
	if (!str_to_i64(o->level, 0, 22, &level))
		return error_set(err, EINVAL, "--level %s: not a level", o->level);
	request->packing.level = (int)level;
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

int target_request(const struct target_options *o, const char *path,
		   struct export_request *request, struct error *err)
{
	int r;

	request->path = path;
	request->format = choose_format(o, path);
	r = choose_compression(o, request, err);
	return r < 0 ? r : check_place(request, err);
}
