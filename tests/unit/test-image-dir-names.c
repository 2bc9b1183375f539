/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/dir-names.h"

enum { MANY = 3000 };

/* So deep that there is room for 8 KiB of names. */
static const char deep[] = "1/2/3/4/5/6/7/8/9/10";

static void make_file(int dir_fd, const char *name)
{
	cleanup_close int fd = openat(dir_fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0)
		exit(99);
}

/* How many names there are, all of them in order; -1 if they are not. */
static int count(struct dir_names *names)
{
	char before[NAME_MAX + 1] = "";
	struct error err = ERROR_INIT;
	const char *name;
	int r, n = 0;

	while ((r = dir_names_next(names, &name, &err)) > 0) {
		if (strcmp(before, name) >= 0)
			return -1;
		(void)snprintf(before, sizeof(before), "%s", name);
		n++;
	}
	error_clear(&err);
	return r < 0 ? r : n;
}

static void test_few(int fd)
{
	cleanup_dir_names struct dir_names names = dir_names_of(fd, ".", "");

	ok_int(count(&names), 0);
	dir_names_rewind(&names);
	ok_int(count(&names), 0);
	make_file(fd, "b");
	make_file(fd, "\xff");
	make_file(fd, "B");
	dir_names_release(&names);
	names = dir_names_of(fd, ".", "");
	ok_int(count(&names), 3);
	dir_names_rewind(&names);
	ok_int(count(&names), 3);
}

static void test_portions(int fd)
{
	cleanup_dir_names struct dir_names names = dir_names_of(fd, "many", deep);
	struct error err = ERROR_INIT;
	const char *name = NULL;
	cleanup_close int dir = -EBADF;

	(void)mkdirat(fd, "many", 0755);
	dir = openat(fd, "many", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* In an order that is not theirs: 7 and MANY have no common divisor. */
	for (int i = 0; i < MANY; i++) {
		char number[64];

		(void)snprintf(number, sizeof(number), "a-name-of-some-length-%05d",
			       i * 7 % MANY);
		make_file(dir, number);
	}
	ok_int(count(&names), MANY);
	ok_named(names.text.len <= 8192, "%zu bytes of names at once", names.text.len);
	dir_names_rewind(&names);
	ok_int(dir_names_next(&names, &name, &err), 1);
	ok(strcmp(name, "a-name-of-some-length-00000") == 0);
	dir_names_rewind(&names);
	ok_int(count(&names), MANY);
	error_clear(&err);
}

static void test_removed(int fd)
{
	cleanup_dir_names struct dir_names names = dir_names_of(fd, "many", deep);
	struct error err = ERROR_INIT;
	const char *name;
	int n = 0;

	/* A walk that takes away what it comes to. */
	while (dir_names_next(&names, &name, &err) > 0) {
		char path[NAME_MAX + 8];

		(void)snprintf(path, sizeof(path), "many/%s", name);
		n += unlinkat(fd, path, 0) == 0;
	}
	ok_int(n, MANY);
	ok(unlinkat(fd, "many", AT_REMOVEDIR) == 0);
	error_clear(&err);
}

static void test_none(int fd)
{
	cleanup_dir_names struct dir_names names = dir_names_of(fd, "nothing", "");
	struct error err = ERROR_INIT;
	const char *name;

	ok_int(dir_names_next(&names, &name, &err), -ENOENT);
	ok(strstr(err.msg, "nothing") != NULL);
	error_clear(&err);
}

int main(void)
{
	char dir[] = "/tmp/dir-names-XXXXXX";
	cleanup_close int fd = -EBADF;

	if (!mkdtemp(dir))
		exit(99);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_few(fd);
	test_portions(fd);
	test_removed(fd);
	test_none(fd);
	(void)unlinkat(fd, "b", 0);
	(void)unlinkat(fd, "B", 0);
	(void)unlinkat(fd, "\xff", 0);
	(void)rmdir(dir);
	return tap_done();
}
