/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target without a fuzzer: runs it over the files of the directory that has
 * its name (replay-config: tests/fuzz/inputs/config), seeds and findings alike, and
 * over every beginning of the short ones.  A finding ends the program.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/tap.h"

/* The name is the last part of the program's, behind "replay-". */
static const char *target_name(const char *program)
{
	const char *name = strrchr(program, '-');

	return name ? name + 1 : program;
}

static void replay(int dir, const char *name)
{
	enum { SHORT = 512 };
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st = { 0 };
	uint8_t *data;
	size_t size;

	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)ok_named(false, "%s can be read", name);
		return;
	}
	size = (size_t)st.st_size;
	data = xcalloc(1, size + 1);
	(void)ok_named(read(fd, data, size) == (ssize_t)size &&
		       LLVMFuzzerTestOneInput(data, size) == 0, "%s", name);
	for (size_t n = 0; n < size && size <= SHORT; n++)
		(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
	(void)close(fd);
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char *path = xasprintf("%s/tests/fuzz/inputs/%s", srcdir ? srcdir : ".",
			       target_name(argv[0]));
	struct dirent *entry;
	DIR *dir = opendir(path);

	(void)argc;
	if (!ok_named(dir != NULL, "%s is there", path))
		return tap_done();
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			replay(dirfd(dir), entry->d_name);
	(void)closedir(dir);
	free(path);
	return tap_done();
}
