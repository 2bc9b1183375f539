/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/mount.h"
#include "image/overlay.h"

static const struct option_spec options[] = { OPTION_END };

static int mount_at(struct store *store, const char *name, const char *target, struct error *err)
{
	cleanup_image struct image image = IMAGE_INIT;
	int r = image_load(store, name, &image, err);

	if (r == 0)
		r = image_unpack_layers(store, &image, err);
	return r < 0 ? r : mount_image(store, &image, target, err);
}

static int run_mount(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_free char *path = NULL, *line = NULL;
	int r = image_open_store(invocation, &store, err);

	if (r == 0 && invocation->n_args == 2)
		return mount_at(&store, invocation->args[0], invocation->args[1], err);
	if (r == 0)
		r = container_open(&store, invocation->args[0], &c, err);
	if (r == 0)
		r = mount_container(&c, &path, err);
	if (r < 0)
		return r;
	line = xasprintf("%s\n", path);
	return output_write(line, err);
}

const struct command command_mount = {
	.name = "mount",
	.arguments = "CONTAINER | IMAGE DIR",
	.summary = "Mount a container's file system, or an image read-only",
	.description = "Prints where the container is mounted; what is written there is the "
		       "container's. An image is mounted at DIR.",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.run = run_mount,
};

static int run_umount(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	int r = image_open_store(invocation, &store, err);

	for (size_t i = 0; r == 0 && i < invocation->n_args; i++) {
		cleanup_container struct container c = CONTAINER_INIT;

		/* A container has no name with a slash, and a directory can be given one. */
		if (strchr(invocation->args[i], '/')) {
			r = overlay_detach(invocation->args[i], err);
			continue;
		}
		r = container_open(&store, invocation->args[i], &c, err);
		if (r == 0)
			r = unmount_container(&c, err);
	}
	return r;
}

const struct command command_umount = {
	.name = "umount",
	.arguments = "CONTAINER|DIR...",
	.summary = "Take away what \"mount\" mounted",
	.description = "A directory has a slash in its name.",
	.options = options,
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run_umount,
};
