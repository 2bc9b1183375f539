/* SPDX-License-Identifier: Apache-2.0 */
/* Layers made in memory and trees told as text, for the tests of src/image/layer-*. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/str.h"
#include "image/layer-apply.h"

/* One entry of a tar; the list ends with one without a name. */
struct test_entry {
	/* f, d, l (symlink), h (hard link), c, b, p. */
	char type;
	const char *name;
	/* Content of a file, target of a link. */
	const char *text;
	unsigned int mode;
	int64_t uid, gid;
	int64_t mtime;
	long mtime_nsec;
	unsigned int major, minor;
	const char *xattr, *xattr_value;
	/* 0: the length of the string. */
	size_t xattr_size;
};

/* The bytes of a tar archive of ENTRIES. */
void test_make_tar(const struct test_entry *entries, struct strbuf *tar);

/* A source that gives TAR in pieces of PIECE bytes. */
struct test_source {
	struct layer_source source;
	const struct strbuf *tar;
	size_t piece, offset;
};
void test_source_init(struct test_source *source, const struct strbuf *tar, size_t piece);

/*
 * The tree below PATH, a line per file, sorted: type, mode, owner, size or
 * device, time (TIMES), name, content or target, xattrs.  Hard links are told
 * by "=FIRST NAME".
 */
void test_tell_tree(const char *path, bool times, struct strbuf *told);

/* A scratch tmpfs in a mount namespace of our own; skips the whole test when not root. */
const char *test_scratch(void);
