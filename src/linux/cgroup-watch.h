/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for what happens to a cgroup: memory that ran out, and its end.  The
 * kernel reports changes of memory.events and cgroup.events by inotify(7);
 * nothing is looked at in between.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cgroup;

struct cgroup_watch {
	/* Outlives the watch. */
	const struct cgroup *cgroup;
	int inotify_fd, events_fd;
	/* As last seen, from memory.events. */
	uint64_t oom, oom_kill;
};

#define CGROUP_WATCH_INIT { .inotify_fd = -EBADF, .events_fd = -EBADF }

/* What has happened since the last look. */
struct cgroup_change {
	/* Times an allocation found the limit reached and nothing to reclaim. */
	bool oom;
	/* Some process was killed for it, here or below. */
	bool oom_kill;
	/* No process is left, or the cgroup is gone. */
	bool ended;
};

int cgroup_watch_init(struct cgroup_watch *watch, const struct cgroup *cg, struct error *err);
void cgroup_watch_fini(struct cgroup_watch *watch);
#define cleanup_cgroup_watch __attribute__((cleanup(cgroup_watch_fini)))

/* Sleeps until something changes or TIMEOUT_MS have passed; the change may be none. */
int cgroup_watch_wait(struct cgroup_watch *watch, int timeout_ms, struct cgroup_change *out,
		      struct error *err);
