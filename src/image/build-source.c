/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-source.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/interrupt.h"
#include "image/tree.h"

enum { MAX_DEPTH = 512 };

static void source_release(struct source *source)
{
	for (size_t i = 0; i < source->n; i++)
		free(source->entries[i].path);
	free(source->entries);
	free(source->path);
}

void source_list_release(struct source_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		source_release(&list->v[i]);
	free(list->v);
	*list = (struct source_list)SOURCE_LIST_INIT;
}

/* --- names in a directory ---------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in the directory FD that match PATTERN (NULL: all), sorted. */
static int list_names(int fd, const char *pattern, struct strvec *names, struct error *err)
{
	int dir_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		fd_close(&dir_fd);
		return error_sys(err, "open", "the directory");
	}
	while ((entry = file_next_entry(dir, "the directory", &r, err)))
		if (!pattern || fnmatch(pattern, entry->d_name, 0) == 0)
			strvec_push(names, entry->d_name);
	(void)closedir(dir);
	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v), compare_names);
	return r;
}

/* --- walking ----------------------------------------------------------------------- */

struct walk {
	const struct source_root *root;
	struct source *source;
	size_t n_alloc;
	unsigned int depth;
	struct error *err;
};

static bool is_ignored(const struct walk *walk, const char *path)
{
	cleanup_free char *full = NULL;
	size_t line;

	if (!walk->root->ignore)
		return false;
	full = *path && *walk->source->path ? xasprintf("%s/%s", walk->source->path, path)
					    : xstrdup(*path ? path : walk->source->path);
	return ignore_has(walk->root->ignore, full, &line);
}

static struct source_entry *add_entry(struct walk *walk, const char *path, const struct stat *st)
{
	struct source *source = walk->source;

	if (source->n == walk->n_alloc) {
		walk->n_alloc = walk->n_alloc ? walk->n_alloc * 2 : 16;
		source->entries =
			xrealloc(source->entries, walk->n_alloc, sizeof(*source->entries));
	}
	source->entries[source->n] =
		(struct source_entry){ .path = xstrdup(path), .st = *st };
	return &source->entries[source->n++];
}

/* Opened only if its digest is not remembered. */
static int digest_file(struct walk *walk, int dir_fd, const char *name, const struct stat *st,
		       struct digest *digest)
{
	struct build_digests unremembered = { .n_old = 0 };
	struct build_digests *digests = walk->root->digests ? walk->root->digests : &unremembered;
	cleanup_close int fd = -EBADF;
	int r;

	if (build_digests_find(digests, st, digest))
		return 0;
	fd = path_open(dir_fd, name, PATH_IN_ROOT, O_RDONLY | O_NONBLOCK, 0, walk->err);
	r = fd < 0 ? fd : build_digests_of(digests, fd, st, name, digest, walk->err);
	free(unremembered.seen);
	return r;
}

static int walk_dir(struct walk *walk, int fd, const char *path);

/* One file, NAME below DIR_FD, which is PATH below the source. */
static int walk_entry(struct walk *walk, int dir_fd, const char *name, const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bool ignored = is_ignored(walk, path);
	cleanup_close int fd = -EBADF;
	struct source_entry *entry;
	struct stat st;
	size_t n_before = walk->source->n;
	int r;

	/* What is in an ignored directory may be taken back in. */
	if (ignored && !walk->root->ignore->has_exceptions)
		return 0;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(walk->err, "stat", "%s", path);
	if ((ignored && !S_ISDIR(st.st_mode)) || S_ISSOCK(st.st_mode))
		return 0;
	entry = add_entry(walk, path, &st);
	if (S_ISREG(st.st_mode))
		return digest_file(walk, dir_fd, name, &st, &entry->digest);
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(dir_fd, name, flags);
	if (fd < 0)
		return error_sys(walk->err, "open", "%s", path);
	r = walk_dir(walk, fd, path);
	/* An ignored directory in which nothing was taken back in. */
	if (r == 0 && ignored && walk->source->n == n_before + 1)
		free(walk->source->entries[--walk->source->n].path);
	return r;
}

static int walk_dir(struct walk *walk, int fd, const char *path)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = list_names(fd, NULL, &names, walk->err);

	if (walk->depth++ == MAX_DEPTH)
		return error_set(walk->err, ELOOP, "%s: more than %d directories deep", path,
				 MAX_DEPTH);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *child = tree_join(path, names.v[i]);

		r = interrupt_check(walk->err);
		if (r == 0)
			r = walk_entry(walk, fd, names.v[i], child);
	}
	walk->depth--;
	return r;
}

/* The source itself, which FD is; symlinks in its path were followed. */
static int walk_source(struct walk *walk, int fd, const char *path)
{
	cleanup_close int dir_fd = -EBADF;
	struct source_entry *entry;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_sys(walk->err, "fstat", "%s", path);
	entry = add_entry(walk, "", &st);
	if (S_ISREG(st.st_mode))
		return digest_file(walk, walk->root->fd, path, &st, &entry->digest);
	if (!S_ISDIR(st.st_mode))
		return error_set(walk->err, EINVAL, "%s is neither a file nor a directory", path);
	dir_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_sys(walk->err, "open", "%s", path);
	return walk_dir(walk, dir_fd, "");
}

/* In a directory that is ignored there may be files that are not. */
static bool is_left_out(const struct source_root *root, int fd, const char *path)
{
	struct stat st;
	size_t line;

	return root->ignore && *path && ignore_has(root->ignore, path, &line) &&
	       (!root->ignore->has_exceptions || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode));
}

/* The source at PATH; nothing there is no failure. */
static int add_source(const struct source_root *root, const char *path,
		      struct source_list *list, struct error *err)
{
	cleanup_close int fd =
		path_try_open(root->fd, *path ? path : ".", PATH_IN_ROOT, O_PATH, 0);
	struct walk walk = { .root = root, .err = err };

	if (fd == -ENOENT || fd == -ENOTDIR || (fd >= 0 && is_left_out(root, fd, path)))
		return 0;
	if (fd < 0) {
		errno = -fd;
		return error_sys(err, "openat2", "%s", path);
	}
	list->v = xrealloc(list->v, list->n + 1, sizeof(*list->v));
	walk.source = &list->v[list->n++];
	*walk.source = (struct source){ .path = xstrdup(path) };
	return walk_source(&walk, fd, path);
}

/* --- patterns ---------------------------------------------------------------------- */

static bool has_pattern(const char *s)
{
	return strpbrk(s, "*?[\\") != NULL;
}

/* The clean form of PATH; NULL when it leaves the root. */
static char *clean_path(const char *path)
{
	cleanup_free char *copy = xstrdup(path);
	struct strbuf out = STRBUF_INIT;

	for (char *save = NULL, *part = strtok_r(copy, "/", &save); part;
	     part = strtok_r(NULL, "/", &save)) {
		if (streq(part, "."))
			continue;
		if (!streq(part, "..")) {
			strbuf_addf(&out, "%s%s", out.len ? "/" : "", part);
			continue;
		}
		if (out.len == 0) {
			strbuf_release(&out);
			return NULL;
		}
		out.len = strrchr(out.buf, '/') ? (size_t)(strrchr(out.buf, '/') - out.buf) : 0;
		out.buf[out.len] = '\0';
	}
	return strbuf_detach(&out);
}

/* What the components PATTERN, the rest of a pattern, name below the directory PATH. */
static int glob(const struct source_root *root, const char *path, const char *pattern,
		struct source_list *list, struct error *err)
{
	size_t len = strcspn(pattern, "/");
	cleanup_free char *part = xstrndup(pattern, len);
	const char *rest = pattern[len] ? pattern + len + 1 : NULL;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = 0;

	if (has_pattern(part)) {
		cleanup_close int fd = path_try_open(root->fd, *path ? path : ".", PATH_IN_ROOT,
						     O_RDONLY | O_DIRECTORY, 0);

		if (fd < 0)
			return 0;
		r = list_names(fd, part, &names, err);
	} else {
		strvec_push(&names, part);
	}
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *child = tree_join(path, names.v[i]);

		r = rest ? glob(root, child, rest, list, err) : add_source(root, child, list, err);
	}
	return r;
}

static int nothing_found(const struct source_root *root, const char *path, struct error *err)
{
	size_t line;

	(void)error_set(err, ENOENT, "\"%s\" is not in %s", path, root->what);
	if (root->ignore && ignore_has(root->ignore, path, &line))
		(void)error_hint(err, "line %zu of %s leaves it out", line, root->ignore->file);
	return err->code;
}

int source_find(const struct source_root *root, const char *pattern, struct source_list *list,
		struct error *err)
{
	cleanup_free char *clean = clean_path(pattern);
	size_t n_before = list->n;
	int r;

	if (!clean) {
		(void)error_set(err, EXDEV, "\"%s\" leaves %s", pattern, root->what);
		return error_hint(err, "only what is below it can be copied");
	}
	r = has_pattern(clean) ? glob(root, "", clean, list, err)
			       : add_source(root, clean, list, err);
	if (r == 0 && list->n == n_before)
		return nothing_found(root, pattern, err);
	/* A directory all of whose files are ignored is there; a file that is ignored is not. */
	return r < 0 ? error_context(err, "%s", root->what) : 0;
}

/* --- what is found ----------------------------------------------------------------- */

static char *entry_path(const struct source *source, const struct source_entry *entry)
{
	if (!*entry->path)
		return xstrdup(*source->path ? source->path : ".");
	return tree_join(source->path, entry->path);
}

int source_open(const struct source_root *root, const struct source *source,
		const struct source_entry *entry, struct error *err)
{
	cleanup_free char *path = entry_path(source, entry);

	return path_open(root->fd, path, PATH_IN_ROOT,
			 O_RDONLY | O_NONBLOCK | (*entry->path ? O_NOFOLLOW : 0), 0, err);
}

char *source_link(const struct source_root *root, const struct source *source,
		  const struct source_entry *entry, struct error *err)
{
	cleanup_free char *path = entry_path(source, entry);
	cleanup_close int fd =
		path_open(root->fd, path, PATH_IN_ROOT, O_PATH | O_NOFOLLOW, 0, err);
	char target[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0 || (size_t)n == sizeof(target)) {
		(void)error_sys(err, "readlinkat", "%s", path);
		return NULL;
	}
	return xstrndup(target, (size_t)n);
}

int source_digest(const struct source_root *root, const struct source *source, bool owners,
		  struct hasher *hasher, struct error *err)
{
	for (size_t i = 0; i < source->n; i++) {
		const struct source_entry *entry = &source->entries[i];
		cleanup_free char *link = NULL, *line = NULL;

		if (S_ISLNK(entry->st.st_mode)) {
			link = source_link(root, source, entry, err);
			if (!link)
				return err->code;
		}
		/* The NUL that ends it can be in no name. */
		line = xasprintf("%o %u:%u %s %s %s", (unsigned int)entry->st.st_mode,
				 owners ? entry->st.st_uid : 0, owners ? entry->st.st_gid : 0,
				 entry->digest.s, entry->path, link ? link : "");
		hasher_add(hasher, line, strlen(line) + 1);
	}
	return 0;
}
