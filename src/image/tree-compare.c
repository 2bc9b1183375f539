/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tree-compare.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/interrupt.h"
#include "image/tree.h"
#include "image/whiteout.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(int dir_fd, struct strvec *names, struct error *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "a directory of a layer");
	}
	while ((entry = file_next_entry(dir, "a directory of a layer", &r, err)))
		strvec_push(names, entry->d_name);
	(void)closedir(dir);
	qsort(names->v, names->n, sizeof(*names->v), compare_names);
	return r;
}

static int differs(struct strbuf *where, const char *path, const char *how)
{
	cleanup_free char *shown = tree_printable(*path ? path : ".");

	strbuf_addf(where, "%s %s", shown, how);
	return DIFFERENT;
}

/* The first name that one of them lacks. */
static int compare_lists(const struct strvec *a, const struct strvec *b, const char *dir,
			 struct strbuf *where)
{
	for (size_t i = 0; i < a->n || i < b->n; i++) {
		cleanup_free char *path = NULL;
		int order = i == a->n ? 1 : i == b->n ? -1 : strcmp(a->v[i], b->v[i]);

		if (order == 0)
			continue;
		path = tree_join(dir, order < 0 ? a->v[i] : b->v[i]);
		return differs(where, path, order < 0 ? "should not be there" : "is missing");
	}
	return SAME;
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

static int compare_dirs(int a_fd, int b_fd, const char *path, struct strbuf *where,
			struct error *err)
{
	cleanup_strvec struct strvec a = STRVEC_INIT, b = STRVEC_INIT;
	int r = read_names(a_fd, &a, err);

	if (r == 0)
		r = read_names(b_fd, &b, err);
	if (r == 0)
		r = compare_lists(&a, &b, path, where);
	for (size_t i = 0; r == SAME && i < a.n; i++) {
		cleanup_free char *child = tree_join(path, a.v[i]);

		r = compare_names_of(a_fd, b_fd, a.v[i], child, where, err);
	}
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
