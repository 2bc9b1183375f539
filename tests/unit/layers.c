/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/layers.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/tap.h"

static la_ssize_t append(struct archive *archive, void *ctx, const void *data, size_t n)
{
	(void)archive;
	strbuf_add(ctx, data, n);
	return (la_ssize_t)n;
}

static mode_t type_of(char type)
{
	switch (type) {
	case 'd':
		return S_IFDIR;
	case 'l':
		return S_IFLNK;
	case 'c':
		return S_IFCHR;
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFREG;
	}
}

static void add_entry(struct archive *archive, const struct test_entry *e)
{
	struct archive_entry *entry = archive_entry_new();
	bool has_content = e->type == 'f' && e->text;

	archive_entry_copy_pathname(entry, e->name);
	archive_entry_set_mode(entry, type_of(e->type) |
					      (e->mode ? e->mode : e->type == 'd' ? 0755 : 0644));
	archive_entry_set_uid(entry, e->uid);
	archive_entry_set_gid(entry, e->gid);
	archive_entry_set_mtime(entry, e->mtime, e->mtime_nsec);
	archive_entry_set_size(entry, has_content ? (la_int64_t)strlen(e->text) : 0);
	if (e->type == 'l')
		archive_entry_copy_symlink(entry, e->text);
	if (e->type == 'h')
		archive_entry_copy_hardlink(entry, e->text);
	archive_entry_set_rdevmajor(entry, e->major);
	archive_entry_set_rdevminor(entry, e->minor);
	if (e->xattr)
		archive_entry_xattr_add_entry(entry, e->xattr, e->xattr_value,
					      e->xattr_size ? e->xattr_size
							    : strlen(e->xattr_value));
	if (archive_write_header(archive, entry) != ARCHIVE_OK)
		fprintf(stderr, "%s: %s\n", e->name, archive_error_string(archive));
	if (has_content)
		(void)archive_write_data(archive, e->text, strlen(e->text));
	archive_entry_free(entry);
}

void test_make_tar(const struct test_entry *entries, struct strbuf *tar)
{
	struct archive *archive = archive_write_new();

	(void)archive_write_set_format_pax(archive);
	(void)archive_write_set_options(archive, "hdrcharset=BINARY,xattrheader=SCHILY");
	(void)archive_write_open(archive, tar, NULL, append, NULL);
	for (; entries->name; entries++)
		add_entry(archive, entries);
	(void)archive_write_close(archive);
	(void)archive_write_free(archive);
}

static ssize_t read_piece(void *ctx, const void **data, struct error *err)
{
	struct test_source *source = ctx;
	size_t left = source->tar->len - source->offset;
	size_t n = left < source->piece ? left : source->piece;

	(void)err;
	*data = source->tar->buf + source->offset;
	source->offset += n;
	return (ssize_t)n;
}

void test_source_init(struct test_source *source, const struct strbuf *tar, size_t piece)
{
	*source = (struct test_source){
		.source = { .name = "test", .read = read_piece, .ctx = source },
		.tar = tar,
		.piece = piece,
	};
}

struct teller {
	struct strbuf *told;
	bool times;
	/* The first name of each inode. */
	struct {
		ino_t ino;
		char *name;
	} links[64];
	size_t n_links;
};

static const char *first_name(struct teller *teller, const struct stat *st, const char *name)
{
	for (size_t i = 0; i < teller->n_links; i++)
		if (teller->links[i].ino == st->st_ino)
			return teller->links[i].name;
	teller->links[teller->n_links].ino = st->st_ino;
	teller->links[teller->n_links++].name = xstrdup(name);
	return NULL;
}

static void tell_xattrs(struct teller *teller, const char *path)
{
	char names[1024], value[256];
	ssize_t n = llistxattr(path, names, sizeof(names)), size;

	for (const char *p = names; n > 0 && p < names + n; p += strlen(p) + 1) {
		size = lgetxattr(path, p, value, sizeof(value));
		strbuf_addf(teller->told, " %s=%.*s", p, (int)size, value);
	}
}

static void tell_content(struct teller *teller, const char *path, const struct stat *st)
{
	char text[256] = "";
	int fd;

	if (S_ISLNK(st->st_mode) && readlink(path, text, sizeof(text) - 1) > 0)
		strbuf_addf(teller->told, " -> %s", text);
	if (S_ISREG(st->st_mode)) {
		fd = open(path, O_RDONLY);
		strbuf_addf(teller->told, " \"%.*s\"", (int)read(fd, text, sizeof(text)), text);
		close(fd);
	}
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		strbuf_addf(teller->told, " %u:%u", major(st->st_rdev), minor(st->st_rdev));
}

static char type_letter(mode_t mode)
{
	return S_ISDIR(mode)   ? 'd'
	       : S_ISLNK(mode) ? 'l'
	       : S_ISCHR(mode) ? 'c'
	       : S_ISBLK(mode) ? 'b'
	       : S_ISFIFO(mode) ? 'p'
				: 'f';
}

static void tell_dir(struct teller *teller, const char *path, const char *name);

static void tell_one(struct teller *teller, const char *path, const char *name)
{
	const char *first = NULL;
	struct stat st;

	if (lstat(path, &st) < 0) {
		strbuf_addf(teller->told, "? %s\n", name);
		return;
	}
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1)
		first = first_name(teller, &st, name);
	strbuf_addf(teller->told, "%c %o %u:%u", type_letter(st.st_mode),
		    S_ISLNK(st.st_mode) ? 0777 : st.st_mode & 07777, st.st_uid, st.st_gid);
	if (teller->times)
		strbuf_addf(teller->told, " %lld.%09ld", (long long)st.st_mtim.tv_sec,
			    st.st_mtim.tv_nsec);
	strbuf_addf(teller->told, " %s", name);
	if (first) {
		strbuf_addf(teller->told, " =%s", first);
	} else {
		tell_content(teller, path, &st);
		tell_xattrs(teller, path);
	}
	strbuf_addch(teller->told, '\n');
	if (S_ISDIR(st.st_mode))
		tell_dir(teller, path, name);
}

static void tell_dir(struct teller *teller, const char *path, const char *name)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		cleanup_free char *child = xasprintf("%s/%s", path, list[i]->d_name);
		cleanup_free char *child_name = xasprintf("%s/%s", name, list[i]->d_name);

		if (!streq(list[i]->d_name, ".") && !streq(list[i]->d_name, ".."))
			tell_one(teller, child, streq(name, ".") ? child_name + 2 : child_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

void test_tell_tree(const char *path, bool times, struct strbuf *told)
{
	struct teller teller = { .told = told, .times = times };

	tell_one(&teller, path, ".");
	for (size_t i = 0; i < teller.n_links; i++)
		free(teller.links[i].name);
}

const char *test_scratch(void)
{
	static char dir[] = "/tmp/test-layer.XXXXXX";

	if (geteuid() != 0)
		tap_skip_all("needs root");
	if (!mkdtemp(dir) || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", dir, "tmpfs", 0, NULL) < 0)
		tap_skip_all("no mount namespace or tmpfs");
	return dir;
}
