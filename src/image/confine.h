/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on bytes of strangers, in a process of its own that has given away all that the
 * work does not need.  What is in force there, in this order:
 *
 *	it dies with its parent
 *	the two directories are mounts of their own, from which ".." leads nowhere; no
 *		devices are opened there, no programs run, and the second is read-only
 *	no other fds than those given and stderr
 *	its root directory is the list of its fds (/proc/self/fd)
 *	Landlock: files are opened and made below the two directories alone
 *	capabilities: those for files
 *	no_new_privs, a seccomp filter: no sockets, no programs, no processes, no mounts
 *
 * A kernel or a container that lacks a part does without it, but for capabilities and
 * filter: mounts need CAP_SYS_ADMIN, Landlock a kernel 5.19.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

enum { CONFINE_MAX_FDS = 4 };

struct confinement {
	/* What the work is called in messages: "layer sha256:...". */
	const char *name;
	/* May be written to and read, and only be read; or -EBADF. */
	int write_dir;
	int read_dir;
	/* Stay as they are; -EBADF is passed over. */
	int fds[CONFINE_MAX_FDS];
};

/*
 * In the confined process, where the fds have the numbers they had; memory is a copy.
 * What it adds to RESULT is what the caller gets.
 */
typedef int (*confined_fn)(void *ctx, struct strbuf *result, struct error *err);

/*
 * Runs WORK(CTX) and waits for it.  Its messages and its progress come out as if it ran
 * here; its error is ERR.  An interrupt ends it.
 */
int confine_run(const struct confinement *confinement, confined_fn work, void *ctx,
		struct strbuf *result, struct error *err);

/* The same for a result of fixed size: another size is an error. */
struct confined_result {
	void *data;
	size_t size;
};
int confine_run_sized(const struct confinement *confinement, confined_fn work, void *ctx,
		      const struct confined_result *result, struct error *err);

/* The part that the process itself does; what it keeps beside the fds of CONFINEMENT: KEEP. */
int confine_enter(const struct confinement *confinement, int keep, struct error *err);

/* Makes what is costly once for all processes, in their parent. */
int confine_prepare(struct error *err);
