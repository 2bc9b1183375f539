/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What COPY and ADD take their files from: the context, another stage, an
 * image.  Sources are found by pattern, listed in a fixed order and digested
 * before anything is copied: the digest decides whether the copy is needed.
 *
 * Whatever names a path below the root, symlinks among it, stays below it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"
#include "image/build-digests.h"
#include "image/digest.h"
#include "image/ignore.h"

struct source_root {
	int fd;
	/* "the context" or "stage build", for messages. */
	const char *what;
	/* NULL: nothing is left out, every file is read. */
	const struct ignore *ignore;
	struct build_digests *digests;
};

struct source_entry {
	/* Below the source, "" for the source itself. */
	char *path;
	struct stat st;
	/* Of a regular file's content. */
	struct digest digest;
};

struct source {
	/* Relative to the root, clean; "" is the root. */
	char *path;
	/* Parents before what is in them, names in a directory bytewise. */
	struct source_entry *entries;
	size_t n;
};

struct source_list {
	struct source *v;
	size_t n;
};

#define SOURCE_LIST_INIT { .n = 0 }

void source_list_release(struct source_list *list);
#define cleanup_source_list __attribute__((cleanup(source_list_release)))

/*
 * Adds what PATTERN names, "*", "?" and "[]" standing for parts of one
 * component.  Nothing at all is -ENOENT, a path that leaves the root -EXDEV.
 */
int source_find(const struct source_root *root, const char *pattern, struct source_list *list,
		struct error *err);

/*
 * Of names, types, permissions, link targets and contents, and with OWNERS of
 * who they belong to; not of times.
 */
int source_digest(const struct source_root *root, const struct source *source, bool owners,
		  struct hasher *hasher, struct error *err);

/* An fd of the regular file or directory ENTRY, for reading. */
int source_open(const struct source_root *root, const struct source *source,
		const struct source_entry *entry, struct error *err);

/* The target of the symlink ENTRY: the caller's to free, NULL with ERR set. */
char *source_link(const struct source_root *root, const struct source *source,
		  const struct source_entry *entry, struct error *err);
