/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/cgroup-watch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "linux/cgroup-driver.h"
#include "linux/cgroup-stats.h"
#include "linux/cgroup.h"

static int add_file(const struct cgroup_watch *w, const char *name, struct error *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", path_of_fd(w->cgroup->fd).s, name);
	if (inotify_add_watch(w->inotify_fd, path, IN_MODIFY) >= 0)
		return 0;
	return error_sys(err, "inotify_add_watch", "%s", name);
}

/* The counters now; OUT says which have grown. */
static int look_at_memory(struct cgroup_watch *w, struct cgroup_change *out, struct error *err)
{
	struct cgroup_counters counters;
	int r = cgroup_counters_read(w->cgroup->fd, "memory.events", &counters, err);
	uint64_t oom = cgroup_counter(&counters, "oom");
	uint64_t oom_kill = cgroup_counter(&counters, "oom_kill");

	cgroup_counters_fini(&counters);
	if (r == -ENOENT) {
		out->ended = true;
		return 0;
	}
	out->oom = oom > w->oom;
	out->oom_kill = oom_kill > w->oom_kill;
	w->oom = oom;
	w->oom_kill = oom_kill;
	return r;
}

int cgroup_watch_init(struct cgroup_watch *w, const struct cgroup *cg, struct error *err)
{
	struct cgroup_change ignored = { 0 };
	int r;

	w->cgroup = cg;
	w->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify_fd < 0)
		return error_sys(err, "inotify_init1", "for cgroup %s", cg->path);
	w->events_fd = path_open(cg->fd, "cgroup.events", PATH_BENEATH, O_RDONLY, 0, err);
	r = w->events_fd < 0 ? w->events_fd : add_file(w, "cgroup.events", err);
	if (r == 0)
		r = add_file(w, "memory.events", err);
	/* Without the memory controller it does not run out. */
	if (r == -ENOENT) {
		error_clear(err);
		r = 0;
	}
	/* Only then, so that nothing is missed in between. */
	if (r == 0)
		r = look_at_memory(w, &ignored, err);
	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}

void cgroup_watch_fini(struct cgroup_watch *w)
{
	fd_close(&w->inotify_fd);
	fd_close(&w->events_fd);
}

int cgroup_watch_wait(struct cgroup_watch *w, int timeout_ms, struct cgroup_change *out,
		      struct error *err)
{
	/*
	 * inotify is told by a work item of the kernel, which the removal of the
	 * cgroup can overtake; poll(2) of the file itself is woken at once.
	 */
	struct pollfd pfds[] = {
		{ .fd = w->inotify_fd, .events = POLLIN },
		{ .fd = w->events_fd, .events = POLLPRI },
	};
	char discarded[4096];
	bool populated;
	int r;

	*out = (struct cgroup_change){ 0 };
	/* This read is what later changes are told against. */
	r = cgroup_event_read(w->events_fd, CGROUP_EVENT_POPULATED, &populated, err);
	if (r == 0 && populated && poll(pfds, ARRAY_SIZE(pfds), timeout_ms) < 0 && errno != EINTR)
		return error_sys(err, "poll", "cgroup %s", w->cgroup->path);
	while (r == 0 && read(w->inotify_fd, discarded, sizeof(discarded)) > 0)
		;
	if (r == 0)
		r = cgroup_event_read(w->events_fd, CGROUP_EVENT_POPULATED, &populated, err);
	/* After that: what the last process died of is counted by then. */
	if (r == 0)
		r = look_at_memory(w, out, err);
	if (r < 0)
		return error_context(err, "cgroup %s", w->cgroup->path);
	out->ended |= !populated;
	return 0;
}
