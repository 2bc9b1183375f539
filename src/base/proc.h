/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A procfs that is known to be one.  The fd is of the host's /proc, checked by
 * fstatfs(2) and opened before any container content is in reach; through it a
 * container's init reads and writes its own files without ever looking at the
 * /proc the image set up.  Reference: proc(5).
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* The fd of /proc, opened and checked at the first call; owned by this module, stays open. */
int proc_fd(struct error *err);

/* Closes it again: for a program that finds its number to be one of the standard fds. */
void proc_forget(void);

/* Opens a file below /proc: no symlink, no mount point, nothing outside. */
int proc_open(const char *path, int flags, struct error *err);

/* "<pid>/NAME" of the calling thread group, as seen in that /proc. */
int proc_open_self(const char *name, int flags, struct error *err);

/*
 * A new open file description of what FD, which may be O_PATH, refers to: for files of a
 * container that are looked at before they are opened.
 */
int proc_reopen(int fd, int flags, struct error *err);

/* The absolute path of what FD, our own, was opened as. */
int proc_fd_path(int fd, char path[PATH_MAX], struct error *err);

/* One write of DATA to a file below /proc. */
int proc_write(const char *path, const char *data, struct error *err);
int proc_write_self(const char *name, const char *data, struct error *err);

/* Of /proc/PID/stat. */
struct proc_stat {
	/* In clock ticks since boot: together with the pid this names a process for good. */
	uint64_t start_time;
	/* Bit N - 1: signal N, of 1 to 31, is ignored. */
	uint32_t ignored_signals;
	/* 'Z' zombie, 'X' dead. */
	char state;
};

/* -ESRCH without a message when the process PID is gone. */
int proc_read_stat(pid_t pid, struct proc_stat *out, struct error *err);

/*
 * The kernel's inode of /proc/PID/fd, which belongs to one process for as long as it is
 * kept: no other inode has the same number and was made at the same time.  All 0 is none.
 */
struct proc_mark {
	uint64_t inode;
	/* In nanoseconds, UTC. */
	int64_t time;
};

/* None for a process that is gone, a zombie or without open files, and before Linux 6.2. */
struct proc_mark proc_mark(pid_t pid);

/*
 * True says as much as proc_read_stat() at a quarter of the price: PID is the process that
 * MARK was taken of, and runs.  False says nothing: the kernel forgets inodes when it
 * wants the memory, and each mounted proc has its own.
 */
bool proc_has_mark(pid_t pid, const struct proc_mark *mark);
