/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors: close-on-exec from birth, -EBADF while unset, closed by
 * the scope that owns them, handed over by take_fd().
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/mem.h"

/* Closes if set; keeps errno; never retried (close(2): the fd is gone even on EINTR). */
void fd_close(int *fd);

/* The variable's fd is closed when it goes out of scope. */
#define cleanup_close __attribute__((cleanup(fd_close)))

/* Hands over an fd: the variable becomes -EBADF. */
#define take_fd(fd) ({ int _taken = (fd); (fd) = -EBADF; _taken; })

/*
 * Fds that nobody needs any more, to be closed together: neighbours, as the kernel hands
 * them out, go in one close_range(2).
 */
struct fd_pile {
	int fds[32];
	unsigned int n;
};

/* In place of fd_close(): FD is the pile's now, and closed at any time from here on. */
void fd_pile_add(struct fd_pile *pile, int *fd);

/* Closes all, keeps errno; the pile can be used again. */
void fd_pile_close(struct fd_pile *pile);
#define cleanup_fd_pile __attribute__((cleanup(fd_pile_close)))

/* Duplicates FD close-on-exec at MIN or above. */
int fd_dup_above(int fd, int min, struct error *err);

/* Sets or clears close-on-exec. */
int fd_set_cloexec(int fd, bool on, struct error *err);

/*
 * Opens /dev/null as each of fds 0 to 2 that the caller left closed.  What we open later
 * would land there otherwise, and be taken for the standard output of a container.
 */
int fd_open_standard(struct error *err);

/* Marks every fd from FIRST up close-on-exec, so that nothing leaks into a program. */
int fd_cloexec_from(unsigned int first, struct error *err);
