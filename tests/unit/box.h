/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's root file system, small and in one process, for the unit tests.
 * Each case runs in a process and a mount namespace of its own, in a directory
 * on a tmpfs; what it finds travels over a pipe to the program that counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "libocispec/runtime.h"
#include "linux/device.h"
#include "linux/mount.h"
#include "linux/rootfs.h"

/* The working directory of a case: a tmpfs with an empty directory "rootfs". */
#define BOX_BASE "/tmp/test-box"

/* Ends the program as skipped where the cases cannot run. */
void box_require_root(void);

#define RUN(function) run_case(function, #function)
void run_case(void (*function)(void), const char *name);

/* One test, named after the case and the expression; its value, so that a case can stop. */
#define CHECK(expr) check_in(__func__, (expr), #expr)
bool check_in(const char *where, bool passed, const char *what);

/* Making an image; a failure ends the case. */
void put_file(const char *path, const char *text);
void put_link(const char *target, const char *path);
void put_dir(const char *path);

/* OPTIONS are separated by blanks. */
struct simple_mount {
	const char *dest, *type, *source, *options;
};

enum { MAX_MOUNTS = 16, MAX_OPTIONS = 8 };

struct box {
	struct oci_namespace namespaces[4];
	struct oci_linux lin;
	struct oci_root root;
	struct oci_mount mounts[MAX_MOUNTS];
	char *options[MAX_MOUNTS][MAX_OPTIONS];
	struct oci_config config;
	struct rootfs rootfs;
	struct mount_plan *plan;
	struct device_plan *devices;
	struct error err;
};

/* A config with these mounts, a mount and a cgroup namespace. */
void box_init(struct box *b, const struct simple_mount *mounts, size_t n);
void box_fini(struct box *b);

/* The steps of the parent; of init up to the pivot; of init. */
int box_prepare(struct box *b);
int box_build(struct box *b);
int box_become_init(struct box *b);

/* All of it in one process: unshare(2) carries the working directory over as clone(2) does. */
int box_enter(struct box *b);

/* Looking at the result. */
bool is_device(const char *path, unsigned int maj, unsigned int min, mode_t mode);
bool is_link(const char *path, const char *target);
bool is_fs(const char *path, long magic);
bool is_empty(const char *path);
bool same_fs(const char *a, const char *b);
bool has_flags(const char *path, unsigned long flags);
bool has_text(const char *path, const char *text);

/* With --no-pivot (R22): the host's procfs and sysfs are gone, what they stood on is not. */
void check_host_hidden(void);
