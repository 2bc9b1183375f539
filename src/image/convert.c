/* SPDX-License-Identifier: Apache-2.0 */
#include "image/convert.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/interrupt.h"

/* On the file system of what is written, as far as that is a file. */
static char *scratch_path(const char *path)
{
	cleanup_free char *place = xstrdup(path);
	const char *tmp = getenv("TMPDIR");
	struct stat st;

	for (size_t len = strlen(place); len > 1 && place[len - 1] == '/'; len--)
		place[len - 1] = '\0';
	if (!streq(path, "-") && (stat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return xasprintf("%s.%d.convert", place, (int)getpid());
	return xasprintf("%s/dabba-image.%d.convert", tmp ? tmp : "/var/tmp", (int)getpid());
}

static int convert(struct store *scratch, const struct import_request *from,
		   const struct export_request *to, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	struct import_request import = *from;
	struct export_request export = *to;
	int r;

	import.packed = true;
	import.packing = to->packing;
	export.names = &names;
	export.takes_blobs = true;
	r = image_import(scratch, &import, &names, err);
	return r < 0 ? r : image_export(scratch, &export, err);
}

int image_convert(const struct import_request *from, const struct export_request *to,
		  struct error *err)
{
	cleanup_free char *path = scratch_path(to->path);
	cleanup_store struct store scratch = STORE_INIT;
	struct error ignored = ERROR_INIT;
	int r;

	interrupt_catch();
	/* It is new, so that what is removed in the end was made here. */
	if (mkdir(path, 0700) < 0)
		return error_sys(err, "mkdir", "%s", path);
	r = store_open(&scratch, path, err);
	if (r == 0)
		r = convert(&scratch, from, to, err);
	(void)file_remove_tree_at(AT_FDCWD, path, &ignored);
	return r;
}
