/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/kill.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>

#include "base/fd.h"
#include "base/str.h"
#include "linux/cgroup.h"

/*
 * What a container's programs mean by these names.  Ours may be another libc than
 * theirs: glibc keeps two of the kernel's for itself, musl three.
 */
enum { RTMIN = 34, RTMAX = 64 };

/* The number of a name without "SIG", or 0. */
static int signal_from_name(const char *name)
{
	const char *offset;
	uint64_t n;

	for (int i = 1; i < RTMIN; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcasecmp(name, known) == 0)
			return i;
	}
	if (strcasecmp(name, "RTMIN") == 0)
		return RTMIN;
	if (strcasecmp(name, "RTMAX") == 0)
		return RTMAX;
	if (strcasecmp(name, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(name, "CLD") == 0)
		return SIGCHLD;
	offset = strpbrk(name, "+-");
	if (!offset || offset - name != 5 || !str_to_u64(offset + 1, RTMAX - RTMIN, &n))
		return 0;
	if (strncasecmp(name, "RTMIN", 5) == 0 && *offset == '+')
		return RTMIN + (int)n;
	if (strncasecmp(name, "RTMAX", 5) == 0 && *offset == '-')
		return RTMAX - (int)n;
	return 0;
}

int signal_parse(const char *text, struct error *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint64_t number;
	int signal;

	/* 0 is none: it only asks whether there is a process. */
	if (str_to_u64(text, (uint64_t)RTMAX, &number))
		return (int)number;
	signal = signal_from_name(name);
	if (signal > 0)
		return signal;
	(void)error_set(err, EINVAL, "unknown signal \"%s\"", text);
	return error_hint(err, "a name such as TERM or SIGTERM, or a number from 1 to %d",
			  RTMAX);
}

/* Engines look for these words. */
static int not_running(const struct container *c, struct error *err)
{
	return error_set(err, ESRCH, "container \"%s\": container not running", c->id);
}

static int kill_init(const struct container *c, int signal, struct error *err)
{
	cleanup_close int pidfd = container_open_pidfd(c, err);

	if (pidfd == -ESRCH)
		return not_running(c, err);
	if (pidfd < 0)
		return pidfd;
	if (pidfd_send_signal(pidfd, signal, NULL, 0) == 0)
		return 0;
	if (errno == ESRCH)
		return not_running(c, err);
	return error_sys(err, "pidfd_send_signal", "%s to process %lld", strsignal(signal),
			 (long long)c->record.pid);
}

/*
 * Without a pid namespace of its own a container's processes outlive its init,
 * and only the cgroup knows them.  -ESRCH without a message when there are none.
 */
static int kill_cgroup(const struct container *c, int signal, struct error *err)
{
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	bool populated;
	int r;

	if (!c->record.cgroup_path)
		return -ESRCH;
	r = cgroup_open(c->record.cgroup_path, &cg, err);
	if (r == 0)
		r = cgroup_is_populated(&cg, &populated, err);
	if (r == -ENOENT || (r == 0 && !populated))
		return -ESRCH;
	if (r < 0)
		return r;
	return signal == SIGKILL ? cgroup_kill(&cg, err) : cgroup_signal(&cg, signal, err);
}

/* SIGKILL means the container: also what init would leave behind. */
static int kill_whole(const struct container *c, struct error *err)
{
	int first = kill_init(c, SIGKILL, err), r;
	struct error ignored = ERROR_INIT;

	if (first < 0 && first != -ESRCH)
		return first;
	r = kill_cgroup(c, SIGKILL, &ignored);
	if (r < 0 && r != -ESRCH)
		*err = ignored;
	return r == -ESRCH ? first : r;
}

int container_kill(const char *root, const char *id, int signal, bool all, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	int r = container_load(&c, root, id, err);

	if (r < 0)
		return r;
	if (signal == SIGKILL)
		r = kill_whole(&c, err);
	else if (all && c.record.cgroup_path)
		r = kill_cgroup(&c, signal, err);
	else
		r = kill_init(&c, signal, err);
	/* All of none is nothing to complain about. */
	if (all && r == -ESRCH)
		r = 0;
	return r;
}
