/* SPDX-License-Identifier: Apache-2.0 */
#include "image/container-root.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/bundle.h"
#include "image/document.h"
#include "image/layer-stack.h"
#include "image/overlay.h"
#include "image/tree.h"
#include "image/volume.h"

/* Files of the host that the container sees as its own, read-only. */
static const char *const host_files[] = { "/etc/resolv.conf", "/etc/hosts" };

/* Where file systems are mounted that nothing else makes room for. */
static const char *const mount_dirs[] = { "/proc", "/dev", "/sys" };

/* What is being put together. */
struct root {
	struct container *c;
	const struct container_setup *setup;
	const struct oci_image_run_config *image;
	/* The image's layers with init/ as their upper layer, detached. */
	int fd;
	/* In ARENA, with room for all. */
	struct oci_mount *mounts;
	size_t n_mounts;
	size_t n_volumes;
	/* See volume_hold(); -EBADF while there is no volume with a name. */
	int volumes_fd;
	struct oci_arena arena;
};

/* --- overlays ---------------------------------------------------------------------- */

static int dress_root(struct container *c, const char *top, const char *name, struct error *err)
{
	cleanup_close int fd = openat(c->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_sys(err, "open", "%s/%s", c->path, name)
		      : layer_stack_dress(top, fd, err);
}

static int mount_layers(struct container *c, struct strvec *lower, const char *upper_name,
			const char *work_name, struct error *err)
{
	cleanup_free char *upper = container_path(c, upper_name);
	cleanup_free char *work = container_path(c, work_name);
	cleanup_free char *base = xasprintf("%s/layers", c->store->path);
	struct overlay overlay = {
		.upper = upper, .work = work, .base = base,
	};
	int r = layer_stack_paths(c->store, c->record.chain_ids, c->record.n_chain_ids, lower, err);

	if (r < 0)
		return r;
	overlay.lower = lower->v;
	overlay.n_lower = lower->n;
	return overlay_mount(&overlay, err);
}

/* --- mount points ------------------------------------------------------------------ */

static int make_dir(struct root *root, const char *path, struct error *err)
{
	cleanup_close int fd = path_make_dir(root->fd, path, 0755, err);

	return fd < 0 ? error_context(err, "mount point %s", path) : 0;
}

/* Whether something was asked for at PATH, or is there already. */
static bool is_taken(const struct root *root, const char *path)
{
	for (size_t i = 0; i < root->setup->n_mounts; i++)
		if (streq(root->setup->mounts[i].destination, path))
			return true;
	for (size_t i = 0; i < root->n_mounts; i++)
		if (streq(root->mounts[i].destination, path))
			return true;
	return false;
}

static int add_host_file(struct root *root, const char *path, struct error *err)
{
	cleanup_close int fd = -EBADF;

	if (is_taken(root, path) || access(path, R_OK) < 0)
		return 0;
	fd = path_make_file(root->fd, path, 0644, err);
	if (fd < 0)
		return error_context(err, "mount point %s", path);
	root->mounts[root->n_mounts++] = bundle_bind(path, path, true);
	return 0;
}

/* A new directory with what the image has there. */
static int fill_volume(struct root *root, const char *path, const char *name, struct error *err)
{
	cleanup_close int from_fd = path_make_dir(root->fd, path, 0755, err), to_fd = -EBADF;
	struct container *c = root->c;

	if (from_fd < 0)
		return from_fd;
	if ((mkdirat(c->dir_fd, "volumes", 0711) < 0 && errno != EEXIST) ||
	    mkdirat(c->dir_fd, name, 0755) < 0)
		return error_sys(err, "mkdir", "%s/%s", c->path, name);
	to_fd = openat(c->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to_fd < 0)
		return error_sys(err, "open", "%s/%s", c->path, name);
	return tree_copy_dir(from_fd, to_fd, err);
}

static int add_volume(struct root *root, const char *path, struct error *err)
{
	cleanup_free char *name = xasprintf("volumes/%zu", root->n_volumes++);
	cleanup_free char *source = container_path(root->c, name);

	if (path[0] != '/')
		return error_set(err, EINVAL, "volume \"%s\": not an absolute path", path);
	if (is_taken(root, path))
		return 0;
	if (fill_volume(root, path, name, err) < 0)
		return error_context(err, "volume %s", path);
	root->mounts[root->n_mounts++] =
		bundle_bind(document_strdup(&root->arena, source), path, false);
	return 0;
}

/* The same with a name, which other containers know it by too. */
static int add_named_volume(struct root *root, const struct oci_mount *mount, struct error *err)
{
	cleanup_close int from_fd = path_make_dir(root->fd, mount->destination, 0755, err);
	struct oci_mount *bind = &root->mounts[root->n_mounts];
	cleanup_free char *source = NULL;
	int r = from_fd < 0 ? from_fd : 0;

	if (r == 0 && root->volumes_fd < 0)
		r = root->volumes_fd = volume_hold(root->c->store, err);
	if (r >= 0)
		r = volume_take(root->c->store, mount->source, from_fd, &source, err);
	if (r < 0)
		return error_context(err, "volume %s", mount->source);
	*bind = *mount;
	bind->type = "bind";
	bind->source = document_strdup(&root->arena, source);
	root->n_mounts++;
	return 0;
}

/* A file is bound to a file. */
static int add_mount(struct root *root, const struct oci_mount *mount, struct error *err)
{
	bool is_bind = streq(mount->type, "bind");
	cleanup_close int fd = -EBADF;
	struct stat st;

	if (streq(mount->type, "volume"))
		return add_named_volume(root, mount, err);
	if (is_bind && stat(mount->source, &st) < 0)
		return error_sys(err, "stat", "%s", mount->source);
	fd = is_bind && !S_ISDIR(st.st_mode)
		     ? path_make_file(root->fd, mount->destination, 0644, err)
		     : path_make_dir(root->fd, mount->destination, 0755, err);
	if (fd < 0)
		return error_context(err, "mount point %s", mount->destination);
	root->mounts[root->n_mounts++] = *mount;
	return 0;
}

static size_t depth(const struct oci_mount *mount)
{
	size_t n = 0;

	for (const char *p = mount->destination; *p; p++)
		n += *p == '/' && p[1] != '/' && p[1] != '\0';
	return n;
}

/* What is mounted below another mount comes after it; else the order stays. */
static void sort_mounts(struct root *root)
{
	for (size_t i = 1; i < root->n_mounts; i++) {
		struct oci_mount mount = root->mounts[i];
		size_t at = i;

		for (; at > 0 && depth(&root->mounts[at - 1]) > depth(&mount); at--)
			root->mounts[at] = root->mounts[at - 1];
		root->mounts[at] = mount;
	}
}

static void make_room(struct root *root)
{
	size_t n = ARRAY_SIZE(host_files) + root->setup->n_mounts + root->image->n_volumes;

	for (char *const *volume = root->setup->volumes; volume && *volume; volume++)
		n++;
	root->mounts = document_alloc(&root->arena, n * sizeof(*root->mounts));
}

static int make_mount_points(struct root *root, struct error *err)
{
	const struct container_setup *setup = root->setup;
	const char *cwd = root->image->working_dir;
	int r = 0;

	make_room(root);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(mount_dirs); i++)
		r = make_dir(root, mount_dirs[i], err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(host_files); i++)
		r = add_host_file(root, host_files[i], err);
	for (char *const *volume = setup->volumes; r == 0 && volume && *volume; volume++)
		r = add_volume(root, *volume, err);
	for (size_t i = 0; r == 0 && i < root->image->n_volumes; i++)
		r = add_volume(root, root->image->volumes[i], err);
	for (size_t i = 0; r == 0 && i < setup->n_mounts; i++)
		r = add_mount(root, &setup->mounts[i], err);
	if (r == 0 && cwd && *cwd)
		r = make_dir(root, cwd, err);
	sort_mounts(root);
	return r;
}

/* --- config.json ------------------------------------------------------------------- */

static int write_config(struct root *root, struct error *err)
{
	const struct container_record *record = &root->c->record;
	cleanup_free char *hostname = xstrndup(record->id, CONTAINER_SHORT_ID);
	struct bundle_request request = {
		.image = record->config,
		.command = record->command,
		.rootfs_fd = root->fd,
		.rootfs = "rootfs",
		.hostname = root->setup->hostname ? root->setup->hostname : hostname,
		.terminal = record->terminal,
		.host_network = !root->setup->private_network,
		.readonly_root = root->setup->readonly_root,
		.mounts = root->mounts,
		.n_mounts = root->n_mounts,
		.resources = root->setup->resources,
		.cgroups_path = root->setup->cgroups_path,
	};
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_config config;
	int r = bundle_convert(&request, &arena, &config, err);

	if (r == 0)
		r = bundle_write(root->c->dir_fd, &config, err);
	oci_arena_release(&arena);
	return r;
}

static int fill(struct root *root, struct error *err)
{
	/* Mount points have the modes that they say. */
	mode_t old_umask = umask(022);
	int r = make_mount_points(root, err);

	(void)umask(old_umask);
	return r < 0 ? r : write_config(root, err);
}

int container_prepare(struct container *c, const struct container_setup *setup,
		      struct error *err)
{
	static const struct oci_image_run_config no_config;
	cleanup_strvec struct strvec lower = STRVEC_INIT;
	struct root root = {
		.c = c,
		.setup = setup,
		.image = c->record.config->config ? c->record.config->config : &no_config,
		.fd = -EBADF,
		.volumes_fd = -EBADF,
		.arena = OCI_ARENA_INIT,
	};
	int r = 0;

	/* Not the work directory of the later mount: this one may take a moment to go. */
	if (mkdirat(c->dir_fd, "init-work", 0700) < 0)
		return error_sys(err, "mkdir", "%s/init-work", c->path);
	root.fd = mount_layers(c, &lower, "init", "init-work", err);
	if (root.fd < 0)
		return root.fd;
	if (lower.n > 0)
		r = dress_root(c, lower.v[0], "init", err);
	if (r == 0 && lower.n > 0)
		r = dress_root(c, lower.v[0], "upper", err);
	if (r == 0)
		r = fill(&root, err);
	oci_arena_release(&root.arena);
	fd_close(&root.volumes_fd);
	fd_close(&root.fd);
	return r < 0 ? r : file_remove_tree_at(c->dir_fd, "init-work", err);
}

int container_mount(struct container *c, struct error *err)
{
	cleanup_free char *rootfs = container_path(c, "rootfs");
	cleanup_strvec struct strvec lower = STRVEC_INIT;
	cleanup_close int fd = -EBADF;
	int r = overlay_detach(rootfs, err);

	if (r < 0)
		return r;
	strvec_push_take(&lower, container_path(c, "init"));
	fd = mount_layers(c, &lower, "upper", "work", err);
	if (fd < 0)
		return error_context(err, "container %s", c->record.name);
	return overlay_attach(fd, rootfs, err);
}

int container_unmount(struct container *c, struct error *err)
{
	cleanup_free char *rootfs = container_path(c, "rootfs");

	return overlay_detach(rootfs, err);
}
