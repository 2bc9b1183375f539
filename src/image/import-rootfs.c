/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A root file system: the file is the only layer, as it is (gzip and zstd stay,
 * xz becomes plain), and the config is made here.  Its command is the shell
 * that the file system has, so that "run -ti" gives one.
 */
#include "image/import-kinds.h"

#include <fcntl.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/image.h"
#include "image/layer-import.h"
#include "image/layer-store.h"
#include "image/platform.h"
#include "image/progress.h"
#include "image/ref.h"
#include "image/timestamp.h"

/* The first of the usual shells; NULL if there is none. */
static const char *find_shell(struct store *store, const struct digest *chain_id)
{
	static const char *const shells[] = { "/bin/bash", "/bin/sh" };
	struct error ignored = ERROR_INIT;
	cleanup_close int root_fd = layer_open(store, chain_id, &ignored);

	for (size_t i = 0; root_fd >= 0 && i < ARRAY_SIZE(shells); i++) {
		cleanup_close int fd = path_try_open(root_fd, shells[i], PATH_IN_ROOT, O_PATH, 0);

		if (fd >= 0)
			return shells[i];
	}
	return NULL;
}

static int add_image(struct import *import, const struct layer_digests *layer, struct digest *id,
		     struct error *err)
{
	struct timestamp now = timestamp_now();
	cleanup_free char *comment = xasprintf("Imported from %s", import->archive.path);
	const char *shell = find_shell(import->store, &layer->diff_id);
	char *env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			NULL };
	char *cmd[] = { (char *)shell, NULL };
	char *diff_ids[] = { (char *)layer->diff_id.s, NULL };
	struct oci_image_run_config run = {
		.env = env, .n_env = 1, .cmd = shell ? cmd : NULL, .n_cmd = shell ? 1 : 0
	};
	struct oci_image_rootfs rootfs = { .type = "layers",
					   .diff_ids = diff_ids,
					   .n_diff_ids = 1 };
	struct oci_history history = { .created = now.s, .comment = comment };
	struct oci_image_config config = { .created = now.s,
					   .architecture = platform_architecture(),
					   .os = "linux",
					   .config = &run,
					   .rootfs = &rootfs,
					   .history = &history,
					   .n_history = 1 };
	struct oci_descriptor descriptor = {
		.media_type = compression_media_type(layer->compression),
		.digest = layer->blob.s,
		.size = (int64_t)layer->blob_size,
	};
	struct oci_manifest manifest = { .schema_version = 2,
					 .media_type = OCI_MEDIA_TYPE_MANIFEST,
					 .layers = &descriptor,
					 .n_layers = 1 };
	cleanup_strvec struct strvec names = STRVEC_INIT;

	strvec_push(&names, import->request->name);
	return image_add(import->store, &config, &manifest, &names, id, err);
}

int import_rootfs(struct import *import, struct error *err)
{
	const struct image_archive *archive = &import->archive;
	struct layer_digests digests;
	struct digest id;
	int r;

	/* Its config wants to know which shell there is. */
	if (import->request->packed) {
		(void)error_set(err, EINVAL, "%s is a root file system, not an image",
				archive->path);
		return error_hint(err, "make one of it first: dabba-image import %s NAME",
				  archive->path);
	}
	if (!import->request->name) {
		(void)error_set(err, EINVAL,
				"%s is a root file system, which has no name of its own",
				archive->path);
		return error_hint(err, "give one: dabba-image import %s NAME",
				  import->request->path);
	}
	progress_expect(1);
	progress_begin("layer", archive->path, archive->size);
	r = layer_import(import->store,
			 &(struct layer_import){
				 .region = { .fd = archive->fd, .size = archive->size },
				 .name = archive->path,
				 .keeps_blob = true,
			 },
			 &digests, err);
	progress_end();
	if (r == 0)
		r = add_image(import, &digests, &id, err);
	if (r == 0)
		strvec_push_take(import->imported,
				 image_ref_normalize(import->request->name, err));
	return r;
}
