/* SPDX-License-Identifier: Apache-2.0 */
/* One exec: what the runtime and the new process share, as the latter is a clone of the former. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/cgroup.h"
#include "linux/relay.h"
#include "runtime/container.h"
#include "runtime/exec-process.h"
#include "runtime/process.h"

struct execution {
	const struct exec_request *request;
	struct container container;
	struct exec_process what;
	struct process_plan plan;
	struct relay relay;
	struct cgroup cgroup;
	/* Init's. */
	int init_pidfd;
	/* Its root directory, where that is not the root of a mount namespace; else -EBADF. */
	int init_root_fd;
	/* CLONE_NEW* of the namespaces to join. */
	int join_flags;
	/* Without privilege on the host the user namespace must come before the pid namespace. */
	bool staged;
	/* It was not born in its cgroup, which we may not enter: the driver moves it. */
	bool to_be_adopted;
	int sync_fd, child_sync_fd;
	/* SYNC_START is sent. */
	bool started;
	int console_fd, console_socket_fd;
	pid_t pid;
	int pidfd;
	/* In the new process: the container's root, and what is to be executed. */
	int root_fd;
	char program[4096];
};

struct exec_step {
	const char *name;
	int (*run)(struct execution *x, struct error *err);
};

/* Runs them until one fails, and notes which; with --timing how long each took. */
int execution_run(const char *phase, const struct exec_step *steps, size_t n,
		  struct execution *x, struct error *err);

/* In the new process: becomes a member of the container and executes the program. */
void execution_child(struct execution *x) __attribute__((noreturn));

/* The same through a process between, which joins the user namespace first (x->staged). */
void execution_stage(struct execution *x) __attribute__((noreturn));
