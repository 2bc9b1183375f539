/* SPDX-License-Identifier: Apache-2.0 */
#include "image/same.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/tree.h"

enum { CHUNK = 1 << 16 };

static bool same_names(const struct strvec *a, const struct strvec *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!streq(a->v[i], b->v[i]))
			return false;
	return true;
}

static int same_xattrs(int upper_dir, const char *upper_name, int lower_dir,
		       const char *lower_path, struct error *err)
{
	cleanup_strvec struct strvec a = STRVEC_INIT, b = STRVEC_INIT;
	cleanup_strbuf struct strbuf value_a = STRBUF_INIT, value_b = STRBUF_INIT;
	int r = tree_list_xattrs(upper_dir, upper_name, &a, err);

	if (r == 0)
		r = tree_list_xattrs(lower_dir, lower_path, &b, err);
	if (r < 0)
		return r;
	if (!same_names(&a, &b))
		return DIFFERENT;
	for (size_t i = 0; i < a.n; i++) {
		strbuf_reset(&value_a);
		strbuf_reset(&value_b);
		r = tree_get_xattr(upper_dir, upper_name, a.v[i], &value_a, err);
		if (r == 0)
			r = tree_get_xattr(lower_dir, lower_path, a.v[i], &value_b, err);
		if (r < 0)
			return r;
		if (value_a.len != value_b.len ||
		    memcmp(value_a.buf, value_b.buf, value_a.len) != 0)
			return DIFFERENT;
	}
	return SAME;
}

int same_attributes(int upper_dir, const char *upper_name, const struct stat *upper,
		    int lower_dir, const char *lower_path, const struct stat *lower,
		    struct error *err)
{
	if (upper->st_mode != lower->st_mode || upper->st_uid != lower->st_uid ||
	    upper->st_gid != lower->st_gid)
		return DIFFERENT;
	return same_xattrs(upper_dir, upper_name, lower_dir, *lower_path ? lower_path : ".", err);
}

static int same_link(int upper_dir, const char *upper_name, int lower_dir,
		     const char *lower_path, struct error *err)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(upper_dir, upper_name, a, sizeof(a));
	ssize_t m = readlinkat(lower_dir, lower_path, b, sizeof(b));

	if (n < 0 || m < 0)
		return error_sys(err, "readlinkat", "%s", upper_name);
	return n == m && memcmp(a, b, (size_t)n) == 0 ? SAME : DIFFERENT;
}

static int same_content(int upper_dir, const char *upper_name, int lower_dir,
			const char *lower_path, struct error *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int a_fd = openat(upper_dir, upper_name, flags);
	cleanup_close int b_fd = openat(lower_dir, lower_path, flags);
	cleanup_free char *a = xmalloc(CHUNK), *b = xmalloc(CHUNK);
	ssize_t n, m;

	if (a_fd < 0 || b_fd < 0)
		return error_sys(err, "open", "%s", upper_name);
	/* Regular files of one size: a short read comes at the end only. */
	do {
		n = read(a_fd, a, CHUNK);
		m = read(b_fd, b, CHUNK);
		if (n < 0 || m < 0)
			return error_sys(err, "read", "%s", upper_name);
		if (n != m || memcmp(a, b, (size_t)n) != 0)
			return DIFFERENT;
	} while (n > 0);
	return SAME;
}

int same_file(int upper_dir, const char *upper_name, const struct stat *upper, int lower_dir,
	      const char *lower_path, const struct stat *lower, struct error *err)
{
	int r;

	/* A copy-up keeps the time to the nanosecond: most changes show here. */
	if ((upper->st_mode & S_IFMT) != (lower->st_mode & S_IFMT) ||
	    upper->st_mtim.tv_sec != lower->st_mtim.tv_sec ||
	    upper->st_mtim.tv_nsec != lower->st_mtim.tv_nsec ||
	    upper->st_size != lower->st_size || upper->st_rdev != lower->st_rdev)
		return DIFFERENT;
	r = same_attributes(upper_dir, upper_name, upper, lower_dir, lower_path, lower, err);
	if (r != SAME)
		return r;
	if (S_ISLNK(upper->st_mode))
		return same_link(upper_dir, upper_name, lower_dir, lower_path, err);
	if (S_ISREG(upper->st_mode))
		return same_content(upper_dir, upper_name, lower_dir, lower_path, err);
	return SAME;
}
