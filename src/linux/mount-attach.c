/* SPDX-License-Identifier: Apache-2.0 */
/* The targets, and the order: all that happens in the container's own mount namespace. */
#include "linux/mount.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/mount-entry.h"

static int make_target(int root_fd, const struct mount_entry *e, struct error *err)
{
	const char *dest = e->spec->destination;
	bool is_dir = e->kind != MOUNT_KIND_BIND || e->source_is_dir;
	int fd;

	if (e->kind == MOUNT_KIND_REMOUNT)
		return error_set(err, ENOENT, "there is nothing to remount");
	fd = is_dir ? path_make_dir(root_fd, dest, 0755, err) :
		      path_make_file(root_fd, dest, 0644, err);
	if (fd == -EROFS)
		(void)error_hint(err,
				 "the target is missing in a read-only file system: put it into "
				 "the image");
	return fd;
}

static int target_error(const struct mount_entry *e, int code, struct error *err)
{
	errno = -code;
	(void)error_file(err, "openat2", e->spec->destination);
	if (e->real_dir && (code == -ELOOP || code == -ENOTDIR))
		(void)error_hint(err,
				 "%s must be a real directory, with no symlink in its path: the "
				 "image has something else there",
				 e->clean);
	return err->code;
}

/* Nothing may shadow a file in a procfs, however the path led there (R4). */
static int check_target(const struct mount_entry *e, int fd, struct error *err)
{
	struct statfs fs;

	if (e->in_proc)
		return 0;
	if (fstatfs(fd, &fs) < 0)
		return error_sys(err, "fstatfs", "%s", e->spec->destination);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	(void)error_set(err, EPERM, "the target lies inside a proc file system");
	return error_hint(err,
			  "a symlink in the image leads there, or an earlier mount put it there");
}

/* Whether an entry before E put a new file system on the first LEN bytes of its path. */
static bool is_in_new_mount(const struct mount_plan *plan, const struct mount_entry *e, size_t len)
{
	for (const struct mount_entry *before = plan->entries; before < e; before++)
		if (before->kind == MOUNT_KIND_NEW && strlen(before->clean) == len &&
		    memcmp(before->clean, e->clean, len) == 0)
			return true;
	return false;
}

/*
 * Most targets stand side by side in a /dev that was mounted a moment ago: nobody else
 * has put anything there.  It is opened for the first of them and stays open for those
 * that follow it.  An fd of the directory, just made; any error means the usual way.
 */
static int make_in_new_mount(struct mount_plan *plan, int root_fd, const struct mount_entry *e)
{
	const char *name = strrchr(e->clean, '/') + 1;
	size_t len = (size_t)(name - e->clean) - 1;
	int fd;

	if (plan->parent_fd >= 0 &&
	    (strlen(plan->parent) != len || memcmp(plan->parent, e->clean, len) != 0))
		fd_pile_add(&plan->done, &plan->parent_fd);
	if (len == 0 || e->kind != MOUNT_KIND_NEW || e->real_dir ||
	    !streq(e->clean, e->spec->destination) || !is_in_new_mount(plan, e, len))
		return -EINVAL;
	if (plan->parent_fd < 0) {
		free(plan->parent);
		plan->parent = xstrndup(e->clean, len);
		plan->parent_fd = path_try_open(root_fd, plan->parent, PATH_IN_ROOT,
						O_PATH | O_DIRECTORY, 0);
	}
	if (plan->parent_fd < 0)
		return plan->parent_fd;
	if (mkdirat(plan->parent_fd, name, 0755) < 0)
		return -errno;
	fd = openat(plan->parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_target(struct mount_plan *plan, int root_fd, const struct mount_entry *e,
		       bool *existed, struct error *err)
{
	enum path_policy policy = e->real_dir ? PATH_NO_SYMLINKS : PATH_IN_ROOT;
	int flags = e->real_dir ? O_PATH | O_DIRECTORY : O_PATH;
	cleanup_close int fd = make_in_new_mount(plan, root_fd, e);
	int r;

	*existed = false;
	/* One cannot make directories in a procfs: there is nothing to check. */
	if (fd >= 0)
		return take_fd(fd);
	fd = path_try_open(root_fd, e->spec->destination, policy, flags, 0);
	*existed = fd >= 0;
	if (fd == -ENOENT) {
		fd = make_target(root_fd, e, err);
		if (fd < 0)
			return fd;
		if (e->real_dir) {
			fd_close(&fd);
			fd = path_try_open(root_fd, e->spec->destination, policy, flags, 0);
		}
	}
	if (fd < 0)
		return target_error(e, fd, err);
	r = check_target(e, fd, err);
	return r < 0 ? r : take_fd(fd);
}

/* The source, if the parent has not opened it. */
static int ready_source(struct mount_plan *plan, struct mount_entry *e, struct error *err)
{
	return e->fd < 0 && e->late_open ? mount_entry_open(plan, e, err) : 0;
}

static int create_cgroup(struct mount_plan *plan, struct mount_entry *e, int target_fd,
			 bool existed, struct error *err)
{
	cleanup_close int stand_in_fd = -EBADF;
	int r;

	if (!plan->cgroupns)
		return ready_source(plan, e, err);
	stand_in_fd = take_fd(e->fd);
	r = mount_entry_create(plan, e, target_fd, existed, err);
	if ((r != -EPERM && r != -EBUSY) || !e->source)
		return r;
	error_clear(err);
	e->fd = take_fd(stand_in_fd);
	return ready_source(plan, e, err);
}

static int create(struct mount_plan *plan, struct mount_entry *e, int target_fd, bool existed,
		  struct error *err)
{
	int r;

	if (e->kind == MOUNT_KIND_CGROUP)
		return create_cgroup(plan, e, target_fd, existed, err);
	if (e->kind == MOUNT_KIND_BIND)
		return 0;
	r = mount_entry_create(plan, e, target_fd, existed, err);
	if (r == 0 && existed && e->options.flags & MOUNT_TMPCOPYUP)
		r = mount_copyup(target_fd, e->fd, err);
	return r;
}

static int remount(const struct mount_entry *e, int target_fd, struct error *err)
{
	const struct mount_options *o = &e->options;
	struct mount_attr attr = { .attr_set = o->attr_set | o->rec_set,
				   .attr_clr = o->attr_clr | o->rec_clr,
				   .propagation = o->propagation };
	unsigned int flags = o->rec_set | o->rec_clr ? AT_RECURSIVE : 0;
	int r = 0;

	if (!(o->flags & MOUNT_BIND) && (e->n_data || o->sb_set | o->sb_clr))
		r = mount_entry_reconfigure(e, target_fd, err);
	if (r < 0 || !(attr.attr_set | attr.attr_clr | attr.propagation))
		return r;
	if (mount_setattr(target_fd, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr)) == 0)
		return 0;
	(void)error_sys(err, "mount_setattr", "remount");
	if (err->code == -EINVAL)
		(void)error_hint(err, "%s is not a mount point", e->spec->destination);
	return err->code;
}

/* The kernel says EINVAL when a directory meets a file. */
static int move_error(const struct mount_entry *e, int target_fd, struct error *err)
{
	bool is_dir = e->kind != MOUNT_KIND_BIND || e->source_is_dir;
	struct stat st;

	(void)error_sys(err, "move_mount", "to %s", e->spec->destination);
	if (err->code != -EINVAL || fstat(target_fd, &st) < 0 || S_ISDIR(st.st_mode) == is_dir)
		return err->code;
	return error_set(err, ENOTDIR, "%s is a %s and the target is not: Not a directory",
			 e->source ? e->source : "the source", is_dir ? "directory" : "file");
}

static int move(struct mount_plan *plan, struct mount_entry *e, int target_fd, int *root_fd,
		struct error *err)
{
	if (move_mount(e->fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return move_error(e, target_fd, err);
	/* What is below *root_fd is covered now; the mount itself is the new root. */
	if (streq(e->clean, "/")) {
		fd_close(root_fd);
		*root_fd = fcntl(e->fd, F_DUPFD_CLOEXEC, 0);
		if (*root_fd < 0)
			return error_sys(err, "fcntl", "F_DUPFD_CLOEXEC");
	}
	if (!e->late_readonly)
		fd_pile_add(&plan->done, &e->fd);
	return 0;
}

static int attach_to(struct mount_plan *plan, struct mount_entry *e, int target_fd, bool existed,
		     int *root_fd, struct error *err)
{
	int r;

	if (e->kind == MOUNT_KIND_REMOUNT)
		return remount(e, target_fd, err);
	if (e->joined_data) {
		r = mount_entry_mount(e, target_fd, err);
		if (r == 0 || e->mount_only)
			return r;
		/* The long way may know a stand-in, or says which option it is. */
		error_clear(err);
	}
	r = create(plan, e, target_fd, existed, err);
	return r < 0 ? r : move(plan, e, target_fd, root_fd, err);
}

static int attach(struct mount_plan *plan, struct mount_entry *e, int *root_fd, struct error *err)
{
	cleanup_close int target_fd = -EBADF;
	bool existed;
	int r = e->kind == MOUNT_KIND_BIND ? ready_source(plan, e, err) : 0;

	if (r < 0)
		return r;
	target_fd = open_target(plan, *root_fd, e, &existed, err);
	if (target_fd < 0)
		return target_fd;
	r = attach_to(plan, e, target_fd, existed, root_fd, err);
	fd_pile_add(&plan->done, &target_fd);
	return r;
}

int mount_plan_attach(struct mount_plan *plan, int *root_fd, struct error *err)
{
	for (size_t i = 0; i < plan->n; i++)
		if (attach(plan, &plan->entries[i], root_fd, err) < 0)
			return mount_entry_error(&plan->entries[i], err);
	fd_pile_add(&plan->done, &plan->parent_fd);
	fd_pile_close(&plan->done);
	return 0;
}

int mount_plan_finish(struct mount_plan *plan, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	for (size_t i = 0; i < plan->n; i++) {
		struct mount_entry *e = &plan->entries[i];

		if (e->fd < 0 || !e->late_readonly)
			continue;
		if (mount_setattr(e->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0) {
			(void)error_sys(err, "mount_setattr", "ro");
			return mount_entry_error(e, err);
		}
		fd_close(&e->fd);
	}
	return 0;
}
