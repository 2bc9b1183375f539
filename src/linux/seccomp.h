/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System call filters.  The profile becomes BPF in the parent; the container's
 * init only hands it to the kernel.  Reference: seccomp(2), config-linux.md
 * "seccomp".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "libocispec/names.h"

struct oci_seccomp;
struct sock_filter;

struct seccomp_program {
	/* Heap; n_filter 0: nothing to load. */
	struct sock_filter *filter;
	unsigned short n_filter;
	/* SECCOMP_FILTER_FLAG_* for seccomp(2). */
	unsigned int flags;
	/* A rule notifies: seccomp_install() gives a listener fd. */
	bool notifies;
};
#define SECCOMP_PROGRAM_INIT { .filter = NULL }

/*
 * SECCOMP as a filter; NULL is an empty program.  Names of system calls this
 * host does not know are skipped.  What the spec forbids is refused: an errno
 * for an action that has none, listener metadata without a path, notification
 * of the calls that the hand-over of the listener needs.
 */
int seccomp_compile(const struct oci_seccomp *seccomp, struct seccomp_program *out,
		    struct error *err);
void seccomp_program_fini(struct seccomp_program *program);

/*
 * Loads PROGRAM for this process; everything after it is subject to it.  Without
 * no_new_privs this needs CAP_SYS_ADMIN.  *LISTENER_FD (may be NULL when PROGRAM
 * does not notify) is the listener or -EBADF.
 */
int seccomp_install(const struct seccomp_program *program, int *listener_fd,
		    struct error *err);

/*
 * Gives LISTENER_FD to the agent on the unix socket PATH together with STATE,
 * the JSON of the spec's container process state, whose "fds" must be
 * ["seccompFd"]; then closes the connection.
 */
int seccomp_send_listener(const char *path, const char *state, int listener_fd,
			  struct error *err);

/* What this build and this kernel can do, for "features". */
bool seccomp_supports_action(enum oci_seccomp_action action);
bool seccomp_supports_arch(enum oci_seccomp_arch arch);
bool seccomp_supports_flag(enum oci_seccomp_flag flag);
