/* SPDX-License-Identifier: Apache-2.0 */
#include "image/dir-names.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"

enum { MOST_ROOM = 6 << 20, LEAST_ROOM = 8 << 10 };

void dir_names_release(struct dir_names *names)
{
	strbuf_release(&names->text);
	free(names->v);
	names->v = NULL;
}

struct dir_names dir_names_of(int dir_fd, const char *name, const char *path)
{
	size_t room = MOST_ROOM;

	for (const char *p = path; *p && room > LEAST_ROOM; p++)
		if (p == path || *p == '/')
			room /= 2;
	return (struct dir_names){
		.dir_fd = dir_fd, .name = name, .room = room, .text = STRBUF_INIT, .more = true,
	};
}

static int compare(const void *a, const void *b, void *text)
{
	return strcmp((const char *)text + *(const uint32_t *)a,
		      (const char *)text + *(const uint32_t *)b);
}

static void sort(struct dir_names *names)
{
	if (names->n > 1)
		qsort_r(names->v, names->n, sizeof(*names->v), compare, names->text.buf);
}

static const char *last_of(const struct dir_names *names)
{
	return names->text.buf + names->v[names->n - 1];
}

static void add(struct dir_names *names, const char *name)
{
	if (names->n == names->n_alloc) {
		names->n_alloc = names->n_alloc ? names->n_alloc * 2 : 32;
		names->v = xrealloc(names->v, names->n_alloc, sizeof(*names->v));
	}
	names->v[names->n++] = (uint32_t)names->text.len;
	strbuf_add(&names->text, name, strlen(name) + 1);
}

/* The latter half of the names has to wait. */
static void keep_half(struct dir_names *names)
{
	cleanup_strbuf struct strbuf all = names->text;
	size_t n = (names->n + 1) / 2;

	sort(names);
	names->text = (struct strbuf)STRBUF_INIT;
	names->n = 0;
	for (size_t i = 0; i < n; i++)
		add(names, all.buf + names->v[i]);
	names->more = true;
}

static void read_portion(struct dir_names *names, DIR *dir, int *r, struct error *err)
{
	char bound[NAME_MAX + 1] = "";
	struct dirent *entry;

	while ((entry = file_next_entry(dir, names->name, r, err))) {
		if (strcmp(entry->d_name, names->last) <= 0 ||
		    (names->more && strcmp(entry->d_name, bound) > 0))
			continue;
		if (names->text.len + strlen(entry->d_name) >= names->room && names->n > 1) {
			keep_half(names);
			memcpy(bound, last_of(names), strlen(last_of(names)) + 1);
			if (strcmp(entry->d_name, bound) > 0)
				continue;
		}
		add(names, entry->d_name);
	}
	sort(names);
}

/* Opened anew each time: a walk needs its fds for the levels of the tree. */
static int fill(struct dir_names *names, struct error *err)
{
	int fd = openat(names->dir_fd, names->name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "%s", names->name);
	}
	strbuf_reset(&names->text);
	names->n = names->next = 0;
	names->more = false;
	read_portion(names, dir, &r, err);
	(void)closedir(dir);
	return r;
}

int dir_names_next(struct dir_names *names, const char **name, struct error *err)
{
	if (names->next == names->n && names->more) {
		int r;

		if (names->n > 0)
			memcpy(names->last, last_of(names), strlen(last_of(names)) + 1);
		r = fill(names, err);
		if (r < 0)
			return r;
	}
	if (names->next == names->n)
		return 0;
	*name = names->text.buf + names->v[names->next++];
	return 1;
}

void dir_names_rewind(struct dir_names *names)
{
	names->next = 0;
	if (*names->last == '\0' && (names->n > 0 || !names->more))
		return;
	names->n = 0;
	names->last[0] = '\0';
	names->more = true;
}
