/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tree-compare.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/dir-names.h"
#include "image/interrupt.h"
#include "image/tree.h"
#include "image/whiteout.h"

static int differs(struct strbuf *where, const char *path, const char *how)
{
	cleanup_free char *shown = tree_printable(*path ? path : ".");

	strbuf_addf(where, "%s %s", shown, how);
	return DIFFERENT;
}

static int compare_dirs(int a_fd, int b_fd, const char *path, struct strbuf *where,
			struct error *err);

static int compare_subdirs(int a_dir, int b_dir, const char *name, const char *path,
			   struct strbuf *where, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int a_fd = openat(a_dir, name, flags), b_fd = openat(b_dir, name, flags);

	if (a_fd < 0 || b_fd < 0)
		return error_sys(err, "open", "%s", path);
	if (whiteout_is_opaque(a_dir, name) != whiteout_is_opaque(b_dir, name))
		return differs(where, path, "is opaque or should be");
	return compare_dirs(a_fd, b_fd, path, where, err);
}

static int compare_names_of(int a_dir, int b_dir, const char *name, const char *path,
			    struct strbuf *where, struct error *err)
{
	struct stat a_st, b_st;
	const struct same_side a = { a_dir, name, &a_st }, b = { b_dir, name, &b_st };
	int r = interrupt_check(err);

	if (r < 0)
		return r;
	if (fstatat(a_dir, name, &a_st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(b_dir, name, &b_st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fstatat", "%s", path);
	/* Of a whiteout nothing else counts. */
	if (whiteout_is_device(&a_st) && whiteout_is_device(&b_st))
		return SAME;
	if ((a_st.st_mode & S_IFMT) != (b_st.st_mode & S_IFMT))
		return differs(where, path, "is of another type");
	if (S_ISDIR(a_st.st_mode)) {
		r = same_attributes(&a, &b, err);
		if (r == SAME)
			return compare_subdirs(a_dir, b_dir, name, path, where, err);
	} else {
		r = a_st.st_nlink == b_st.st_nlink ? same_file(&a, &b, err) : DIFFERENT;
	}
	return r == DIFFERENT ? differs(where, path, "was changed") : r;
}

/* The next names in two sorted directories; NULL is the end of one. */
static int compare_next(int a_fd, int b_fd, const char *a, const char *b, const char *dir,
			struct strbuf *where, struct error *err)
{
	int order = !a ? 1 : !b ? -1 : strcmp(a, b);
	cleanup_free char *path = tree_join(dir, order <= 0 ? a : b);

	if (order != 0)
		return differs(where, path, order < 0 ? "should not be there" : "is missing");
	return compare_names_of(a_fd, b_fd, a, path, where, err);
}

static int compare_dirs(int a_fd, int b_fd, const char *path, struct strbuf *where,
			struct error *err)
{
	cleanup_dir_names struct dir_names a = dir_names_of(a_fd, ".", path);
	cleanup_dir_names struct dir_names b = dir_names_of(b_fd, ".", path);
	int r;

	do {
		const char *a_name = NULL, *b_name = NULL;

		r = dir_names_next(&a, &a_name, err);
		if (r >= 0)
			r = dir_names_next(&b, &b_name, err);
		if (r < 0)
			return r;
		if (!a_name && !b_name)
			return SAME;
		r = compare_next(a_fd, b_fd, a_name, b_name, path, where, err);
	} while (r == SAME);
	return r;
}

int tree_compare(int fd, int reference_fd, struct strbuf *where, struct error *err)
{
	struct stat a_st, b_st;
	const struct same_side a = { fd, ".", &a_st }, b = { reference_fd, ".", &b_st };
	int r;

	if (fstat(fd, &a_st) < 0 || fstat(reference_fd, &b_st) < 0)
		return error_sys(err, "fstat", "the root of a layer");
	r = same_attributes(&a, &b, err);
	if (r == DIFFERENT)
		return differs(where, "", "was changed");
	return r < 0 ? r : compare_dirs(fd, reference_fd, "", where, err);
}
