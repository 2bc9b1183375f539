/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container's init in its namespaces and its cgroup: clone3(2). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/namespace.h"

struct spawn_request {
	const struct namespace_plan *namespaces;
	/* CLONE_NEW* of new ones that are there already: init goes into them by itself. */
	uint64_t made;
	/* Directory to be born in (CLONE_INTO_CGROUP), or -EBADF. */
	int cgroup_fd;
	/* Both ends of the sync pair; the child closes the parent's. */
	int parent_sync_fd;
	int child_sync_fd;
	/* Runs in the new process and does not return. */
	void (*child)(void *arg) __attribute__((noreturn));
	void *arg;
};

struct spawned {
	pid_t pid;
	int pidfd;
};

/*
 * One clone3, or two where namespace_plan_needs_stage() says so; either way
 * the new process is a child of the caller.  A cgroup namespace is not made
 * here: its root is the cgroup of the moment, so init unshares it itself.
 */
int spawn_init(const struct spawn_request *request, struct spawned *out, struct error *err);

/*
 * Waits for a stage process to end, which has cloned a sibling of its own and
 * said so (SYNC_STAGE_PID): that one is *OUT, and a child of the caller.
 */
int spawn_await_stage(int sync_fd, pid_t stage_pid, struct spawned *out, struct error *err);

/*
 * For a stage process: clones with FLAGS, as a child of the stage's parent, which is told
 * the pid before the clone goes on.  Returns 0 in the clone and 1 in the stage, which is to
 * end then, since the clone waits for that.
 */
int spawn_sibling(uint64_t flags, int sync_fd, struct error *err);
