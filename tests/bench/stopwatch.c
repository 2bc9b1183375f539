/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopwatch [-n COPIES] FILE LABEL COMMAND [ARGUMENT...]: appends to FILE a line
 * "LABEL microseconds minor-faults peak-RSS-in-KB", from starting COMMAND to its end.
 * COPIES are started at once, and the time is that of all of them; "{}" in an argument
 * is the number of the copy.  COMMAND's stdio is /dev/null, so that a container it leaves
 * running holds nothing of ours.  Fails when COMMAND fails.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ARGS = 64 };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

/* ARGS with NUMBER for "{}", made before the clock starts. */
static char **numbered(char **args, int number)
{
	char **copy = calloc(MAX_ARGS + 1, sizeof(*copy));

	for (int i = 0; args[i] && i < MAX_ARGS; i++) {
		char *place = strstr(args[i], "{}");

		if (!place)
			copy[i] = args[i];
		else if (asprintf(&copy[i], "%.*s%d%s", (int)(place - args[i]), args[i], number,
				  place + 2) < 0)
			err(1, "memory");
	}
	return copy;
}

static void start(char **args, int null)
{
	/* vfork: our own size is no part of the measurement. */
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(null, 0);
		dup2(null, 1);
		execvp(args[0], args);
		_exit(127);
	}
	if (pid < 0)
		err(1, "%s", args[0]);
}

/* Waits for N commands and adds up what they used. */
static struct rusage await(int n)
{
	struct rusage usage, sum = { .ru_minflt = 0 };
	int status;

	while (n-- > 0) {
		if (wait4(-1, &status, 0, &usage) < 0)
			err(1, "wait4");
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			errx(1, "the command failed (wait status %#x)", status);
		sum.ru_minflt += usage.ru_minflt;
		if (usage.ru_maxrss > sum.ru_maxrss)
			sum.ru_maxrss = usage.ru_maxrss;
	}
	return sum;
}

int main(int argc, char **argv)
{
	int n = 1, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct rusage usage;
	char ***commands;
	double began;
	FILE *file;

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		n = atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 4 || n < 1)
		errx(1, "usage: stopwatch [-n COPIES] FILE LABEL COMMAND [ARGUMENT...]");
	file = fopen(argv[1], "ae");
	if (!file || null < 0)
		err(1, "%s", argv[1]);
	commands = calloc((size_t)n, sizeof(*commands));
	for (int i = 0; i < n; i++)
		commands[i] = numbered(argv + 3, i);
	began = now();
	for (int i = 0; i < n; i++)
		start(commands[i], null);
	usage = await(n);
	fprintf(file, "%s %.0f %ld %ld\n", argv[2], now() - began, usage.ru_minflt,
		usage.ru_maxrss);
	return fclose(file) ? 1 : 0;
}
