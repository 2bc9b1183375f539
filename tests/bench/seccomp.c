/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp [-n ROUNDS] PROFILE...: what a filter costs, ours beside libseccomp's two, all
 * in one interleaved run: to build it from a parsed profile, and to attach it, which is
 * what a container's start pays.  Medians in microseconds; PROFILE is a linux.seccomp.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/runtime.h"
#include "linux/seccomp.h"
#include "tests/unit/seccomp-library.h"

enum { MAX_ROUNDS = 1000, OURS = 0, LINEAR, TREE, N_WAYS };

static const char *const ways[] = { "dabba", "libseccomp, linear", "libseccomp, tree" };

struct result {
	unsigned int n_filter;
	double build[MAX_ROUNDS];
	double attach[MAX_ROUNDS];
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void build(const struct oci_seccomp *seccomp, int way, struct seccomp_program *out)
{
	struct error err = ERROR_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int fd, r;

	if (way == OURS) {
		if (seccomp_compile(seccomp, out, &err) < 0)
			errx(1, "%s", err.msg);
		return;
	}
	fd = memfd_create("filter", MFD_CLOEXEC);
	r = library_build(seccomp, way == TREE, fd);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    file_read_fd(fd, "filter", 1 << 20, &text, &err) < 0)
		errx(1, "%s: %s %s", ways[way], strerror(-r), err.msg);
	(void)close(fd);
	out->n_filter = (unsigned short)(text.len / sizeof(*out->filter));
	out->filter = xcalloc(out->n_filter, sizeof(*out->filter));
	memcpy(out->filter, text.buf, out->n_filter * sizeof(*out->filter));
}

/* In a process that ends at once: a filter cannot be taken off. */
static double attach(const struct seccomp_program *program)
{
	static double *shared;
	struct error err = ERROR_INIT;
	int status;

	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fork() == 0) {
		double start;

		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		start = now();
		if (seccomp_install(program, NULL, &err) < 0)
			errx(1, "%s", err.msg);
		*shared = now() - start;
		_exit(0);
	}
	if (wait(&status) < 0 || status != 0)
		errx(1, "a filter was not attached");
	return *shared;
}

static void measure(const struct oci_seccomp *seccomp, struct result *results, int round)
{
	for (int way = 0; way < N_WAYS; way++) {
		struct seccomp_program program = SECCOMP_PROGRAM_INIT;
		double start = now();

		build(seccomp, way, &program);
		results[way].build[round] = now() - start;
		results[way].n_filter = program.n_filter;
		results[way].attach[round] = attach(&program);
		seccomp_program_fini(&program);
	}
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), by_value);
	return values[n / 2];
}

static void bench(const char *path, int rounds)
{
	static struct result results[N_WAYS];
	struct oci_arena arena = { .blocks = NULL };
	struct oci_error oci_err = OCI_ERROR_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct oci_seccomp seccomp;

	if (file_read_at(AT_FDCWD, path, 1 << 20, &text, &err) < 0 ||
	    oci_read(&arena, &oci_seccomp_object, text.buf, text.len, path, &seccomp,
		     &oci_err) < 0)
		errx(1, "%s%s", err.msg, oci_err.msg);
	for (int round = 0; round < rounds; round++)
		measure(&seccomp, results, round);
	for (int way = 0; way < N_WAYS; way++)
		printf("%-36s%-20s%6u%10.0f%10.0f\n", way ? "" : basename(path), ways[way],
		       results[way].n_filter, median(results[way].build, rounds),
		       median(results[way].attach, rounds));
	oci_arena_release(&arena);
}

int main(int argc, char **argv)
{
	int rounds = 100, first = 1;

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		rounds = atoi(argv[2]);
		first = 3;
	}
	if (first >= argc || rounds < 1 || rounds > MAX_ROUNDS)
		errx(1, "usage: seccomp [-n ROUNDS] PROFILE...");
	printf("%d rounds, medians in us\n%-36s%-20s%6s%10s%10s\n", rounds, "profile", "", "insns",
	       "build", "attach");
	for (int i = first; i < argc; i++)
		bench(argv[i], rounds);
	return 0;
}
