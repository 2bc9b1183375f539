/* SPDX-License-Identifier: Apache-2.0 */
/* What only the comparison of two plain trees needs: see struct layer_diff. */
#include "image/layer-diff-parts.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/path.h"
#include "image/same.h"
#include "image/tree.h"

int diff_missing(struct differ *differ, struct level *level, const struct strvec *names,
		 struct error *err)
{
	cleanup_strvec struct strvec below = STRVEC_INIT;
	int r = 0;

	if (!differ->flat || level->lower.n == 0)
		return 0;
	r = diff_read_names(differ->lower.fds[level->lower.layers[0]],
		       *level->path ? level->path : ".", &below, err);
	for (size_t i = 0, n = 0; r >= 0 && i < below.n; i++) {
		while (n < names->n && strcmp(names->v[n], below.v[i]) < 0)
			n++;
		if (n == names->n || !streq(names->v[n], below.v[i]))
			r = diff_write_whiteout(differ, level, below.v[i], err);
	}
	return r;
}

static int note_link(struct differ *differ, int dir_fd, const char *name, const char *path,
		     const struct stat *st, struct error *err)
{
	cleanup_close int fd = path_try_open(differ->lower.fds[0], path, PATH_NO_SYMLINKS,
					     O_PATH | O_NOFOLLOW, 0);
	struct stat below;
	const struct same_side upper = { dir_fd, name, st };
	const struct same_side lower = { differ->lower.fds[0], path, &below };
	int r = DIFFERENT;

	if (fd >= 0 && fstat(fd, &below) == 0)
		r = same_by_stat(&upper, &lower, err);
	if (r == DIFFERENT)
		path_map_put(&differ->touched, diff_inode_key(st).s, 1);
	return r < 0 ? r : 0;
}

int diff_note_links(struct differ *differ, int dir_fd, const char *dir, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = diff_read_names(dir_fd, ".", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = tree_join(dir, names.v[i]);
		cleanup_close int fd = -EBADF;
		struct stat st;

		if (fstatat(dir_fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return error_sys(err, "fstatat", "%s", path);
		if (!S_ISDIR(st.st_mode)) {
			r = st.st_nlink > 1
				    ? note_link(differ, dir_fd, names.v[i], path, &st, err)
				    : 0;
			continue;
		}
		fd = openat(dir_fd, names.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? error_sys(err, "open", "%s", path)
			   : diff_note_links(differ, fd, path, err);
	}
	return r;
}
