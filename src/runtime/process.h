/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's process: everything config.md "Process" says, checked and made
 * ready in the runtime, then taken on step by step in the new process.
 * A container's init and the child of exec end in the same way.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "linux/capability.h"
#include "linux/credential.h"
#include "linux/rlimit.h"
#include "linux/schedule.h"
#include "linux/seccomp.h"
#include "linux/terminal.h"
#include "runtime/container.h"
#include "runtime/hooks.h"

struct process_request {
	const struct oci_process *process;
	/* For linux.seccomp and linux.personality; may be NULL. */
	const struct oci_linux *linux;
	/* A user namespace other than the runtime's. */
	bool other_userns;
	/* The fds from 3 on that were asked for, without those of LISTEN_FDS. */
	unsigned int preserve_fds;
	/* The caller's supplementary groups stay: process_keeps_groups(). */
	bool keep_groups;
};

struct process_plan {
	const struct oci_process *process;
	struct strvec env;
	struct credential credential;
	struct capability_sets caps;
	struct rlimit_set rlimits;
	struct schedule schedule;
	struct schedule_affinity affinity;
	struct seccomp_program seccomp;
	unsigned long personality;
	/* In another user namespace limits are raised from outside, by process_prepare_start(). */
	bool other_userns;
	/* The inherited fds that the process keeps, in order. */
	int *kept_fds;
	size_t n_kept_fds;
};

#define PROCESS_KEEP_GROUPS "run.oci.keep_original_groups"

/*
 * Whether that annotation is "1": podman's "--group-add keep-groups", for files that only
 * a group of the caller may read.
 */
bool process_keeps_groups(const struct oci_string_map *annotations);

/*
 * In the runtime.  The plan borrows from the documents.  Marks every other fd
 * close-on-exec, and checks that those to be kept are open.
 */
int process_plan_init(struct process_plan *plan, const struct process_request *request,
		      struct error *err);
void process_plan_fini(struct process_plan *plan);
#define cleanup_process_plan __attribute__((cleanup(process_plan_fini)))

/* Everything that process_plan_init() would find wrong, not only the first of it. */
void process_check(const struct process_request *request,
		   void (*report)(void *arg, const struct error *problem), void *arg);

/* --- in the new process, inside the container's root -------------------------------- */

/* What needs the privileges the process is born with: scheduling, personality, keyring's rest. */
int process_apply_early(const struct process_plan *plan, struct error *err);

/*
 * Opens the terminal below ROOT_FD, makes it the controlling terminal and fds
 * 0 to 2, sends the master over SYNC_FD and waits until the runtime has it.
 * *SLAVE_FD (may be NULL) gets a copy of the slave.
 */
int process_open_terminal(const struct process_plan *plan, int root_fd, int sync_fd,
			  int *slave_fd, struct error *err);

/* Gives fds 0 to 2 to the user, and opens a host's /dev/null among them anew, in the container. */
int process_fix_stdio(const struct process_plan *plan, struct error *err);

/* Adds HOME from the container's /etc/passwd if the environment has none. */
int process_set_home(struct process_plan *plan, int root_fd, struct error *err);

/* Makes process.cwd if it is missing (CREATE) and enters it. */
int process_enter_cwd(const struct process_plan *plan, bool create, struct error *err);

/*
 * Finds args[0] as execvp(3) would, with the process's own PATH.  The error
 * says what engines look for: "executable file not found in $PATH",
 * "no such file or directory", "permission denied".
 */
int process_find_program(const struct process_plan *plan, char path[4096], struct error *err);

struct process_start {
	int sync_fd;
	const char *program;
	/* The process has these from its birth (struct proc_stat). */
	uint32_t ignored_signals;
	/* startContainer hooks and the state they get; n 0 for none. */
	struct hook_list hooks;
	const char *state;
};

/* Labels, credentials, seccomp, hooks, execve: returns only on failure. */
int process_execute(const struct process_plan *plan, const struct process_start *start,
		    struct error *err);

/* --- in the runtime, after SYNC_START ------------------------------------------------ */

/*
 * What must be done to the process PID from outside, once it has said
 * SYNC_READY and before it is told SYNC_START.
 */
int process_prepare_start(const struct process_plan *plan, pid_t pid, struct error *err);

/* Puts PID as text into the file PATH, at once; NULL does nothing. */
int process_write_pid_file(const char *path, pid_t pid, struct error *err);

struct process_await {
	int sync_fd;
	/* The process, as seen from here. */
	pid_t pid;
	int pidfd;
	/* The container it belongs to, with its configuration. */
	const struct container *container;
};

/*
 * Reads until execve has happened or failed.  A seccomp listener on the way is
 * taken out of the process and sent to the agent at linux.seccomp.listenerPath.
 */
int process_await_exec(const struct process_await *await, struct error *err);
