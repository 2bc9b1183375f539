/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-copy.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/build-archive.h"
#include "image/interrupt.h"
#include "image/tree.h"

struct copier {
	const struct build_copy *copy;
	/* The tree that is copied into. */
	int root_fd;
	/* The directory of the last entry, and its path: most share it with the one before. */
	int parent_fd;
	char *parent;
	struct error *err;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- one file ---------------------------------------------------------------------- */

static mode_t mode_of(const struct copier *copier, const struct stat *st)
{
	return copier->copy->mode >= 0 ? (mode_t)copier->copy->mode : st->st_mode & 07777;
}

/* Only between stages: a context's files are the user's, who may not even have known. */
static int copy_capability(struct copier *copier, int from_fd, int to_fd, const char *name)
{
	static const char attribute[] = "security.capability";
	char value[XATTR_SIZE_MAX];
	ssize_t n = fgetxattr(from_fd, attribute, value, sizeof(value));

	if (n >= 0 && fsetxattr(to_fd, attribute, value, (size_t)n, 0) == 0)
		return 0;
	if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
		return 0;
	return error_sys(copier->err, n < 0 ? "fgetxattr" : "fsetxattr", "%s of %s", attribute,
			 name);
}

/* The owner goes first: it takes set-user-ID bits and capabilities away. */
static int dress(struct copier *copier, int fd, const struct stat *st, const char *name)
{
	const struct build_copy *copy = copier->copy;
	uid_t uid = copy->keep_owner ? st->st_uid : copy->uid;
	gid_t gid = copy->keep_owner ? st->st_gid : copy->gid;
	/* As the layer tells it. */
	const struct timespec time = { .tv_sec = st->st_mtim.tv_sec }, times[2] = { time, time };

	if (fchown(fd, uid, gid) < 0)
		return error_sys(copier->err, "fchown", "%s", name);
	if (fchmod(fd, mode_of(copier, st)) < 0)
		return error_sys(copier->err, "fchmod", "%s", name);
	if (futimens(fd, times) < 0)
		return error_sys(copier->err, "futimens", "%s", name);
	return 0;
}

/* The directory DIR of the tree: COPIER's until the next call. */
static int parent_of(struct copier *copier, const char *dir)
{
	if (copier->parent_fd >= 0 && streq(copier->parent, dir))
		return 0;
	fd_close(&copier->parent_fd);
	free(copier->parent);
	copier->parent = xstrdup(dir);
	copier->parent_fd = path_make_dir(copier->root_fd, dir, 0755, copier->err);
	return copier->parent_fd < 0 ? copier->parent_fd : 0;
}

/* Makes room for the file NAME in the parent directory. */
static int make_room(struct copier *copier, const char *name, const char *path)
{
	if (unlinkat(copier->parent_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR) {
		(void)error_set(copier->err, EISDIR, "%s is a directory, and not to be replaced by "
				"a file", path);
		return error_hint(copier->err, "a \"/\" at the end copies into the directory");
	}
	return error_sys(copier->err, "unlink", "%s", path);
}

/* Splits PATH and prepares its parent directory for the file *NAME. */
static int begin_file(struct copier *copier, const char *path, const char **name)
{
	cleanup_free char *dir = xstrndup(path, (size_t)(base_name(path) - path));
	int r = parent_of(copier, dir);

	*name = base_name(path);
	return r < 0 ? r : make_room(copier, *name, path);
}

static int put_file(struct copier *copier, int from_fd, const struct stat *st, const char *path)
{
	cleanup_close int to_fd = -EBADF;
	const char *name;
	int r = begin_file(copier, path, &name);

	if (r < 0)
		return r;
	to_fd = openat(copier->parent_fd, name,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to_fd < 0)
		return error_sys(copier->err, "open", "%s", path);
	r = tree_copy_content(from_fd, to_fd, path, copier->err);
	if (r == 0)
		r = dress(copier, to_fd, st, path);
	if (r == 0 && copier->copy->keep_owner)
		r = copy_capability(copier, from_fd, to_fd, path);
	return r;
}

static int put_link(struct copier *copier, const char *target, const struct stat *st,
		    const char *path)
{
	const struct build_copy *copy = copier->copy;
	const struct timespec times[2] = { st->st_mtim, st->st_mtim };
	const char *name;
	int r = begin_file(copier, path, &name);

	if (r < 0)
		return r;
	if (symlinkat(target, copier->parent_fd, name) < 0)
		return error_sys(copier->err, "symlink", "%s", path);
	if (fchownat(copier->parent_fd, name, copy->keep_owner ? st->st_uid : copy->uid,
		     copy->keep_owner ? st->st_gid : copy->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(copier->err, "fchownat", "%s", path);
	if (utimensat(copier->parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(copier->err, "utimensat", "%s", path);
	return 0;
}

static int put_special(struct copier *copier, const struct stat *st, const char *path)
{
	const char *name;
	int r = begin_file(copier, path, &name);

	if (r < 0)
		return r;
	if (mknodat(copier->parent_fd, name, st->st_mode & (S_IFMT | 0777), st->st_rdev) < 0)
		return error_sys(copier->err, "mknod", "%s", path);
	if (fchownat(copier->parent_fd, name, copier->copy->uid, copier->copy->gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(copier->err, "fchownat", "%s", path);
	return 0;
}

/* --- trees ------------------------------------------------------------------------- */

static int put_entry(struct copier *copier, const struct source *source,
		     const struct source_entry *entry, const char *path)
{
	const struct source_root *root = copier->copy->root;
	cleanup_free char *target = NULL;
	cleanup_close int fd = -EBADF;
	mode_t type = entry->st.st_mode & S_IFMT;

	switch (type) {
	case S_IFREG:
		fd = source_open(root, source, entry, copier->err);
		return fd < 0 ? fd : put_file(copier, fd, &entry->st, path);
	case S_IFLNK:
		target = source_link(root, source, entry, copier->err);
		return target ? put_link(copier, target, &entry->st, path) : copier->err->code;
	case S_IFDIR:
		fd = path_make_dir(copier->root_fd, path, 0755, copier->err);
		return fd < 0 ? fd : 0;
	default:
		return put_special(copier, &entry->st, path);
	}
}

/* Directories get what they are to have at the end, when nothing is put into them any more. */
static int dress_dir(struct copier *copier, const struct source_entry *entry, const char *path)
{
	cleanup_close int fd = path_open(copier->root_fd, path, PATH_IN_ROOT,
					 O_RDONLY | O_DIRECTORY, 0, copier->err);

	return fd < 0 ? fd : dress(copier, fd, &entry->st, path);
}

static char *below(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	return xasprintf("%.*s%s%s", len == 1 ? 0 : (int)len, dir, *path ? "/" : "", path);
}

static bool is_dir(struct copier *copier, const char *path)
{
	cleanup_close int fd = path_try_open(copier->root_fd, path, PATH_IN_ROOT,
					     O_PATH | O_DIRECTORY, 0);

	return fd >= 0;
}

static int copy_dir(struct copier *copier, const struct source *source, const char *destination)
{
	/* The destination keeps what it is if it was there. */
	bool existed = is_dir(copier, destination);
	int r = 0;

	for (size_t i = 0; r == 0 && i < source->n; i++) {
		cleanup_free char *path = below(destination, source->entries[i].path);

		r = interrupt_check(copier->err);
		if (r == 0)
			r = put_entry(copier, source, &source->entries[i], *path ? path : "/");
	}
	for (size_t i = source->n; r == 0 && i-- > 0;) {
		cleanup_free char *path = below(destination, source->entries[i].path);

		if (S_ISDIR(source->entries[i].st.st_mode) && (i > 0 || !existed))
			r = dress_dir(copier, &source->entries[i], *path ? path : "/");
	}
	return r;
}

/* 1 when the file was an archive and is unpacked. */
static int unpack_file(struct copier *copier, const struct source *source, const char *dir)
{
	const struct build_copy *copy = copier->copy;
	const struct layer_owner owner = { copy->uid, copy->gid };
	cleanup_close int fd = -EBADF, dir_fd = -EBADF;
	bool existed = is_dir(copier, dir);
	int r;

	if (!copy->unpack)
		return 0;
	fd = source_open(copy->root, source, &source->entries[0], copier->err);
	if (fd < 0)
		return fd;
	r = build_archive_check(fd, source->path, copier->err);
	if (r <= 0)
		return r;
	dir_fd = path_make_dir(copier->root_fd, dir, 0755, copier->err);
	if (dir_fd < 0)
		return dir_fd;
	if (!existed && fchownat(dir_fd, "", owner.uid, owner.gid, AT_EMPTY_PATH) < 0)
		return error_sys(copier->err, "fchownat", "%s", dir);
	r = build_archive_unpack(fd, source->path, dir_fd, copy->chown ? &owner : NULL,
				 copier->err);
	return r < 0 ? r : 1;
}

static int copy_source(struct copier *copier, const struct source *source, bool into_dir)
{
	const char *destination = copier->copy->destination;
	cleanup_free char *path = NULL;
	int r;

	if (S_ISDIR(source->entries[0].st.st_mode))
		return copy_dir(copier, source, destination);
	r = unpack_file(copier, source, destination);
	if (r != 0)
		return r < 0 ? r : 0;
	path = into_dir ? below(destination, base_name(source->path)) : below(destination, "");
	return put_entry(copier, source, &source->entries[0], path);
}

/* --- here-documents ---------------------------------------------------------------- */

static int copy_document(struct copier *copier, const struct heredoc *document, bool into_dir)
{
	const char *destination = copier->copy->destination;
	cleanup_free char *path = below(destination, into_dir ? document->name : "");
	cleanup_close int fd = memfd_create("here-document", MFD_CLOEXEC);
	struct stat st = { .st_mode = S_IFREG | 0644 };
	int r;

	if (strchr(document->name, '/') || streq(document->name, ".."))
		return error_set(copier->err, EINVAL, "\"%s\" is no name for a file",
				 document->name);
	if (fd < 0)
		return error_sys(copier->err, "memfd_create", "here-document");
	r = file_write_fd(fd, document->name, document->content, strlen(document->content),
			  copier->err);
	if (r < 0)
		return r;
	(void)lseek(fd, 0, SEEK_SET);
	(void)clock_gettime(CLOCK_REALTIME, &st.st_mtim);
	return put_file(copier, fd, &st, path);
}

static bool wants_dir(struct copier *copier)
{
	const struct build_copy *copy = copier->copy;

	return str_has_suffix(copy->destination, "/") ||
	       copy->sources->n + copy->n_documents > 1 || is_dir(copier, copy->destination);
}

int build_copy(int root_fd, const struct build_copy *copy, struct error *err)
{
	struct copier copier = {
		.copy = copy, .root_fd = root_fd, .parent_fd = -EBADF, .err = err,
	};
	/* Directories made on the way have the mode that they say. */
	mode_t old_umask = umask(0022);
	bool into_dir = wants_dir(&copier);
	int r = 0;

	for (size_t i = 0; r == 0 && i < copy->sources->n; i++)
		r = copy_source(&copier, &copy->sources->v[i], into_dir);
	for (size_t i = 0; r == 0 && i < copy->n_documents; i++)
		r = copy_document(&copier, &copy->documents[i], into_dir);
	(void)umask(old_umask);
	fd_close(&copier.parent_fd);
	free(copier.parent);
	return r;
}
