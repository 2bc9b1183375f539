/* SPDX-License-Identifier: Apache-2.0 */
#include "image/lower.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "image/whiteout.h"

void lower_dir_release(struct lower_dir *dir)
{
	free(dir->layers);
	*dir = (struct lower_dir){ 0 };
}

void lower_root(const struct lower_stack *stack, struct lower_dir *dir)
{
	dir->layers = xcalloc(stack->n, sizeof(*dir->layers));
	dir->n = stack->n;
	for (size_t i = 0; i < stack->n; i++)
		dir->layers[i] = i;
}

int lower_step(const struct lower_stack *stack, const struct lower_dir *parent,
	       const char *path, struct stat *st, struct lower_dir *child)
{
	size_t *layers = xcalloc(parent->n, sizeof(*layers)), n = 0;
	int found = -ENOENT;

	for (size_t i = 0; i < parent->n; i++) {
		int fd = stack->fds[parent->layers[i]];
		struct stat here;
		int opaque;

		if (fstatat(fd, path, &here, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT || errno == ENOTDIR)
				continue;
			found = -errno;
			break;
		}
		if (found < 0 && !whiteout_is_device(&here)) {
			found = (int)parent->layers[i];
			*st = here;
		}
		/* Only a directory lets those below show through. */
		if (!S_ISDIR(here.st_mode))
			break;
		layers[n++] = parent->layers[i];
		opaque = whiteout_is_opaque(fd, path);
		if (opaque < 0)
			found = opaque;
		if (opaque)
			break;
	}
	lower_dir_release(child);
	*child = (struct lower_dir){ .layers = layers, .n = n };
	return found;
}

int lower_find(const struct lower_stack *stack, const char *path, struct stat *st)
{
	cleanup_lower_dir struct lower_dir dir = { 0 };
	size_t end = 0, len = strlen(path);
	int found = 0;

	if (stack->n == 0)
		return -ENOENT;
	lower_root(stack, &dir);
	if (len == 0)
		return fstat(stack->fds[0], st) < 0 ? -errno : 0;
	while (found >= 0 && end < len) {
		cleanup_lower_dir struct lower_dir child = { 0 };
		cleanup_free char *part = NULL;

		end += strcspn(path + end, "/");
		part = xstrndup(path, end);
		found = lower_step(stack, &dir, part, st, &child);
		lower_dir_release(&dir);
		dir = child;
		child = (struct lower_dir){ 0 };
		end += end < len;
	}
	return found;
}
