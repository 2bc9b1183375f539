/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/events.h"

#include <time.h>

#include "base/str.h"
#include "linux/cgroup-stats.h"
#include "linux/cgroup-watch.h"
#include "runtime/events-json.h"
#include "runtime/pause.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int emit_stats(const struct events_request *request, const struct cgroup *cg,
		      struct error *err)
{
	cleanup_cgroup_stats struct cgroup_stats stats = { 0 };
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	int r = cgroup_stats_read(cg, &stats, err);

	if (r < 0)
		return r;
	events_json_stats(request->id, &stats, &line);
	return request->emit(line.buf, err);
}

/*
 * "oom" is what runc's clients wait for: the limit was hit in vain, or, where
 * this cgroup never hit one, somebody was killed for an ancestor's.
 */
static int emit_change(const struct events_request *request, const struct cgroup_watch *watch,
		       const struct cgroup_change *change, struct error *err)
{
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;

	if (change->oom || (change->oom_kill && watch->oom == 0))
		events_json_plain("oom", request->id, &lines);
	if (change->oom_kill)
		events_json_plain("oom_kill", request->id, &lines);
	return lines.len == 0 ? 0 : request->emit(lines.buf, err);
}

static int stream(const struct events_request *request, const struct cgroup *cg,
		  struct error *err)
{
	cleanup_cgroup_watch struct cgroup_watch watch = CGROUP_WATCH_INIT;
	int64_t next = now_ms() + request->interval_ms;
	int r = cgroup_watch_init(&watch, cg, err);

	while (r == 0) {
		int64_t left = next - now_ms();
		struct cgroup_change change;

		r = cgroup_watch_wait(&watch, left > 0 ? (int)left : 0, &change, err);
		if (r == 0)
			r = emit_change(request, &watch, &change, err);
		if (r < 0 || change.ended)
			return r;
		if (now_ms() < next)
			continue;
		next += request->interval_ms;
		/* The container may end at any time, its cgroup with it. */
		r = emit_stats(request, cg, err);
		if (r == -ENOENT) {
			error_clear(err);
			return 0;
		}
	}
	return r;
}

int container_events(const struct events_request *request, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	enum oci_status status;
	int r = container_load_live(&c, request->root, request->id, &status, &cg, err);

	if (r < 0)
		return r;
	return request->once ? emit_stats(request, &cg, err) : stream(request, &cg, err);
}
