/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopwatch FILE LABEL COMMAND [ARGUMENT...]: appends "LABEL microseconds" to FILE,
 * the time from starting COMMAND to its end. COMMAND's stdio is /dev/null, so that
 * a container it leaves running holds nothing of ours. Fails when COMMAND fails.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	double began, ended;
	FILE *file;
	int status, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (argc < 4)
		errx(1, "usage: stopwatch FILE LABEL COMMAND [ARGUMENT...]");
	file = fopen(argv[1], "ae");
	if (!file || null < 0)
		err(1, "%s", argv[1]);
	began = now();
	/* vfork: our own size is no part of the measurement. */
	pid = vfork();
	if (pid == 0) {
		dup2(null, 0);
		dup2(null, 1);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "%s", argv[3]);
	ended = now();
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "%s failed (wait status %#x)", argv[3], status);
	fprintf(file, "%s %.0f\n", argv[2], ended - began);
	return fclose(file) ? 1 : 0;
}
