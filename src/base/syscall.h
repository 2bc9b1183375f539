/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that glibc 2.36 does not wrap.  Each returns -1 and sets errno
 * like the others; the man page of the same name is the reference.
 */
#pragma once

#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* clone3(2) of a process with its own copy of memory: 0 in the child. */
pid_t sys_clone3(struct clone_args *args);
int sys_openat2(int dfd, const char *path, const struct open_how *how);
int sys_pivot_root(const char *new_root, const char *put_old);
/* The raw call: glibc's refuses "(unreachable)" by itself, we want to see it. */
long sys_getcwd(char *buf, size_t size);
long sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c,
		unsigned long d);
