/* SPDX-License-Identifier: Apache-2.0 */
#include "image/mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/mem.h"
#include "image/container-root.h"
#include "image/layer-store.h"
#include "image/overlay.h"

static bool is_mounted(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

int mount_container(struct container *c, char **path, struct error *err)
{
	cleanup_free char *rootfs = container_path(c, "rootfs");
	int r;

	if (container_is_busy(c) || is_mounted(rootfs)) {
		*path = take_ptr(rootfs);
		return 0;
	}
	r = container_lock(c, 0, err);
	if (r == 0)
		r = container_mount(c, err);
	if (r == 0)
		*path = take_ptr(rootfs);
	return r;
}

int unmount_container(struct container *c, struct error *err)
{
	if (container_is_busy(c))
		return error_set(err, EBUSY, "container %s is running", c->record.name);
	return container_unmount(c, err);
}

/* overlayfs wants two layers when it has no upper one; of one alone it would show the same. */
int mount_image_layers(struct store *store, const struct image *image, struct error *err)
{
	cleanup_strvec struct strvec lower = STRVEC_INIT;
	cleanup_free char *base = xasprintf("%s/layers", store->path);
	int fd;

	for (size_t i = image->n_layers; i > 0; i--)
		strvec_push_take(&lower, layer_path(store, &image->chain_ids[i - 1]));
	if (lower.n == 0)
		return error_set(err, EINVAL, "it has no layers");
	if (lower.n > 1)
		return overlay_mount(&(struct overlay){ .lower = lower.v, .n_lower = lower.n,
							.base = base }, err);
	fd = open_tree(AT_FDCWD, lower.v[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return fd < 0 ? error_sys(err, "open_tree", "%s", lower.v[0]) : fd;
}

int mount_image(struct store *store, const struct image *image, const char *target,
		struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int fd = mount_image_layers(store, image, err);

	if (fd < 0)
		return error_context(err, "image %s", image->name);
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "mount_setattr", "read-only");
	return overlay_attach(fd, target, err);
}
