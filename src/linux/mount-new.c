/* SPDX-License-Identifier: Apache-2.0 */
/* New file systems: fsopen(2), one fsconfig(2) for each option, fsmount(2). */
#include "linux/mount.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/host-tree.h"
#include "linux/mount-entry.h"

/* Options of the superblock, as fsconfig(2) calls them. */
static const struct sb_flag {
	uint64_t flag;
	const char *set, *clear;
	/* Few file systems know it; on the others it has no meaning. */
	bool optional;
} sb_flags[] = {
	{ MS_RDONLY, "ro", "rw" },
	{ MS_SYNCHRONOUS, "sync", "async" },
	{ MS_DIRSYNC, "dirsync", NULL },
	{ MS_MANDLOCK, "mand", "nomand" },
	{ MS_LAZYTIME, "lazytime", "nolazytime" },
	{ MS_I_VERSION, "iversion", "noiversion", .optional = true },
};

static const char *type_of(const struct mount_entry *e)
{
	return e->kind == MOUNT_KIND_CGROUP ? "cgroup2" : e->spec->type;
}

/* The errno, with what the file system itself has to say: "e tmpfs: Bad value for 'size'". */
static int fs_error(int fs_fd, const char *syscall, const char *key, const char *value,
		    struct error *err)
{
	int saved = errno;
	char said[256];
	ssize_t n = read(fs_fd, said, sizeof(said) - 1);

	while (n > 0 && said[n - 1] == '\n')
		n--;
	said[n > 0 ? n : 0] = '\0';
	errno = saved;
	return error_sys(err, syscall, "%s%s%s%s%s%s", key, value ? "=" : "", value ? value : "",
			 n > 2 ? " (" : "", n > 2 ? said + 2 : "", n > 2 ? ")" : "");
}

static int configure(int fs_fd, const char *key, const char *value, struct error *err)
{
	if (fsconfig(fs_fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) == 0)
		return 0;
	return fs_error(fs_fd, "fsconfig", key, value, err);
}

static int configure_data(const struct mount_entry *e, int fs_fd, struct error *err)
{
	for (size_t i = 0; i < e->n_data; i++) {
		const struct mount_data *d = &e->data[i];

		if (configure(fs_fd, d->key, d->value, err) < 0) {
			if (d->option >= 0)
				(void)error_pointer(err, "mounts[%zu].options[%d]", e->index,
						    d->option);
			return err->code;
		}
	}
	return 0;
}

static int configure_flags(const struct mount_entry *e, int fs_fd, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(sb_flags); i++) {
		const struct sb_flag *f = &sb_flags[i];
		const char *key = e->options.sb_set & f->flag ? f->set :
				  e->options.sb_clr & f->flag ? f->clear :
								NULL;

		/* Where several mounts share a superblock, the mount alone is read-only. */
		if (!key || (f->flag == MS_RDONLY && e->fs->pseudo))
			continue;
		if (configure(fs_fd, key, NULL, err) == 0)
			continue;
		if (!f->optional || err->code != -EINVAL)
			return err->code;
		error_clear(err);
	}
	return 0;
}

/* A tmpfs over a directory of the image looks like that directory, unless told otherwise. */
static int inherit_mode(const struct mount_entry *e, int fs_fd, int target_fd, struct error *err)
{
	struct stat st;
	char mode[8];

	for (size_t i = 0; i < e->n_data; i++)
		if (streq(e->data[i].key, "mode"))
			return 0;
	if (fstat(target_fd, &st) < 0)
		return error_file(err, "fstat", e->spec->destination);
	(void)snprintf(mode, sizeof(mode), "%o", st.st_mode & 07777);
	return configure(fs_fd, "mode", mode, err);
}

static uint64_t attributes_of(const struct mount_entry *e)
{
	uint64_t attr = e->options.attr_set | e->options.rec_set;

	return e->late_readonly ? attr & ~(uint64_t)MOUNT_ATTR_RDONLY : attr;
}

static int create(struct mount_entry *e, int target_fd, bool existed, struct error *err)
{
	const char *type = type_of(e);
	cleanup_close int fs_fd = fsopen(type, FSOPEN_CLOEXEC);
	int r;

	if (fs_fd < 0) {
		(void)error_sys(err, "fsopen", "%s", type);
		if (err->code == -ENODEV)
			(void)error_hint(err, "this kernel has no file system \"%s\"; see "
					      "/proc/filesystems", type);
		(void)error_pointer(err, "mounts[%zu].type", e->index);
		return err->code;
	}
	r = configure(fs_fd, "source", e->spec->source ? e->spec->source : type, err);
	if (r == 0)
		r = configure_data(e, fs_fd, err);
	if (r == 0)
		r = configure_flags(e, fs_fd, err);
	if (r == 0 && existed && streq(type, "tmpfs"))
		r = inherit_mode(e, fs_fd, target_fd, err);
	if (r < 0)
		return r;
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_error(fs_fd, "fsconfig", "create", type, err);
	e->fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned int)attributes_of(e));
	if (e->fd < 0)
		return fs_error(fs_fd, "fsmount", type, NULL, err);
	return 0;
}

/*
 * In a user namespace the kernel gives sysfs only to the owner of the network
 * namespace, mqueue only to that of the ipc namespace, and procfs only to that
 * of the pid namespace: the host's then, under the same restrictions.  With a
 * pid namespace of its own the container must not see the host's processes.
 */
static int open_stand_in(const struct mount_plan *plan, struct mount_entry *e, struct error *err)
{
	cleanup_close int fd = -EBADF;
	struct error ignored = ERROR_INIT;

	if (!e->fs->stand_in || e->n_data > 0 || (plan->pidns && streq(e->fs->type, "proc")))
		return err->code;
	fd = host_tree_open(e->fs->stand_in, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (fd < 0 || mount_entry_set_attributes(plan, e, fd, -EBADF, &ignored) < 0)
		return err->code;
	error_clear(err);
	e->fd = take_fd(fd);
	return 0;
}

static int label_root(const struct mount_plan *plan, const struct mount_entry *e, struct error *err)
{
	const char *label = plan->mount_label;

	if (e->fs->label != MOUNT_LABEL_XATTR || !label ||
	    setxattr(path_of_fd(e->fd).s, "security.selinux", label, strlen(label) + 1, 0) == 0)
		return 0;
	return error_sys(err, "setxattr", "security.selinux=%s", label);
}

/* "gid=5" of the usual devpts: a user namespace may not know that group. */
static void hint_at_ids(const struct mount_entry *e, struct error *err)
{
	for (size_t i = 0; i < e->n_data; i++)
		if (streq(e->data[i].key, "gid") || streq(e->data[i].key, "uid"))
			(void)error_hint(err, "%s=%s must be an id that the user namespace maps",
					 e->data[i].key, e->data[i].value);
}

int mount_entry_create(const struct mount_plan *plan, struct mount_entry *e, int target_fd,
		       bool existed, struct error *err)
{
	struct mount_attr attr = { .propagation = e->options.propagation };
	int r = create(e, target_fd, existed, err);

	if (r == -EPERM)
		return open_stand_in(plan, e, err);
	if (r == -EINVAL && plan->userns)
		hint_at_ids(e, err);
	if (r == 0)
		r = label_root(plan, e, err);
	/* A new mount is private as it is. */
	if (r == 0 && attr.propagation && attr.propagation != MS_PRIVATE &&
	    mount_setattr(e->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "mount_setattr", "the propagation");
	return r;
}

int mount_entry_mount(const struct mount_entry *e, int target_fd, struct error *err)
{
	static const struct {
		uint64_t attr;
		unsigned long flag;
	} same[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	};
	const char *source = e->spec->source ? e->spec->source : e->spec->type;
	unsigned long flags = e->options.sb_set;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (attributes_of(e) & same[i].attr)
			flags |= same[i].flag;
	if (mount(source, path_of_fd(target_fd).s, e->spec->type, flags, e->joined_data) < 0)
		return error_sys(err, "mount", "%s with \"%.80s...\"", e->spec->type, e->joined_data);
	return 0;
}

int mount_entry_reconfigure(const struct mount_entry *e, int target_fd, struct error *err)
{
	cleanup_close int fs_fd = fspick(target_fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
	int r;

	if (fs_fd < 0)
		return error_sys(err, "fspick", "%s", e->spec->destination);
	r = configure_data(e, fs_fd, err);
	if (r == 0)
		r = configure_flags(e, fs_fd, err);
	if (r < 0)
		return r;
	if (fsconfig(fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return fs_error(fs_fd, "fsconfig", "reconfigure", NULL, err);
	return 0;
}
