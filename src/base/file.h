/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read at once, written at once, replaced atomically. */
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/* Appends everything FD still gives to SB; more than MAX bytes is -EFBIG. NAME is for messages. */
int file_read_fd(int fd, const char *name, size_t max, struct strbuf *sb, struct error *err);

/* Opens PATH below DFD and reads it as above. */
int file_read_at(int dfd, const char *path, size_t max, struct strbuf *sb, struct error *err);

/*
 * The same for a regular file of a few kilobytes that is replaced, never written to: what one
 * read gives is all of it, and nobody asks for its size.
 */
int file_read_small_at(int dfd, const char *path, size_t max, struct strbuf *sb,
		       struct error *err);

/* Writes all of DATA; short writes and EINTR are continued. */
int file_write_fd(int fd, const char *name, const void *data, size_t n, struct error *err);

/* One write(2) of DATA into the existing file PATH below DFD, for proc, sysfs and cgroupfs. */
int file_write_at(int dfd, const char *path, const char *data, struct error *err);

/* A new file of that content at PATH below DFD; -EEXIST when there is one. */
int file_create_at(int dfd, const char *path, const void *data, size_t n, mode_t mode,
		   struct error *err);

/*
 * Puts a file of that content at PATH below DFD: a temporary file beside it,
 * then rename(2), so that readers see the old one or the new one.  Not synced.
 */
int file_replace_at(int dfd, const char *path, const void *data, size_t n, mode_t mode,
		    struct error *err);

/*
 * The next entry of DIR but "." and ".."; NULL at the end, and when it cannot be read: then
 * *R is negative and ERR tells, with NAME for the directory.
 */
struct dirent *file_next_entry(DIR *dir, const char *name, int *r, struct error *err);

/* Removes PATH below DFD with everything in it; never follows symlinks; missing is fine. */
int file_remove_tree_at(int dfd, const char *path, struct error *err);
