/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/oom.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

enum { OOM_MIN = -1000, OOM_MAX = 1000 };

int oom_check(int score, struct error *err)
{
	if (score >= OOM_MIN && score <= OOM_MAX)
		return 0;
	(void)error_set(err, EINVAL, "the OOM score adjustment %d is not between %d and %d",
			score, OOM_MIN, OOM_MAX);
	return error_pointer(err, "process.oomScoreAdj");
}

static int open_file(pid_t pid, int flags, struct error *err)
{
	char path[48];

	if (pid == 0)
		return proc_open_self("oom_score_adj", flags, err);
	(void)snprintf(path, sizeof(path), "%d/oom_score_adj", (int)pid);
	return proc_open(path, flags, err);
}

/* The kernel says only EACCES; the value we may not go below explains it. */
static int explain_refusal(pid_t pid, int score, struct error *err)
{
	struct error ignored = ERROR_INIT;
	cleanup_close int fd = open_file(pid, O_RDONLY, &ignored);
	char now[16] = "higher";
	ssize_t n = fd < 0 ? -1 : read(fd, now, sizeof(now) - 1);

	if (n > 0)
		now[n] = '\0';
	now[strcspn(now, "\n")] = '\0';
	(void)error_set(err, EACCES,
			"set the OOM score adjustment to %d: it is %s now, and only "
			"CAP_SYS_RESOURCE may lower it",
			score, now);
	(void)error_hint(err, "raise process.oomScoreAdj to what this program runs with, or "
			      "leave it out");
	return error_pointer(err, "process.oomScoreAdj");
}

int oom_write(pid_t pid, int score, struct error *err)
{
	cleanup_close int fd = open_file(pid, O_WRONLY, err);
	char value[16];
	int n = snprintf(value, sizeof(value), "%d", score);

	if (fd < 0)
		return fd;
	if (write(fd, value, (size_t)n) == n)
		return 0;
	if (errno == EACCES || errno == EPERM)
		return explain_refusal(pid, score, err);
	return error_sys(err, "write", "%s to oom_score_adj", value);
}
