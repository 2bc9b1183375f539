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

static int same_xattrs(const struct same_side *upper, const struct same_side *lower,
		       struct error *err)
{
	cleanup_strvec struct strvec a = STRVEC_INIT, b = STRVEC_INIT;
	cleanup_strbuf struct strbuf value_a = STRBUF_INIT, value_b = STRBUF_INIT;
	int r = tree_list_xattrs(upper->dir_fd, upper->name, &a, err);

	if (r == 0)
		r = tree_list_xattrs(lower->dir_fd, lower->name, &b, err);
	if (r < 0)
		return r;
	if (!same_names(&a, &b))
		return DIFFERENT;
	for (size_t i = 0; i < a.n; i++) {
		strbuf_reset(&value_a);
		strbuf_reset(&value_b);
		r = tree_get_xattr(upper->dir_fd, upper->name, a.v[i], &value_a, err);
		if (r == 0)
			r = tree_get_xattr(lower->dir_fd, lower->name, a.v[i], &value_b, err);
		if (r < 0)
			return r;
		if (value_a.len != value_b.len ||
		    memcmp(value_a.buf, value_b.buf, value_a.len) != 0)
			return DIFFERENT;
	}
	return SAME;
}

int same_attributes(const struct same_side *upper, const struct same_side *lower,
		    struct error *err)
{
	const struct stat *a = upper->st, *b = lower->st;

	if (a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid)
		return DIFFERENT;
	return same_xattrs(upper, lower, err);
}

static int same_link(const struct same_side *upper, const struct same_side *lower,
		     struct error *err)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(upper->dir_fd, upper->name, a, sizeof(a));
	ssize_t m = readlinkat(lower->dir_fd, lower->name, b, sizeof(b));

	if (n < 0 || m < 0)
		return error_sys(err, "readlinkat", "%s", upper->name);
	return n == m && memcmp(a, b, (size_t)n) == 0 ? SAME : DIFFERENT;
}

static int same_content(const struct same_side *upper, const struct same_side *lower,
			struct error *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int a_fd = openat(upper->dir_fd, upper->name, flags);
	cleanup_close int b_fd = openat(lower->dir_fd, lower->name, flags);
	cleanup_free char *a = xmalloc(CHUNK), *b = xmalloc(CHUNK);
	ssize_t n, m;

	if (a_fd < 0 || b_fd < 0)
		return error_sys(err, "open", "%s", upper->name);
	/* Regular files of one size: a short read comes at the end only. */
	do {
		n = read(a_fd, a, CHUNK);
		m = read(b_fd, b, CHUNK);
		if (n < 0 || m < 0)
			return error_sys(err, "read", "%s", upper->name);
		if (n != m || memcmp(a, b, (size_t)n) != 0)
			return DIFFERENT;
	} while (n > 0);
	return SAME;
}

int same_by_stat(const struct same_side *upper, const struct same_side *lower,
		 struct error *err)
{
	const struct stat *a = upper->st, *b = lower->st;
	int r;

	/* A copy-up keeps the time to the nanosecond: most changes show here. */
	if ((a->st_mode & S_IFMT) != (b->st_mode & S_IFMT) ||
	    a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec ||
	    a->st_size != b->st_size || a->st_rdev != b->st_rdev)
		return DIFFERENT;
	r = same_attributes(upper, lower, err);
	if (r != SAME)
		return r;
	return S_ISLNK(a->st_mode) ? same_link(upper, lower, err) : SAME;
}

int same_file(const struct same_side *upper, const struct same_side *lower, struct error *err)
{
	int r = same_by_stat(upper, lower, err);

	return r == SAME && S_ISREG(upper->st->st_mode) ? same_content(upper, lower, err) : r;
}
