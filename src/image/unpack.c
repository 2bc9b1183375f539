/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "image/blob.h"
#include "image/bundle-image.h"
#include "image/bundle.h"
#include "image/interrupt.h"
#include "image/layer-unpack.h"
#include "image/progress.h"
#include "libocispec/image.h"

struct unpack {
	struct store *store;
	const struct image *image;
	const struct unpack_request *request;
	int rootfs_fd;
};

static int check_digests(const struct layer_digests *got, const struct digest *blob,
			 const struct digest *diff_id, struct error *err)
{
	if (!digest_equal(&got->blob, blob))
		return error_set(err, EBADMSG, "layer %s: the blob's content has the digest %s",
				 blob->s, got->blob.s);
	if (!digest_equal(&got->diff_id, diff_id))
		return error_set(err, EBADMSG, "layer %s: its tar has the digest %s, the image "
				 "config says %s", blob->s, got->diff_id.s, diff_id->s);
	return 0;
}

static int unpack_layer(const struct unpack *unpack, size_t i, struct error *err)
{
	const struct oci_descriptor *layer = &unpack->image->manifest->layers[i];
	struct layer_unpack how = {
		.target_fd = unpack->rootfs_fd,
		.shape = LAYER_FLAT,
		.keep_dirlinks = unpack->request->keep_dirlinks,
		.store = unpack->store,
	};
	cleanup_close int fd = -EBADF;
	struct layer_unpacked done;
	struct digest digest;
	int r;

	r = digest_parse(layer->digest, &digest, err);
	if (r < 0)
		return r;
	fd = blob_open(unpack->store, &digest, layer->size, err);
	if (fd < 0)
		return fd;
	how.region = (struct file_region){ .fd = fd, .size = (uint64_t)layer->size };
	how.name = digest.s;
	how.like = &digest;
	r = layer_unpack(&how, &done, err);
	if (r == 0)
		r = check_digests(&done.digests, &digest, &unpack->image->diff_ids[i], err);
	return r;
}

static int unpack_layers(struct unpack *unpack, int bundle_fd, struct error *err)
{
	int r = 0;

	if (mkdirat(bundle_fd, "rootfs", 0755) < 0)
		return error_sys(err, "mkdir", "%s/rootfs", unpack->request->bundle);
	unpack->rootfs_fd = openat(bundle_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (unpack->rootfs_fd < 0)
		return error_sys(err, "open", "%s/rootfs", unpack->request->bundle);
	progress_expect(unpack->image->n_layers);
	for (size_t i = 0; r == 0 && i < unpack->image->n_layers; i++) {
		const struct oci_descriptor *layer = &unpack->image->manifest->layers[i];

		progress_begin("layer", layer->digest, (uint64_t)layer->size);
		r = interrupt_check(err);
		if (r == 0)
			r = unpack_layer(unpack, i, err);
		progress_end();
	}
	return r;
}

static int write_config(const struct unpack *unpack, int bundle_fd, struct error *err)
{
	/* A file system without a command, such as an imported tarball, is a bundle too. */
	static char *const shell[] = { (char *)"sh", NULL };
	struct bundle_request request = {
		.fallback = shell,
		.image = unpack->image->config,
		.rootfs_fd = unpack->rootfs_fd,
		.rootfs = "rootfs",
		.tmpfs_volumes = true,
	};
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_config config;
	int r = bundle_convert(&request, &arena, &config, err);

	if (r == 0)
		r = bundle_write(bundle_fd, &config, err);
	oci_arena_release(&arena);
	return r;
}

static int unpack_into(struct unpack *unpack, struct error *err)
{
	cleanup_close int fd =
		open(unpack->request->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_sys(err, "open", "%s", unpack->request->bundle);
	r = unpack_layers(unpack, fd, err);
	if (r == 0)
		r = write_config(unpack, fd, err);
	if (r == 0)
		r = bundle_note_image(fd, unpack->image, err);
	if (r < 0) {
		struct error ignored = ERROR_INIT;

		(void)file_remove_tree_at(fd, "rootfs", &ignored);
		(void)unlinkat(fd, "config.json", 0);
	}
	return r;
}

int unpack_image(struct store *store, const struct image *image,
		 const struct unpack_request *request, struct error *err)
{
	struct unpack unpack = {
		.store = store, .image = image, .request = request, .rootfs_fd = -EBADF,
	};
	bool made = mkdir(request->bundle, 0755) == 0;
	int r;

	if (!made && errno != EEXIST)
		return error_sys(err, "mkdir", "%s", request->bundle);
	/* An empty directory stays one under rmdir and mkdir; anything else is refused. */
	if (!made && (rmdir(request->bundle) < 0 || mkdir(request->bundle, 0755) < 0)) {
		(void)error_sys(err, "rmdir", "%s", request->bundle);
		return error_hint(err, "the bundle must be a new or an empty directory");
	}
	r = unpack_into(&unpack, err);
	fd_close(&unpack.rootfs_fd);
	if (r < 0) {
		(void)rmdir(request->bundle);
		return error_context(err, "unpack %s", image->name);
	}
	return 0;
}
