/* SPDX-License-Identifier: Apache-2.0 */
/* What only the comparison of two plain trees needs: see struct layer_diff. */
#include "image/layer-diff-parts.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/path.h"
#include "image/same.h"
#include "image/tree.h"

int diff_missing(struct differ *differ, struct level *level, struct dir_names *names,
		 struct error *err)
{
	cleanup_dir_names struct dir_names below = { 0 };
	const char *name = NULL, *gone;
	int r, here = 1;

	if (level->lower.n == 0)
		return 0;
	below = dir_names_of(differ->lower.fds[level->lower.layers[0]],
			     *level->path ? level->path : ".", level->path);
	while ((r = dir_names_next(&below, &gone, err)) > 0) {
		while (here > 0 && (!name || strcmp(name, gone) < 0))
			here = dir_names_next(names, &name, err);
		if (here < 0)
			return here;
		if (here > 0 && streq(name, gone))
			continue;
		r = diff_write_whiteout(differ, level, gone, err);
		if (r < 0)
			return r;
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

static int note_links_of(struct differ *differ, int dir_fd, const char *name, const char *dir,
			 struct error *err)
{
	cleanup_free char *path = tree_join(dir, name);
	cleanup_close int fd = -EBADF;
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fstatat", "%s", path);
	if (!S_ISDIR(st.st_mode))
		return st.st_nlink > 1 ? note_link(differ, dir_fd, name, path, &st, err) : 0;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open", "%s", path);
	return diff_note_links(differ, fd, path, err);
}

int diff_note_links(struct differ *differ, int dir_fd, const char *dir, struct error *err)
{
	cleanup_dir_names struct dir_names names = dir_names_of(dir_fd, ".", dir);
	const char *name;
	int r;

	while ((r = dir_names_next(&names, &name, err)) > 0) {
		r = note_links_of(differ, dir_fd, name, dir, err);
		if (r < 0)
			break;
	}
	return r;
}
