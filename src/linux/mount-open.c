/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources that exist already.  The clone is detached: what is set on it here,
 * nobody ever sees it without.
 */
#include "linux/mount.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/host-tree.h"
#include "linux/idmap.h"
#include "linux/mount-entry.h"

/* The inode number of the root of every procfs. */
enum { PROC_ROOT_INO = 1 };

static int set_attributes(const struct mount_entry *e, int fd, unsigned int flags,
			  struct mount_attr *attr, struct error *err)
{
	if (!(attr->attr_set | attr->attr_clr | attr->propagation))
		return 0;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | flags, attr, sizeof(*attr)) == 0)
		return 0;
	(void)error_sys(err, "mount_setattr", "%s",
			attr->attr_set & MOUNT_ATTR_IDMAP ? "with an id mapping" : "the options");
	if (err->code == -EINVAL && attr->attr_set & MOUNT_ATTR_IDMAP)
		(void)error_hint(err, "the file system of %s cannot be mounted with an id mapping",
				 e->source);
	else if (err->code == -EPERM && attr->attr_clr)
		(void)error_hint(err,
				 "a restriction of the host's mount cannot be lifted in a user "
				 "namespace: add \"nosuid\", \"nodev\", \"noexec\" or \"ro\" as "
				 "the source has it");
	return err->code;
}

static void merge_attributes(struct mount_attr *into, const struct mount_attr *from)
{
	into->attr_set |= from->attr_set;
	into->attr_clr |= from->attr_clr;
	into->propagation |= from->propagation;
}

int mount_entry_set_attributes(const struct mount_plan *plan, const struct mount_entry *e,
			       int fd, int userns_fd, struct error *err)
{
	const struct mount_options *o = &e->options;
	struct mount_attr top = { .attr_set = o->attr_set, .attr_clr = o->attr_clr };
	struct mount_attr all = { .attr_set = o->rec_set, .attr_clr = o->rec_clr };
	bool is_tree = e->kind != MOUNT_KIND_BIND || o->flags & MOUNT_RBIND;
	int r = 0;

	if (userns_fd >= 0) {
		top.userns_fd = all.userns_fd = (uint64_t)userns_fd;
		*(o->flags & MOUNT_RIDMAP ? &all.attr_set : &top.attr_set) |= MOUNT_ATTR_IDMAP;
	}
	if (o->propagation && !(o->flags & MOUNT_REC_PROPAGATION))
		top.propagation = o->propagation;
	else
		all.propagation = o->propagation ? o->propagation : MS_PRIVATE;

	if (plan->userns && o->propagation == MS_SHARED) {
		/*
		 * As the kernel does for a namespace of lesser privilege: what
		 * the container mounts must not reach the host.
		 */
		struct mount_attr slave = { .propagation = MS_SLAVE };

		r = set_attributes(e, fd, AT_RECURSIVE, &slave, err);
	}
	/* A stand-in is a tree that takes the place of one mount. */
	if (!is_tree || e->kind != MOUNT_KIND_BIND) {
		merge_attributes(&top, &all);
		return r < 0 ? r : set_attributes(e, fd, is_tree ? AT_RECURSIVE : 0, &top, err);
	}
	if (r == 0)
		r = set_attributes(e, fd, AT_RECURSIVE, &all, err);
	return r < 0 ? r : set_attributes(e, fd, 0, &top, err);
}

/* The user namespace of the entry's id mapping, made once for mounts with equal ones; borrowed. */
static int idmap_fd(struct mount_plan *plan, const struct mount_entry *e, struct error *err)
{
	const struct idmap *map = e->idmap.n_uids ? &e->idmap : &plan->container_map;

	if (!e->idmap.n_uids && plan->userns_fd >= 0)
		return plan->userns_fd;
	if (plan->made_map && idmap_equal(plan->made_map, map))
		return plan->made_userns_fd;
	fd_close(&plan->made_userns_fd);
	plan->made_map = NULL;
	plan->made_userns_fd = idmap_userns_open(map, err);
	if (plan->made_userns_fd >= 0)
		plan->made_map = map;
	return plan->made_userns_fd;
}

/* R4: on /proc only what is a procfs, and all of it. */
static int check_proc_source(const struct mount_entry *e, int fd, const struct stat *st,
			     struct error *err)
{
	struct statfs fs;

	if (!streq(e->clean, "/proc"))
		return 0;
	if (fstatfs(fd, &fs) < 0)
		return error_sys(err, "fstatfs", "%s", e->source);
	if (fs.f_type == PROC_SUPER_MAGIC && st->st_ino == PROC_ROOT_INO)
		return 0;
	return error_set(err, EPERM, "%s is not the root of a proc file system, and nothing else "
				     "may be mounted on /proc", e->source);
}

int mount_entry_open(struct mount_plan *plan, struct mount_entry *e, struct error *err)
{
	bool tree = e->kind != MOUNT_KIND_BIND || e->options.flags & MOUNT_RBIND;
	cleanup_close int fd = -EBADF;
	int userns_fd = -EBADF, r;
	struct stat st;

	fd = host_tree_open(e->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
					       (tree ? AT_RECURSIVE : 0));
	if (fd < 0)
		return error_file(err, "open_tree", e->source);
	if (fstat(fd, &st) < 0)
		return error_file(err, "fstat", e->source);
	e->source_is_dir = S_ISDIR(st.st_mode);
	r = check_proc_source(e, fd, &st, err);
	if (r < 0)
		return r;
	if (e->options.flags & MOUNT_IDMAP) {
		userns_fd = idmap_fd(plan, e, err);
		if (userns_fd < 0)
			return userns_fd;
	}
	r = mount_entry_set_attributes(plan, e, fd, userns_fd, err);
	if (r < 0)
		return r;
	e->fd = take_fd(fd);
	return 0;
}

/*
 * The parent of a rootless container cannot clone mounts; init, root in its user
 * namespace, can.  Whether the source is there shows now all the same.
 */
static int defer_open(struct mount_entry *e, struct error *err)
{
	cleanup_close int fd = open(e->source, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return error_file(err, "open", e->source);
	error_clear(err);
	e->late_open = true;
	return 0;
}

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/*
 * What to bind in place of a new cgroup2 mount.  Without a cgroup namespace the
 * host's tree is meant: a new mount would show the same but reset the options
 * of the host's (cgroup_namespaces(7): they belong to the initial namespace).
 * With one, the container's cgroup, for when the namespace belongs to somebody
 * else's user namespace and the kernel says no.
 */
static char *cgroup_source(const struct mount_plan *plan, int cgroup_fd)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char path[PATH_MAX];
	ssize_t n;

	for (size_t i = 0; !plan->cgroupns && i < ARRAY_SIZE(roots); i++)
		if (is_cgroup2(roots[i]))
			return xstrdup(roots[i]);
	if (cgroup_fd < 0)
		return NULL;
	n = readlink(path_of_fd(cgroup_fd).s, path, sizeof(path) - 1);
	return n > 0 ? xstrndup(path, (size_t)n) : NULL;
}

static int prepare_cgroup(struct mount_plan *plan, struct mount_entry *e, int cgroup_fd,
			  struct error *err)
{
	/* A root of the host has never seen the kernel refuse. */
	if (plan->cgroupns && !plan->userns && !plan->rootless)
		return 0;
	e->source = cgroup_source(plan, cgroup_fd);
	if (!e->source && !plan->cgroupns)
		return error_set(err, ENOENT, "the host has no cgroup v2 tree to show");
	/* CVE-2023-25809: the host's cgroups were writable from a rootless container. */
	if (!plan->cgroupns && !idmap_root_of_host())
		e->options.attr_set |= MOUNT_ATTR_RDONLY;
	return 0;
}

static int open_entry(struct mount_plan *plan, struct mount_entry *e, int cgroup_fd,
		      struct error *err)
{
	int r = 0;

	if (e->kind == MOUNT_KIND_CGROUP)
		r = prepare_cgroup(plan, e, cgroup_fd, err);
	if (r < 0 || !e->source)
		return r;
	r = mount_entry_open(plan, e, err);
	if (r == -EPERM && streq(err->syscall, "open_tree"))
		r = defer_open(e, err);
	if (r < 0)
		(void)error_pointer(err, "mounts[%zu].source", e->index);
	return r;
}

int mount_plan_open(struct mount_plan *plan, int cgroup_fd, struct error *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		int r = open_entry(plan, &plan->entries[i], cgroup_fd, err);

		if (r < 0)
			return mount_entry_error(&plan->entries[i], err);
	}
	return 0;
}
