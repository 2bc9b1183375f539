/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mount of a plan, as the mount-*.c files see it; nobody else includes this.
 *
 *   mount-plan.c     config -> entries, all the checks that need no system call
 *   mount-open.c     bind sources and their attributes (parent)
 *   mount-new.c      new file systems (init)
 *   mount-attach.c   targets, order, finish (init)
 *   mount-copyup.c   tmpcopyup (init)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "linux/idmap.h"
#include "base/fd.h"
#include "linux/mount-options.h"
#include "linux/mount.h"

enum mount_kind {
	MOUNT_KIND_BIND,
	MOUNT_KIND_REMOUNT,
	MOUNT_KIND_CGROUP,
	MOUNT_KIND_NEW,
};

enum mount_label_kind {
	MOUNT_LABEL_CONTEXT,
	MOUNT_LABEL_XATTR,
	MOUNT_LABEL_NONE,
};

/* What is special about some file systems. */
struct mount_fs {
	const char *type;
	/* Only on a directory that is reached through no symlink. */
	bool real_dir;
	/* Has no device: "ro" is for the mount, the superblock may be shared with others. */
	bool pseudo;
	/* mount(2) makes of it what fsopen(2) and the calls after it do. */
	bool plain;
	enum mount_label_kind label;
	/* Of the host, bound instead where the kernel refuses a new one (user namespace). */
	const char *stand_in;
};

/* For the file system; a KEY without VALUE is a flag.  OPTION: in mounts[].options, or -1. */
struct mount_data {
	char *key;
	/* Points into key's memory. */
	const char *value;
	int option;
};

struct mount_entry {
	const struct oci_mount *spec;
	size_t index;
	enum mount_kind kind;
	const struct mount_fs *fs;
	struct mount_options options;
	/* The destination as a clean absolute path, for comparing; not for opening. */
	char *clean;
	/* Absolute: what a bind mount shows, or what stands in for a cgroup mount. */
	char *source;
	struct mount_data *data;
	size_t n_data;
	/* All of DATA as mount(2) wants it, where that one call does everything; else NULL. */
	char *joined_data;
	/* Because an option is too long for fsconfig(2). */
	bool mount_only;
	/* n_uids is 0 when the container's own mapping is meant. */
	struct idmap idmap;
	bool source_is_dir;
	/* Reached without symlinks only: /proc, /sys, and procfs and sysfs anywhere. */
	bool real_dir;
	/* May lie in a procfs: /proc itself and the few files that lxcfs replaces. */
	bool in_proc;
	/* Stays writable until mount_plan_finish(). */
	bool late_readonly;
	/* The parent may not clone mounts: init opens the source. */
	bool late_open;
	/* The detached mount; kept after attaching if late_readonly. */
	int fd;
};

struct mount_plan {
	struct mount_entry *entries;
	size_t n;
	struct idmap container_map;
	int userns_fd;
	/* A new or joined user namespace, a new or joined cgroup namespace. */
	bool userns, cgroupns, pidns;
	bool rootless;
	/* In a mount namespace joined by path, where the name of an fd below /proc is not ours. */
	bool foreign;
	/* For MOUNT_LABEL_XATTR; MOUNT_LABEL_CONTEXT is among the data already. */
	const char *mount_label;
	/* For id-mapped mounts: the last namespace made, and for which mapping. */
	const struct idmap *made_map;
	int made_userns_fd;
	/* While attaching: a directory in a mount of our own, and the path it has. */
	int parent_fd;
	char *parent;
	/* The targets that have their mount. */
	struct fd_pile done;
};

/* "mounts[3] (/data)": the noun and the pointer of every error about ENTRY. */
int mount_entry_error(const struct mount_entry *entry, struct error *err);

/* The same, blaming one option. */
int mount_option_error(const struct mount_entry *entry, int option, struct error *err);

/* Opens e->source as e->fd, ready to be attached, in the caller's mount namespace. */
int mount_entry_open(struct mount_plan *plan, struct mount_entry *e, struct error *err);

/* Puts the attributes and the propagation of the options on the detached mount FD. */
int mount_entry_set_attributes(const struct mount_plan *plan, const struct mount_entry *e,
			       int fd, int userns_fd, struct error *err);

/* Makes e->fd a new file system; TARGET_FD is where it will go, EXISTED not made by us. */
int mount_entry_create(const struct mount_plan *plan, struct mount_entry *e, int target_fd,
		       bool existed, struct error *err);

/* mount(2) at once on TARGET_FD, with the joined data. */
int mount_entry_mount(const struct mount_entry *e, int target_fd, struct error *err);

/* "remount" without "bind": the options go to the superblock of the mount at TARGET_FD. */
int mount_entry_reconfigure(const struct mount_entry *e, int target_fd, struct error *err);

/* Copies what is in the directory SOURCE_FD (O_PATH) to the root of the mount DEST_FD. */
int mount_copyup(int source_fd, int dest_fd, struct error *err);
