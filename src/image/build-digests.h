/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content digests of a context's files, remembered between builds by what
 * stat(2) says of them, so that an unchanged context costs a walk and no read.
 *
 * The table is a file of the store, build/digests/<sha256 of the context's
 * path>: a header and records sorted by device and inode, in this machine's
 * byte order.  What is wrong with it in any way makes it empty.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "image/digest.h"
#include "image/store.h"

struct digest_record {
	uint64_t dev, ino, size;
	int64_t mtime_sec, ctime_sec;
	uint32_t mtime_nsec, ctime_nsec;
	/* Not terminated. */
	char sha256[64];
};

struct build_digests {
	struct store *store;
	char name[96];
	/* As it was read. */
	struct digest_record *old;
	size_t n_old;
	/* What this build has seen. */
	struct digest_record *seen;
	size_t n_seen, n_alloc;
	/* Files that had to be read. */
	size_t n_read;
};

/* Reads the table of the context at PATH (absolute). */
void build_digests_open(struct build_digests *digests, struct store *store, const char *path);
void build_digests_release(struct build_digests *digests);

/* The sha256 of the regular file FD, whose name is for messages, as ST describes it. */
int build_digests_of(struct build_digests *digests, int fd, const struct stat *st,
		     const char *name, struct digest *digest, struct error *err);

/* Whether the table has the file, which then need not be opened. */
bool build_digests_find(struct build_digests *digests, const struct stat *st,
			struct digest *digest);

/* Replaces the table, if there is news, by what was seen. */
int build_digests_save(struct build_digests *digests, struct error *err);
