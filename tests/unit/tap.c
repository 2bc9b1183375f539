/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int n_tests;
static int n_failed;

bool tap_ok_named(bool passed, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", passed ? "" : "not ", ++n_tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!passed) {
		n_failed++;
		printf("# %s:%d\n", file, line);
	}
	(void)fflush(stdout);
	return passed;
}

bool tap_ok(bool passed, const char *name, const char *file, int line)
{
	return tap_ok_named(passed, file, line, "%s", name);
}

bool tap_ok_str(const char *got, const char *want, const char *name, const char *file, int line)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;

	tap_ok_named(same, file, line, "%s", name);
	if (!same)
		printf("#  got: %s\n# want: %s\n", got ? got : "NULL", want ? want : "NULL");
	return same;
}

bool tap_ok_int(long long got, long long want, const char *name, const char *file, int line)
{
	tap_ok_named(got == want, file, line, "%s", name);
	if (got != want)
		printf("#  got: %lld\n# want: %lld\n", got, want);
	return got == want;
}

void tap_skip(const char *name, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++n_tests, name, reason);
}

void tap_skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	exit(0);
}

int tap_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

int tap_in_child(int (*fn)(void))
{
	pid_t pid;
	int status;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(fn());
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int tap_done(void)
{
	printf("1..%d\n", n_tests);
	return n_failed ? 1 : 0;
}
