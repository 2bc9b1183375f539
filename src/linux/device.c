/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/device.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/device-links.h"
#include "linux/device-node.h"
#include "linux/host-tree.h"
#include "linux/idmap.h"

/* The largest numbers that the kernel's dev_t has room for. */
enum { MAJOR_MAX = (1 << 12) - 1, MINOR_MAX = (1 << 20) - 1, DEFAULT_MODE = 0666 };

struct device {
	const char *path;
	/* The last component, when the device is directly in /dev; else NULL. */
	const char *name;
	mode_t mode;
	dev_t rdev;
	uid_t uid;
	gid_t gid;
	/* The index in linux.devices, or -1 for a default device. */
	int index;
	/* In a user namespace: the node as a detached mount, or -EBADF for the host's. */
	int node_fd;
};

struct device_plan {
	struct device *devices;
	size_t n;
	bool userns, owns_dev;
	/* The host has /proc/kcore: /dev/core points there. */
	bool has_kcore;
};

static const struct {
	const char *path;
	unsigned int major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },	 { "/dev/zero", 1, 5 },	   { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static int device_error(const struct device *d, struct error *err)
{
	(void)error_context(err, "device %s", d->path);
	if (d->index >= 0)
		(void)error_pointer(err, "linux.devices[%d]", d->index);
	return err->code;
}

static const char *name_in_dev(const char *path)
{
	const char *name = str_skip_prefix(path, "/dev/");

	if (!name || !*name || strchr(name, '/') || streq(name, ".") || streq(name, ".."))
		return NULL;
	return name;
}

static int device_number(const struct oci_device *spec, dev_t *out, struct error *err)
{
	if (!spec->major || !spec->minor)
		return error_set(err, EINVAL, "major and minor are required");
	if (*spec->major < 0 || *spec->major > MAJOR_MAX || *spec->minor < 0 ||
	    *spec->minor > MINOR_MAX)
		return error_set(err, ERANGE, "there is no device %lld:%lld",
				 (long long)*spec->major, (long long)*spec->minor);
	*out = makedev((unsigned int)*spec->major, (unsigned int)*spec->minor);
	return 0;
}

static int plan_device(struct device *d, const struct oci_device *spec, struct error *err)
{
	/* Engines send st_mode as stat(2) gave it: only the permissions count. */
	mode_t mode = (spec->file_mode ? *spec->file_mode : DEFAULT_MODE) & 07777;

	*d = (struct device){ .path = spec->path,
			      .name = name_in_dev(spec->path),
			      .index = d->index,
			      .node_fd = -EBADF,
			      .uid = spec->uid ? *spec->uid : 0,
			      .gid = spec->gid ? *spec->gid : 0 };
	if (spec->path[0] != '/')
		return error_set(err, EINVAL, "not an absolute path");
	switch (spec->type) {
	case OCI_DEVICE_TYPE_CHAR:
	case OCI_DEVICE_TYPE_UNBUFFERED:
		d->mode = S_IFCHR | mode;
		return device_number(spec, &d->rdev, err);
	case OCI_DEVICE_TYPE_BLOCK:
		d->mode = S_IFBLK | mode;
		return device_number(spec, &d->rdev, err);
	case OCI_DEVICE_TYPE_FIFO:
		d->mode = S_IFIFO | mode;
		return 0;
	default:
		return error_set(err, EINVAL, "not a type that a device can have");
	}
}

static bool is_listed(const struct oci_linux *l, const char *path)
{
	for (size_t i = 0; l && i < l->n_devices; i++)
		if (streq(l->devices[i].path, path))
			return true;
	return false;
}

static void plan_defaults(struct device_plan *plan, const struct oci_linux *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++) {
		const char *path = default_devices[i].path;

		/* The config may want it with another mode or owner. */
		if (is_listed(l, path))
			continue;
		plan->devices[plan->n++] = (struct device){
			.path = path,
			.name = name_in_dev(path),
			.mode = S_IFCHR | DEFAULT_MODE,
			.rdev = makedev(default_devices[i].major, default_devices[i].minor),
			.index = -1,
			.node_fd = -EBADF,
		};
	}
}

static int plan_listed(struct device_plan *plan, const struct oci_linux *l, struct error *err)
{
	for (size_t i = 0; l && i < l->n_devices; i++) {
		struct device *d = &plan->devices[plan->n];

		if (!plan->owns_dev && str_skip_prefix(l->devices[i].path, "/dev/"))
			continue;
		d->index = (int)i;
		if (plan_device(d, &l->devices[i], err) < 0)
			return device_error(d, err);
		plan->n++;
	}
	return 0;
}

int device_plan_new(const struct oci_linux *l, const struct device_env *env,
		    struct device_plan **out, struct error *err)
{
	size_t max = ARRAY_SIZE(default_devices) + (l ? l->n_devices : 0);
	struct device_plan *plan = xcalloc(1, sizeof(*plan));
	int r;

	plan->devices = xcalloc(max, sizeof(*plan->devices));
	plan->userns = env->userns;
	plan->owns_dev = env->owns_dev;
	plan->has_kcore = access("/proc/kcore", F_OK) == 0;
	if (plan->owns_dev)
		plan_defaults(plan, l);
	r = plan_listed(plan, l, err);
	if (r < 0) {
		(void)device_plan_free(plan);
		return r;
	}
	*out = plan;
	return 0;
}

struct device_plan *device_plan_free(struct device_plan *plan)
{
	for (size_t i = 0; plan && i < plan->n; i++)
		fd_close(&plan->devices[i].node_fd);
	if (plan)
		free(plan->devices);
	free(plan);
	return NULL;
}

/* The id of the host that the container's ID is mapped to. */
static bool map_id(const struct oci_id_mapping *maps, size_t n, uint32_t id, uint32_t *out)
{
	for (size_t i = 0; i < n; i++) {
		if (id < maps[i].container_id || id - maps[i].container_id >= maps[i].size)
			continue;
		*out = maps[i].host_id + (id - maps[i].container_id);
		return true;
	}
	return false;
}

/* -EBADF when it cannot be made: then the host's node must do. */
static int make_outside(const struct device *d, const struct oci_linux *l, int *dir_fd)
{
	struct device_node node = { .mode = d->mode, .rdev = d->rdev };
	struct error ignored = ERROR_INIT;
	char name[16];
	int fd;

	if (!map_id(l->uid_mappings, l->n_uid_mappings, d->uid, &node.uid) ||
	    !map_id(l->gid_mappings, l->n_gid_mappings, d->gid, &node.gid))
		return -EBADF;
	if (*dir_fd < 0)
		*dir_fd = device_node_dir(&ignored);
	if (*dir_fd < 0)
		return -EBADF;
	(void)snprintf(name, sizeof(name), "%d", d->index);
	fd = device_node_make(*dir_fd, name, &node, &ignored);
	return fd < 0 ? -EBADF : fd;
}

void device_plan_open(struct device_plan *plan, const struct oci_linux *l)
{
	cleanup_close int dir_fd = -EBADF;
	bool is_root = plan->userns && l && l->n_devices && idmap_root_of_host();

	for (size_t i = 0; plan->userns && i < plan->n; i++) {
		struct device *d = &plan->devices[i];

		if (d->index < 0 || S_ISFIFO(d->mode))
			continue;
		if (is_root)
			d->node_fd = make_outside(d, l, &dir_fd);
		if (d->node_fd < 0 && (d->uid || d->gid))
			log_warning("linux.devices[%d]: %s keeps the owner that the host's "
				    "device has: without root of the host a user namespace "
				    "cannot have one of its own",
				    d->index, d->path);
	}
}

static bool matches(const struct device *d, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == (d->mode & S_IFMT) && st->st_rdev == d->rdev;
}

static int open_node(int dir_fd, const char *name, struct stat *st, struct error *err)
{
	cleanup_close int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_file(err, "openat", name);
	if (fstat(fd, st) < 0)
		return error_file(err, "fstat", name);
	return take_fd(fd);
}

static int mismatch(const struct device *d, const struct stat *st, struct error *err)
{
	(void)error_set(err, EEXIST, "something else is there already (mode %06o, device %u:%u)",
			st->st_mode, major(st->st_rdev), minor(st->st_rdev));
	return error_hint(err, "remove it from the image%s",
			  d->name ? ", or mount a tmpfs on /dev" : "");
}

/* What is there is the device we were asked for, and is given to its owner by fd. */
static int verify(const struct device *d, int dir_fd, const char *name, bool chown_it,
		  struct error *err)
{
	cleanup_close int fd = -EBADF;
	struct stat st;

	fd = open_node(dir_fd, name, &st, err);
	if (fd < 0)
		return fd;
	if (!matches(d, &st))
		return mismatch(d, &st, err);
	if (chown_it && fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0)
		return error_sys(err, "fchownat", "to %u:%u", d->uid, d->gid);
	return 0;
}

static int open_host_node(const struct device *d, struct error *err)
{
	cleanup_close int fd = host_tree_open(d->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct mount_attr private = { .propagation = MS_PRIVATE };
	struct stat st;

	if (fd < 0) {
		(void)error_sys(err, "open_tree", "%s of the host", d->path);
		return error_hint(err, "in a user namespace a device is a bind mount of the host's "
				       "device of the same name");
	}
	if (fstat(fd, &st) < 0)
		return error_sys(err, "fstat", "%s of the host", d->path);
	if (!matches(d, &st))
		return error_set(err, ENODEV,
				 "the host's device of that name is another one (%u:%u)",
				 major(st.st_rdev), minor(st.st_rdev));
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &private, sizeof(private)) < 0)
		return error_sys(err, "mount_setattr", "%s of the host", d->path);
	return take_fd(fd);
}

/* An O_PATH fd of the regular file NAME, made if missing: what a node can be mounted on. */
static int open_bind_target(int dir_fd, const char *name, struct stat *st, struct error *err)
{
	cleanup_close int fd = -EBADF;

	if (mknodat(dir_fd, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
		return error_sys(err, "mknodat", "%s", name);
	fd = open_node(dir_fd, name, st, err);
	if (fd < 0)
		return fd;
	if (S_ISLNK(st->st_mode) || S_ISDIR(st->st_mode))
		return error_set(err, EEXIST, "a %s is there already",
				 S_ISDIR(st->st_mode) ? "directory" : "symlink");
	return take_fd(fd);
}

static int attach(int tree_fd, int target_fd, struct error *err)
{
	if (move_mount(tree_fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, "move_mount", "the device");
	return 0;
}

/* The host's node keeps its own mode and owner: these are the host's. */
static int bind_node(const struct device *d, int dir_fd, const char *name, struct error *err)
{
	cleanup_close int tree_fd = -EBADF, target_fd = -EBADF;
	struct stat st;

	target_fd = open_bind_target(dir_fd, name, &st, err);
	if (target_fd < 0)
		return target_fd;
	if (matches(d, &st))
		return 0;
	if (!S_ISREG(st.st_mode))
		return mismatch(d, &st, err);
	if (d->node_fd >= 0)
		return attach(d->node_fd, target_fd, err);
	tree_fd = open_host_node(d, err);
	return tree_fd < 0 ? tree_fd : attach(tree_fd, target_fd, err);
}

static int make_node(const struct device_plan *plan, const struct device *d, int dir_fd,
		     const char *name, struct error *err)
{
	if (plan->userns && !S_ISFIFO(d->mode))
		return bind_node(d, dir_fd, name, err);
	/* With umask 0 the mode is right at once, and ours is the only name made here. */
	if (mknodat(dir_fd, name, d->mode, d->rdev) == 0)
		return d->uid || d->gid ? verify(d, dir_fd, name, true, err) : 0;
	if (errno == EEXIST)
		return verify(d, dir_fd, name, false, err);
	if (errno == EPERM)
		return bind_node(d, dir_fd, name, err);
	return error_sys(err, "mknodat", "%s", d->path);
}

static int make_device(const struct device_plan *plan, const struct device *d, int root_fd,
		       int dev_fd, struct error *err)
{
	cleanup_close int dir_fd = -EBADF;
	char name[256];

	if (d->name)
		return make_node(plan, d, dev_fd, d->name, err);
	dir_fd = path_make_parent(root_fd, d->path, 0755, name, err);
	return dir_fd < 0 ? dir_fd : make_node(plan, d, dir_fd, name, err);
}

/* R8: an image whose /dev is a symlink would have us write wherever it points. */
static int open_dev(int root_fd, struct error *err)
{
	const int flags = O_PATH | O_DIRECTORY;
	int fd = path_try_open(root_fd, "dev", PATH_NO_SYMLINKS, flags, 0);

	if (fd == -ENOENT) {
		if (mkdirat(root_fd, "dev", 0755) < 0)
			return error_sys(err, "mkdirat", "/dev");
		fd = path_try_open(root_fd, "dev", PATH_NO_SYMLINKS, flags, 0);
	}
	if (fd >= 0)
		return fd;
	errno = -fd;
	(void)error_sys(err, "openat2", "/dev");
	if (fd == -ELOOP || fd == -ENOTDIR)
		(void)error_hint(err, "/dev of the image must be a directory");
	return err->code;
}

int device_plan_make(const struct device_plan *plan, int root_fd, struct error *err)
{
	cleanup_close int dev_fd = -EBADF;

	if (plan->owns_dev) {
		dev_fd = open_dev(root_fd, err);
		if (dev_fd < 0)
			return error_context(err, "devices");
	}
	for (size_t i = 0; i < plan->n; i++)
		if (make_device(plan, &plan->devices[i], root_fd, dev_fd, err) < 0)
			return device_error(&plan->devices[i], err);
	return plan->owns_dev ? device_links_make(dev_fd, plan->has_kcore, err) : 0;
}

int device_make_console(int root_fd, int slave_fd, struct error *err)
{
	cleanup_close int dev_fd = -EBADF, target_fd = -EBADF, tree_fd = -EBADF;
	struct stat st;

	dev_fd = open_dev(root_fd, err);
	if (dev_fd < 0)
		return error_context(err, "console");
	target_fd = open_bind_target(dev_fd, "console", &st, err);
	if (target_fd < 0)
		return error_context(err, "console");
	tree_fd = open_tree(slave_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree_fd < 0)
		(void)error_sys(err, "open_tree", "of the terminal");
	if (tree_fd < 0 || attach(tree_fd, target_fd, err) < 0)
		return error_context(err, "console");
	return 0;
}
