/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every case changes an overlay with a shell script and takes the difference:
 * its entries are as listed, and applied upon the lower layer again it gives
 * what the overlay showed; an upper directory of our own is then that layer.
 */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/layer-diff.h"
#include "image/tree-compare.h"
#include "tests/unit/layers.h"
#include "tests/unit/tap.h"

static const char *scratch;

/* Below every case. */
static const struct test_entry base[] = {
	{ 'd', "./", .mode = 0755 },
	{ 'd', "bin", .mode = 0755 },
	{ 'f', "bin/a", "a", .mode = 0755, .mtime = 100 },
	{ 'f', "bin/b", "b", .mode = 0755, .mtime = 100, .xattr = "user.x", .xattr_value = "y" },
	{ 'd', "etc", .mode = 0755, .mtime = 100 },
	{ 'f', "etc/conf", "text", .mtime = 100, .mtime_nsec = 5 },
	{ 'd', "etc/sub", .mode = 0700, .uid = 3 },
	{ 'f', "etc/sub/x", "x" },
	{ 'l', "link", "bin" },
	{ 'd', "many" },
	{ 'f', "many/1", "1" },
	{ 'f', "many/2", "2" },
	{ .name = NULL },
};

static const struct test_case {
	const char *name, *script;
	/* "TYPE NAME" of each entry, a line each. */
	const char *entries;
} cases[] = {
	{ "nothing", "true", "" },
	{ "a new file", "echo hi > etc/new", "d etc/\nf etc/new\n" },
	{ "looks only", "cat etc/conf bin/a; ls -lR", "" },
	{ "removed and replaced", "rm bin/a; rm -r etc/sub; rm link; mkdir link",
	  "d bin/\nf bin/.wh.a\nd etc/\nf etc/.wh.sub\nd link/\n" },
	{ "removed and made again", "rm -r many; mkdir many; echo 3 > many/3",
	  "d many/\nf many/.wh..wh..opq\nf many/3\n" },
	{ "opaque below opaque", "rm -r etc; mkdir -p etc/sub; echo 1 > etc/sub/y",
	  "d etc/\nf etc/.wh..wh..opq\nd etc/sub/\nf etc/sub/y\n" },
	{ "made and removed", "mkdir -p new/deep; echo 1 > new/deep/f; rm -r new", "" },
	{ "changes that come to nothing", "chmod 700 etc/conf; chmod 644 etc/conf; "
	  "chown 1 bin/b; chown 0 bin/b", "" },
	{ "attributes of directories", "chmod 711 many; chown 5:6 .",
	  "d ./\nd many/\n" },
	{ "the same bytes at another time", "cp bin/a x; cat x > bin/a; rm x",
	  "d bin/\nf bin/a\n" },
	{ "the same size and time, other bytes",
	  "printf TEXT > etc/conf; touch -d @100.000000005 etc/conf", "d etc/\nf etc/conf\n" },
	{ "hard links", "echo 1 > z; ln z a; ln z many/z; ln etc/conf etc/conf2",
	  "f a\nd etc/\nf etc/conf\nh etc/conf2\nd many/\nh many/z\nh z\n" },
	{ "a directory in a file's place", "rm etc/conf; mkdir -p etc/conf/d",
	  "d etc/\nd etc/conf/\nd etc/conf/d/\n" },
	{ "directories that come to nothing", "chmod 700 many; chmod 755 many; echo 1 > tmp",
	  "f tmp\n" },
	{ "types", "mkfifo pipe; mknod dev c 1 3; ln -s nowhere dangling; mkdir -m 2775 d; "
	  "chgrp 8 d; touch -d @-5 old; chmod 4755 old; chown 3000000 pipe",
	  "d d/\nl dangling\nc dev\nf old\np pipe\n" },
	{ "xattrs", "cp bin/b copy; chmod 600 bin/b; "
	  "python3 -c 'import os; os.setxattr(\"copy\", \"user.k\", b\"v\")'",
	  "d bin/\nf bin/b\nf copy\n" },
	{ "a sparse file", "truncate -s 3M hole; printf x >> hole", "f hole\n" },
	{ "names", "printf x > \"$(printf 'caf\\303\\251')\"; printf y > \"$(printf 'caf\\351')\"; "
	  "ln -s \"$(printf '\\377')\" link2; ln \"$(printf 'caf\\351')\" hard",
	  "f caf\303\251\nf caf\351\nh hard\nl link2\n" },
	{ "renamed", "mv bin/a bin/c; mv many less; mv etc/conf etc/x; mv etc/x etc/conf",
	  "f .wh.many\nd bin/\nf bin/.wh.a\nf bin/c\nd less/\nf less/1\nf less/2\n" },
};

static char *make_dir(const char *name)
{
	char *path = xasprintf("%s/%s", scratch, name);

	(void)mkdir(path, 0755);
	return path;
}

static int open_dir(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int apply(const struct strbuf *tar, const char *path, enum layer_shape shape,
		 struct error *err)
{
	cleanup_close int fd = open_dir(path);
	struct layer_target target = { .fd = fd, .shape = shape };
	struct test_source source;

	test_source_init(&source, tar, 100000);
	return layer_apply(&source.source, &target, NULL, NULL, err);
}

static int append(void *ctx, const void *data, size_t n, struct error *err)
{
	(void)err;
	strbuf_add(ctx, data, n);
	return 0;
}

static void list_entries(const struct strbuf *tar, struct strbuf *list)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;

	archive_read_support_format_tar(archive);
	archive_read_open_memory(archive, tar->buf, tar->len);
	while (archive_read_next_header(archive, &entry) != ARCHIVE_EOF) {
		mode_t mode = archive_entry_mode(entry);
		char type = archive_entry_hardlink(entry) ? 'h'
			    : S_ISDIR(mode)		  ? 'd'
			    : S_ISLNK(mode)		  ? 'l'
			    : S_ISFIFO(mode)		  ? 'p'
			    : S_ISCHR(mode)		  ? 'c'
							  : 'f';

		strbuf_addf(list, "%c %s\n", type, archive_entry_pathname(entry));
	}
	archive_read_free(archive);
}

static bool change(const struct test_case *c, struct strbuf *told)
{
	cleanup_free char *options =
		xasprintf("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work,"
			  "redirect_dir=off,metacopy=off", scratch, scratch, scratch);
	cleanup_free char *merged = make_dir("merged");
	cleanup_free char *command = xasprintf("cd %s && (%s) >/dev/null", merged, c->script);

	if (mount("overlay", merged, "overlay", 0, options) < 0)
		return false;
	if (system(command) != 0)
		return false;
	/* Renaming a directory of the lower layer copies it: times of the rest do not move. */
	test_tell_tree(merged, false, told);
	return umount2(merged, 0) == 0;
}

static int diff(struct strbuf *tar, bool owned, struct error *err)
{
	cleanup_free char *upper = xasprintf("%s/upper", scratch);
	cleanup_free char *lower = xasprintf("%s/lower", scratch);
	cleanup_close int upper_fd = open_dir(upper), lower_fd = open_dir(lower);
	struct layer_diff input = {
		.upper_fd = upper_fd, .lower_fds = &lower_fd, .n_lower = 1, .owned = owned,
	};
	struct layer_stats stats;

	return layer_diff_write(&input, append, tar, &stats, err);
}

/* Our own upper directory is then what the layer would be unpacked to. */
static void test_owned(const char *name, const struct strbuf *tar)
{
	cleanup_free char *upper = xasprintf("%s/upper", scratch);
	cleanup_free char *lower = xasprintf("%s/lower", scratch);
	cleanup_free char *unpacked = make_dir("unpacked");
	cleanup_close int upper_fd = open_dir(upper), lower_fd = open_dir(lower);
	cleanup_close int fd = open_dir(unpacked);
	struct layer_target target = {
		.fd = fd, .shape = LAYER_OVERLAY, .lower_fds = &lower_fd, .n_lower = 1,
	};
	struct test_source source;
	cleanup_strbuf struct strbuf again = STRBUF_INIT, where = STRBUF_INIT;
	struct error err = ERROR_INIT;
	bool same;

	ok_named(diff(&again, true, &err) == 0, "%s: of our own: %s", name, err.msg);
	same = again.len == tar->len && memcmp(again.buf, tar->buf, tar->len) == 0;
	ok_named(same, "%s: the same bytes", name);
	test_source_init(&source, tar, 100000);
	ok_named(layer_apply(&source.source, &target, NULL, NULL, &err) == 0, "%s: unpacked %s", name, err.msg);
	ok_named(tree_compare(upper_fd, fd, &where, &err) == SAME, "%s: the same tree: %s %s", name,
		 where.buf, err.msg);
}

static void clean_scratch(void)
{
	static const char *const names[] = { "merged", "lower",	   "upper",
					     "work",   "unpacked", "flat" };
	cleanup_close int fd = open_dir(scratch);
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)file_remove_tree_at(fd, names[i], &err);
}

static void test_case(const struct test_case *c)
{
	cleanup_free char *lower = make_dir("lower"), *flat = make_dir("flat");
	cleanup_strbuf struct strbuf base_tar = STRBUF_INIT, tar = STRBUF_INIT;
	cleanup_strbuf struct strbuf again = STRBUF_INIT, entries = STRBUF_INIT;
	cleanup_strbuf struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
	int fds = tap_count_fds();
	struct error err = ERROR_INIT;

	free(make_dir("upper"));
	free(make_dir("work"));
	test_make_tar(base, &base_tar);
	ok(apply(&base_tar, lower, LAYER_OVERLAY, &err) == 0);
	ok(apply(&base_tar, flat, LAYER_FLAT, &err) == 0);
	ok_named(change(c, &before), "%s: script", c->name);
	ok_named(diff(&tar, false, &err) == 0, "%s: diff %s", c->name, err.msg);
	ok_named(diff(&again, false, &err) == 0 && again.len == tar.len &&
			 memcmp(again.buf, tar.buf, tar.len) == 0, "%s: the same bytes again",
		 c->name);
	test_owned(c->name, &tar);
	list_entries(&tar, &entries);
	ok_str(entries.buf, c->entries);
	ok_named(apply(&tar, flat, LAYER_FLAT, &err) == 0, "%s: applied %s", c->name, err.msg);
	test_tell_tree(flat, false, &after);
	ok_str(after.buf, before.buf);
	ok_named(tap_count_fds() == fds, "%s: no fd is left", c->name);
	clean_scratch();
}

/* No layer can hold a socket, so that nothing else compares it. */
static void test_socket(void)
{
	static const struct test_case c = {
		"a socket", "echo 1 > tmp; python3 -c 'import socket; "
		"socket.socket(socket.AF_UNIX).bind(\"many/socket\")'", NULL,
	};
	cleanup_free char *lower = make_dir("lower");
	cleanup_strbuf struct strbuf base_tar = STRBUF_INIT, tar = STRBUF_INIT;
	cleanup_strbuf struct strbuf before = STRBUF_INIT, entries = STRBUF_INIT;
	struct error err = ERROR_INIT;

	free(make_dir("upper"));
	free(make_dir("work"));
	test_make_tar(base, &base_tar);
	ok(apply(&base_tar, lower, LAYER_OVERLAY, &err) == 0);
	ok(change(&c, &before) && diff(&tar, false, &err) == 0);
	list_entries(&tar, &entries);
	ok_str(entries.buf, "f tmp\n");
	test_owned(c.name, &tar);
	clean_scratch();
}

static void test_refused(const char *script, const char *text)
{
	cleanup_free char *upper = make_dir("upper");
	cleanup_free char *command = xasprintf("cd %s && %s", upper, script);
	cleanup_strbuf struct strbuf tar = STRBUF_INIT;
	struct error err = ERROR_INIT;

	free(make_dir("lower"));
	ok(system(command) == 0);
	ok_named(diff(&tar, false, &err) < 0 && strstr(err.msg, text), "refused: %s", err.msg);
	clean_scratch();
}

int main(void)
{
	scratch = test_scratch();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		test_case(&cases[i]);
	test_socket();
	test_refused("mkdir d; echo x > d/.wh.name", "d/.wh.name: a layer cannot hold");
	test_refused("mkdir d; python3 -c 'import os; "
		     "os.setxattr(\"d\", \"trusted.overlay.redirect\", b\"x\")'",
		     "d: the upper directory was mounted");
	(void)umount2(scratch, MNT_DETACH);
	(void)rmdir(scratch);
	return tap_done();
}
