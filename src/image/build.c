/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/build-cache.h"
#include "image/build-plan.h"
#include "image/build-stage.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/ref.h"

enum { RESULT_MAX = 16 << 20, TICK_MSEC = 200 };

/* A stage being built, by a process of its own. */
struct worker {
	size_t index;
	pid_t pid;
	int events_fd;
	/* A memory file: what comes of it. */
	int result_fd;
	/* Shared with it: why it failed. */
	struct error *err;
};

struct build {
	struct build_plan plan;
	struct worker *workers;
	size_t n_workers;
};

/* --- the workers ------------------------------------------------------------------- */

/* In the worker. */
static int work(struct build *build, struct worker *worker, int events_fd)
{
	struct build_request request = *build->plan.request;
	struct build_stage stage = {
		.store = build->plan.store,
		.request = &request,
		.file = &build->plan.file,
		.plans = build->plan.plans,
		.index = worker->index,
		.global_args = &build->plan.global_args,
		.ignore = &build->plan.ignore,
		.context_fd = build->plan.context_fd,
		.events_fd = events_fd,
	};
	cleanup_free char *path = realpath(build->plan.request->context, NULL);
	cleanup_free char *table = xasprintf("%s#%zu", path ? path : "", worker->index);
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	request.build_args = build->plan.build_args.v;
	build_digests_open(&stage.digests, build->plan.store, table);
	r = build_stage_run(&stage, worker->err);
	if (r == 0)
		r = build_state_write(&stage.state, &text, &len, worker->err);
	if (r == 0)
		r = file_write_fd(worker->result_fd, "result", text, len, worker->err);
	build_digests_release(&stage.digests);
	free(stage.pending);
	oci_arena_release(&stage.arena);
	return r;
}

static void worker_release(struct worker *worker)
{
	fd_close(&worker->events_fd);
	fd_close(&worker->result_fd);
	if (worker->err)
		(void)munmap(worker->err, sizeof(*worker->err));
	worker->err = NULL;
}

static int prepare_worker(struct worker *worker, int *events_fd, struct error *err)
{
	void *shared = mmap(NULL, sizeof(*worker->err), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fds[2];

	if (shared == MAP_FAILED)
		return error_sys(err, "mmap", "for a stage");
	worker->err = shared;
	worker->result_fd = memfd_create("build-result", MFD_CLOEXEC);
	if (worker->result_fd < 0)
		return error_sys(err, "memfd_create", "for a stage");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_sys(err, "socketpair", "for a stage");
	worker->events_fd = fds[0];
	*events_fd = fds[1];
	return 0;
}

static int start_worker(struct build *build, size_t index, struct error *err)
{
	struct worker *worker = &build->workers[build->n_workers];
	cleanup_close int events_fd = -EBADF;
	int r;

	*worker = (struct worker){ .index = index, .events_fd = -EBADF, .result_fd = -EBADF };
	r = prepare_worker(worker, &events_fd, err);
	if (r == 0) {
		worker->pid = fork();
		if (worker->pid < 0)
			r = error_sys(err, "fork", "for a stage");
	}
	if (r < 0) {
		worker_release(worker);
		return r;
	}
	if (worker->pid == 0) {
		/* Nobody is left to tell of it. */
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		fd_close(&worker->events_fd);
		_exit(work(build, worker, events_fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	build->n_workers++;
	return 0;
}

static bool is_ready(const struct build *build, size_t index)
{
	const struct stage_plan *plan = &build->plan.plans[index];

	if (!plan->needed || plan->done)
		return false;
	for (size_t i = 0; i < build->n_workers; i++)
		if (build->workers[i].index == index)
			return false;
	for (size_t i = 0; i < plan->n_needs; i++)
		if (!build->plan.plans[plan->needs[i]].done)
			return false;
	return true;
}

static int start_ready(struct build *build, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < build->plan.file.n_stages; i++)
		if (is_ready(build, i))
			r = start_worker(build, i, err);
	return r;
}

/* Passes one event on; false when the worker has closed its end. */
static bool tell(struct build *build, int fd)
{
	struct build_event event;
	ssize_t n = recv(fd, &event, sizeof(event), MSG_DONTWAIT);

	if (n == 0)
		return false;
	if (n <= (ssize_t)offsetof(struct build_event, text))
		return true;
	((char *)&event)[n - 1] = '\0';
	if (build->plan.request->event)
		build->plan.request->event(build->plan.request->event_ctx, &event);
	return true;
}

static int read_result(struct build *build, struct worker *worker, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	(void)lseek(worker->result_fd, 0, SEEK_SET);
	r = file_read_fd(worker->result_fd, "result", RESULT_MAX, &text, err);
	if (r == 0)
		r = build_state_read(&build->plan.plans[worker->index].result, &build->plan.arena, text.buf,
				     text.len, err);
	build->plan.plans[worker->index].done = r == 0;
	return r;
}

static int why_it_failed(const struct build *build, const struct worker *worker, int status,
			 struct error *err)
{
	*err = *worker->err;
	if (err->code < 0)
		return err->code;
	return error_set(err, EIO, "the process that built the stage FROM %s ended without a word "
			 "(wait status %#x)", build->plan.file.stages[worker->index].base,
			 (unsigned int)status);
}

/* The worker has closed its end: it is over. */
static int finish_worker(struct build *build, size_t i, struct error *err)
{
	struct worker worker = build->workers[i];
	int status = 0, r;

	(void)TEMP_FAILURE_RETRY(waitpid(worker.pid, &status, 0));
	build->workers[i] = build->workers[--build->n_workers];
	if (status == 0)
		r = read_result(build, &worker, err);
	else if (err->code == 0)
		r = why_it_failed(build, &worker, status, err);
	else
		r = err->code;
	worker_release(&worker);
	return r;
}

/* Waits for news of any worker; once it is STOPPED for nothing else. */
static int follow(struct build *build, bool stopped, struct error *err)
{
	const struct build_request *request = build->plan.request;
	const struct build_event tick = { .type = BUILD_TICK };
	int msec = request->ticks ? TICK_MSEC : -1, news;
	struct pollfd fds[64];
	size_t n = build->n_workers < ARRAY_SIZE(fds) ? build->n_workers : ARRAY_SIZE(fds);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = build->workers[i].events_fd, .events = POLLIN };
	news = stopped ? poll(fds, n, -1) : interrupt_poll(fds, n, msec);
	if (news < 0)
		return errno == EINTR ? 0 : error_sys(err, "poll", "stages");
	if (news == 0)
		request->event(request->event_ctx, &tick);
	/* From the end: a worker that is over is replaced by the last one. */
	for (size_t i = n; i-- > 0;) {
		if (fds[i].revents && !tell(build, fds[i].fd))
			r = finish_worker(build, i, err) < 0 ? err->code : r;
	}
	return r;
}

static void stop_workers(struct build *build)
{
	for (size_t i = 0; i < build->n_workers; i++)
		(void)kill(build->workers[i].pid, SIGTERM);
}

static int build_stages(struct build *build, struct error *err)
{
	bool stopped = false;
	int r = 0;

	build->workers =
		document_alloc(&build->plan.arena, build->plan.file.n_stages * sizeof(*build->workers));
	while (!build->plan.plans[build->plan.target].done && (r == 0 || build->n_workers > 0)) {
		if (r == 0)
			r = interrupt_check(err);
		if (r == 0)
			r = start_ready(build, err);
		if (r < 0 && !stopped) {
			stop_workers(build);
			stopped = true;
		}
		if (build->n_workers > 0 && follow(build, stopped, err) < 0)
			r = err->code;
	}
	return r;
}

/* --- the image --------------------------------------------------------------------- */

static int add_labels(struct build *build, struct build_state *state, struct error *err)
{
	char *const *labels = build->plan.request->labels;

	for (; labels && *labels; labels++) {
		cleanup_free char *name = xstrndup(*labels, strcspn(*labels, "="));
		const char *equals = strchr(*labels, '=');

		if (!*name)
			return error_set(err, EINVAL, "--label \"%s\" has no name", *labels);
		list_set_pair(&build->plan.arena, &state->run.labels, name, equals ? equals + 1 : "");
	}
	return 0;
}

static int add_image(struct build *build, struct digest *id, struct error *err)
{
	struct build_state *state = &build->plan.plans[build->plan.target].result;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	char *const *name = build->plan.request->names;
	int r = add_labels(build, state, err);

	for (; r == 0 && name && *name; name++) {
		char *full = image_ref_normalize(*name, err);

		if (!full)
			return err->code;
		strvec_push_take(&names, full);
	}
	if (r == 0)
		r = image_add(build->plan.store, &state->config, &state->manifest, &names, id, err);
	return r;
}

static int check_names(const struct build_request *request, struct error *err)
{
	for (char *const *name = request->names; name && *name; name++) {
		cleanup_free char *full = image_ref_normalize(*name, err);

		if (!full)
			return err->code;
	}
	return 0;
}

int build_image(struct store *store, const struct build_request *request, struct digest *id,
		struct error *err)
{
	struct build build = { .plan = BUILD_PLAN_INIT };
	int r = check_names(request, err);

	if (r == 0)
		r = build_cache_prepare(store, err);
	if (r == 0)
		r = build_plan_make(&build.plan, store, request, err);
	if (r == 0)
		r = build_stages(&build, err);
	if (r == 0)
		r = add_image(&build, id, err);
	build_plan_release(&build.plan);
	/* A call that blocks says no more than EINTR. */
	if (r == -EINTR && err->exit_status == 0)
		(void)interrupt_check(err);
	return r;
}
