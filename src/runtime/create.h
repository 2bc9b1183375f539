/* SPDX-License-Identifier: Apache-2.0 */
/* create, start and run (runtime.md, Operations). */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "linux/cgroup.h"

struct create_request {
	/* The state root. */
	const char *root;
	const char *id;
	/* Directory of config.json and rootfs. */
	const char *bundle;
	/* Name of the configuration below the bundle; NULL is "config.json". */
	const char *config;
	/* Gets init's pid as text, atomically; or NULL. */
	const char *pid_file;
	/* A unix socket that receives the pty's master; or NULL. */
	const char *console_socket;
	/* chroot instead of pivot_root, for roots on an initramfs. */
	bool no_pivot;
	bool no_new_keyring;
	/* run: do not wait for the process to end. */
	bool detach;
	/* run: leave the state behind when the process has ended. */
	bool keep;
	/* How many fds from 3 on the process gets, besides those of LISTEN_FDS. */
	unsigned int preserve_fds;
	enum cgroup_manager cgroup_manager;
};

/* Returns when init waits for start; everything is undone on failure. */
int container_create(const struct create_request *request, struct error *err);

/* Returns when the process has been executed, or says why it was not. */
int container_start(const char *root, const char *id, struct error *err);

/* create and start in one; in the foreground *EXIT_STATUS is the process's, 128+n for signal n. */
int container_run(const struct create_request *request, int *exit_status, struct error *err);
