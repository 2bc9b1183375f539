/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process in a running container. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

struct exec_request {
	const char *root;
	const char *id;
	/* A file with an OCI process object; or NULL to take the container's and change it. */
	const char *process_file;
	/* The command; empty with process_file. */
	char *const *args;
	/* KEY=VALUE, added to the container's. */
	char *const *env;
	/* "UID[:GID]" or NULL. */
	const char *user;
	/* Additional group ids as text, NULL-terminated. */
	char *const *additional_gids;
	/* Capabilities added to the container's bounding, effective and permitted sets. */
	char *const *caps;
	const char *cwd;
	const char *pid_file;
	const char *console_socket;
	const char *process_label;
	const char *apparmor;
	/* A cgroup below the container's own, or NULL. */
	const char *cgroup;
	bool tty;
	bool detach;
	bool no_new_privs;
	bool ignore_paused;
	unsigned int preserve_fds;
};

/* In the foreground *EXIT_STATUS is the process's, 128+n for signal n. */
int container_exec(const struct exec_request *request, int *exit_status, struct error *err);
