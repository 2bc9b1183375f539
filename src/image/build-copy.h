/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What COPY and ADD do with the files they have found.
 *
 * The destination is a directory when it ends in "/", when there are several
 * sources, or when it is one already; a directory's content is copied, not the
 * directory.  Whatever the tree has on the way to the destination, symlinks
 * among it, stays below its root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "image/build-source.h"
#include "image/containerfile.h"

struct build_copy {
	const struct source_root *root;
	const struct source_list *sources;
	/* Here-documents: files by the name of the document, variables replaced. */
	const struct heredoc *documents;
	size_t n_documents;
	/* Absolute. */
	const char *destination;
	/* Archives among the files are unpacked: ADD. */
	bool unpack;
	/* Owners as the source has them, its xattrs too: between stages. */
	bool keep_owner;
	/* The owner was asked for: also that of what is in archives. */
	bool chown;
	uid_t uid;
	gid_t gid;
	/* Permissions for everything, or -1. */
	int mode;
};

int build_copy(int root_fd, const struct build_copy *copy, struct error *err);
