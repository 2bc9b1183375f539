/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container and what is kept of it between two commands.
 *
 * The state directory ROOT/ID holds
 *	config.json	the bundle's, frozen at create (runtime.md, Lifecycle 2)
 *	state.json	struct container_record, replaced atomically
 *	start.sock	where init waits for "start"; its existence means "created"
 * The directory is locked (flock) by whoever changes it.  A create that dies
 * leaves a directory that can be deleted, whatever is missing in it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/proc.h"
#include "libocispec/arena.h"
#include "libocispec/runtime.h"

/* What state.json holds. Strings live in the container's arena. */
struct container_record {
	const char *oci_version;
	const char *id;
	/* 0 until init exists. */
	int64_t pid;
	/* /proc/PID/stat field 22: tells the process from a later one of the same pid. */
	uint64_t pid_start_time;
	/* The same in one call, as long as the kernel keeps that inode (struct proc_mark). */
	struct proc_mark pid_mark;
	/* What init got from the caller of create and must not pass on (struct proc_stat). */
	uint32_t ignored_signals;
	const char *bundle;
	/* Absolute. */
	const char *rootfs;
	/* RFC 3339 with nanoseconds, UTC. */
	const char *created;
	/* Below the cgroup2 mount point, with a leading "/"; NULL without a cgroup. */
	const char *cgroup_path;
	/* The name of the cgroup driver that made it. */
	const char *cgroup_driver;
	/*
	 * The resctrl group its processes are in and the monitoring group below
	 * it, as linux/intel-rdt.h has them; NULL without linux.intelRdt.
	 */
	const char *rdt_group, *rdt_monitor;
	/* The former goes with the container. */
	bool rdt_group_is_ours;
	/* The effective user that created it. */
	uint32_t owner;
	struct oci_string_map annotations;
};

struct container {
	char *id;
	/* The open directory ROOT/ID, and ROOT while this command may remove it. */
	int dir_fd, root_fd;
	/* By us, on dir_fd. */
	bool locked;
	struct oci_arena arena;
	struct container_record record;
	/* Set by container_load_config() or at create; NULL otherwise. */
	struct oci_config *config;
};

#define CONTAINER_INIT { .dir_fd = -EBADF, .root_fd = -EBADF }

/* Frees and closes; the container itself goes on. Takes half-built ones. */
void container_fini(struct container *c);
#define cleanup_container __attribute__((cleanup(container_fini)))

/*
 * Loads the state of ID below ROOT.  -ENOENT "container does not exist" when
 * there is none.  A directory without state.json (create still at work, or
 * killed) gives a record with pid 0.
 */
int container_load(struct container *c, const char *root, const char *id, struct error *err);

/*
 * For whoever looks at many: C is good for container_status() alone, as its directory is
 * not opened unless there is no state.json in it.  C->root_fd is ROOT, the caller's.
 */
int container_peek(struct container *c, const char *root, const char *id, struct error *err);

/* Reads the frozen config.json into c->config. */
int container_load_config(struct container *c, struct error *err);

/*
 * Takes the lock, waiting for it, and reads what whoever held it may have
 * written.  -ENOENT "container does not exist" when it was removed meanwhile.
 */
int container_lock_loaded(struct container *c, const char *root, struct error *err);

/* What the container is doing now, from the process table and the cgroup. */
int container_status(const struct container *c, enum oci_status *out, struct error *err);

/* A pidfd of init, checked to be the process the record means; -ESRCH when it is gone. */
int container_open_pidfd(const struct container *c, struct error *err);

/* The state document of runtime.md with STATUS and PID; NULL-terminated, the caller's to free. */
int container_state_json(const struct container *c, enum oci_status status, pid_t pid,
			 char **out, struct error *err);

/* The same as config-linux.md, The Container Process State, has it for seccomp's agent. */
int container_seccomp_state_json(const struct container *c, pid_t pid, char **out,
				 struct error *err);

/* Takes the lock; with WAIT false, -EBUSY names the container when somebody else holds it. */
int container_lock(struct container *c, bool wait, struct error *err);
