/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/build-cache.h"
#include "image/build-stage.h"
#include "image/document.h"
#include "image/ignore.h"
#include "image/interrupt.h"
#include "image/platform.h"
#include "image/ref.h"
#include "image/words.h"

enum { FILE_MAX = 4 << 20, RESULT_MAX = 16 << 20 };

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
	struct store *store;
	const struct build_request *request;
	struct oci_arena arena;
	struct containerfile file;
	int context_fd;
	struct ignore ignore;
	struct list global_args;
	struct stage_plan *plans;
	struct image *images;
	size_t n_images;
	size_t target;
	struct worker *workers;
	size_t n_workers;
	/* The build arguments with the values of those that came from our environment. */
	struct strvec build_args;
};

/* --- reading ----------------------------------------------------------------------- */

static int open_context(struct build *build, struct error *err)
{
	const char *path = build->request->context;

	build->context_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (build->context_fd >= 0)
		return 0;
	(void)error_sys(err, "open", "context %s", path);
	return error_hint(err, "the last argument is the directory that COPY takes files from");
}

/* The file's text, and its name for messages. */
static int read_file(struct build *build, const char **name, struct strbuf *text,
		     struct error *err)
{
	static const char *const names[] = { "Containerfile", "Dockerfile" };

	if (build->request->file) {
		*name = build->request->file;
		if (streq(*name, "-"))
			return file_read_fd(STDIN_FILENO, "standard input", FILE_MAX, text, err);
		return file_read_at(AT_FDCWD, *name, FILE_MAX, text, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_close int fd = path_try_open(build->context_fd, names[i], PATH_IN_ROOT,
						     O_RDONLY | O_NONBLOCK, 0);

		if (fd == -ENOENT)
			continue;
		*name = names[i];
		if (fd >= 0)
			return file_read_fd(fd, *name, FILE_MAX, text, err);
		errno = -fd;
		return error_sys(err, "open", "%s/%s", build->request->context, *name);
	}
	(void)error_set(err, ENOENT, "neither a Containerfile nor a Dockerfile is in %s",
			build->request->context);
	return error_hint(err, "name the file with --file");
}

static int read_all(struct build *build, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *name = NULL, *slash;
	int r = open_context(build, err);

	if (r == 0)
		r = read_file(build, &name, &text, err);
	if (r == 0)
		r = containerfile_parse(&build->arena, name, text.buf, text.len, &build->file, err);
	if (r < 0)
		return r;
	slash = strrchr(name, '/');
	return ignore_read(&build->ignore, build->context_fd, slash ? slash + 1 : name, err);
}

/* --- arguments --------------------------------------------------------------------- */

static int take_build_args(struct build *build, struct error *err)
{
	char *const *args = build->request->build_args;

	for (; args && *args; args++) {
		const char *value = strchr(*args, '=') ? NULL : getenv(*args);

		if (**args == '=' || **args == '\0')
			return error_set(err, EINVAL, "--build-arg \"%s\" has no name", *args);
		if (value)
			strvec_pushf(&build->build_args, "%s=%s", *args, value);
		else if (strchr(*args, '='))
			strvec_push(&build->build_args, *args);
	}
	return 0;
}

static const char *given(const struct build *build, const char *name)
{
	for (size_t i = build->build_args.n; i-- > 0;) {
		const char *rest = str_skip_prefix(build->build_args.v[i], name);

		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

static void set_global(struct build *build, const char *name, const char *value)
{
	cleanup_free char *setting = xasprintf("%s=%s", name, value);

	list_set_env(&build->arena, &build->global_args.v, &build->global_args.n_v, setting);
}

static void set_platform(struct build *build)
{
	static const char *const sides[] = { "TARGET", "BUILD" };

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		cleanup_free char *platform = xasprintf("%sPLATFORM", sides[i]);
		cleanup_free char *os = xasprintf("%sOS", sides[i]);
		cleanup_free char *arch = xasprintf("%sARCH", sides[i]);
		cleanup_free char *value = xasprintf("linux/%s", platform_architecture());

		set_global(build, platform, value);
		set_global(build, os, "linux");
		set_global(build, arch, platform_architecture());
	}
}

static int expand_global(struct build *build, const char *word, struct strbuf *out,
			 struct error *err)
{
	strbuf_reset(out);
	return words_expand_by(word, build->file.escape, build->global_args.v, out, err);
}

static int global_arg(struct build *build, const char *word, struct error *err)
{
	cleanup_free char *name = xstrndup(word, strcspn(word, "="));
	cleanup_strbuf struct strbuf value = STRBUF_INIT;
	const char *text = given(build, name), *equals = strchr(word, '=');
	int r;

	if (text) {
		set_global(build, name, text);
		return 0;
	}
	if (!equals)
		return 0;
	r = expand_global(build, equals + 1, &value, err);
	if (r == 0)
		set_global(build, name, value.buf);
	return r;
}

static int global_args(struct build *build, struct error *err)
{
	set_platform(build);
	for (size_t i = 0; i < build->file.n_args; i++) {
		cleanup_strvec struct strvec words = STRVEC_INIT;
		const struct instruction *in = &build->file.args[i];
		int r = words_split_by(in->rest, build->file.escape, &words, err);

		for (size_t w = 0; r == 0 && w < words.n; w++)
			r = global_arg(build, words.v[w], err);
		if (r < 0)
			return error_context(err, "%s:%zu: ARG", build->file.file, in->line);
	}
	return 0;
}

/* --- the plan ---------------------------------------------------------------------- */

static int find_target(struct build *build, struct error *err)
{
	const char *name = build->request->target;
	int index;

	build->target = build->file.n_stages - 1;
	if (!name)
		return 0;
	index = build_find_stage(&build->file, build->file.n_stages, name);
	if (index < 0)
		return error_set(err, ENOENT, "--target %s: %s has no such stage", name,
				 build->file.file);
	build->target = (size_t)index;
	return 0;
}

static void add_need(struct build *build, struct stage_plan *plan, int index)
{
	int *more = document_alloc(&build->arena, (plan->n_needs + 1) * sizeof(*more));

	for (size_t i = 0; i < plan->n_needs; i++)
		more[i] = plan->needs[i];
	more[plan->n_needs++] = index;
	plan->needs = more;
}

/* The image of FROM; the next stage that is FROM it shares it. */
static int load_base(struct build *build, struct stage_plan *plan, const char *name,
		     struct error *err)
{
	struct image *image = &build->images[build->n_images];
	int r = image_load(build->store, name, image, err);

	if (r == 0)
		r = image_unpack_layers(build->store, image, err);
	if (r < 0)
		return r;
	build->n_images++;
	plan->base_image = image;
	return 0;
}

static int find_base(struct build *build, size_t index, struct error *err)
{
	struct stage_plan *plan = &build->plans[index];
	const struct stage *stage = plan->stage;
	cleanup_strbuf struct strbuf name = STRBUF_INIT;
	int r = expand_global(build, stage->base, &name, err);

	if (r < 0)
		return r;
	if (name.len == 0) {
		(void)error_set(err, EINVAL, "\"%s\" is empty", stage->base);
		return error_hint(err, "only ARGs before the first FROM have a value there");
	}
	for (size_t i = index; i-- > 0;)
		if (build->file.stages[i].name &&
		    strcasecmp(build->file.stages[i].name, name.buf) == 0) {
			plan->base_stage = (int)i;
			add_need(build, plan, (int)i);
			return 0;
		}
	if (streq(name.buf, "scratch"))
		return 0;
	return load_base(build, plan, name.buf, err);
}

/* The image's triggers, which stand before the stage's own instructions. */
static int join_triggers(struct build *build, struct stage_plan *plan, struct error *err)
{
	const struct oci_image_run_config *run =
		plan->base_image ? plan->base_image->config->config : NULL;
	size_t n = run ? run->n_on_build : 0;
	int r = 0;

	plan->instructions = document_alloc(
		&build->arena, (n + plan->stage->n_instructions + 1) * sizeof(struct instruction));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = containerfile_parse_trigger(&build->arena, &build->file, run->on_build[i],
						plan->stage->line,
						&plan->instructions[plan->n_instructions++], err);
	for (size_t i = 0; i < plan->stage->n_instructions; i++)
		plan->instructions[plan->n_instructions++] = plan->stage->instructions[i];
	return r;
}

/* The stages in "--from=STAGE" and "--mount=...,from=STAGE,...". */
static void find_sources(struct build *build, size_t index, const struct instruction *in)
{
	for (size_t i = 0; i < in->n_flags; i++) {
		const char *from = strstr(in->flags[i], "from=");
		cleanup_free char *name = NULL;
		int other;

		if (!from || (from[-1] != '-' && from[-1] != ','))
			continue;
		from += strlen("from=");
		name = xstrndup(from, strcspn(from, ","));
		other = build_find_stage(&build->file, index, name);
		if (other >= 0)
			add_need(build, &build->plans[index], other);
	}
}

/* Marks the stages that the stage INDEX takes from. */
static int plan_stage(struct build *build, size_t index, struct error *err)
{
	struct stage_plan *plan = &build->plans[index];
	int r;

	if (plan->needed)
		return 0;
	plan->needed = true;
	r = find_base(build, index, err);
	if (r == 0)
		r = join_triggers(build, plan, err);
	if (r < 0)
		return error_context(err, "%s:%zu: FROM %s", build->file.file, plan->stage->line,
				     plan->stage->base);
	for (size_t i = 0; i < plan->n_instructions; i++)
		find_sources(build, index, &plan->instructions[i]);
	for (size_t i = 0; r == 0 && i < plan->n_needs; i++)
		r = plan_stage(build, (size_t)plan->needs[i], err);
	return r;
}

static int plan_all(struct build *build, struct error *err)
{
	size_t n = build->file.n_stages;
	int r = find_target(build, err);

	build->plans = document_alloc(&build->arena, n * sizeof(*build->plans));
	build->images = document_alloc(&build->arena, n * sizeof(*build->images));
	for (size_t i = 0; i < n; i++)
		build->plans[i] = (struct stage_plan){
			.stage = &build->file.stages[i], .base_stage = -1,
		};
	return r < 0 ? r : plan_stage(build, build->target, err);
}

/* --- the workers ------------------------------------------------------------------- */

/* In the worker. */
static int work(struct build *build, struct worker *worker, int events_fd)
{
	struct build_request request = *build->request;
	struct build_stage stage = {
		.store = build->store,
		.request = &request,
		.file = &build->file,
		.plans = build->plans,
		.index = worker->index,
		.global_args = &build->global_args,
		.ignore = &build->ignore,
		.context_fd = build->context_fd,
		.events_fd = events_fd,
	};
	cleanup_free char *path = realpath(build->request->context, NULL);
	cleanup_free char *table = xasprintf("%s#%zu", path ? path : "", worker->index);
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	request.build_args = build->build_args.v;
	build_digests_open(&stage.digests, build->store, table);
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

static int start_worker(struct build *build, size_t index, struct error *err)
{
	struct worker *worker = &build->workers[build->n_workers];
	int fds[2];

	*worker = (struct worker){ .index = index };
	worker->err = mmap(NULL, sizeof(*worker->err), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (worker->err == MAP_FAILED)
		return error_sys(err, "mmap", "for a stage");
	worker->result_fd = memfd_create("build-result", MFD_CLOEXEC);
	if (worker->result_fd < 0)
		return error_sys(err, "memfd_create", "for a stage");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_sys(err, "socketpair", "for a stage");
	worker->pid = fork();
	if (worker->pid < 0)
		return error_sys(err, "fork", "for a stage");
	if (worker->pid == 0) {
		(void)close(fds[0]);
		_exit(work(build, worker, fds[1]) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	(void)close(fds[1]);
	worker->events_fd = fds[0];
	build->n_workers++;
	return 0;
}

static bool is_ready(const struct build *build, size_t index)
{
	const struct stage_plan *plan = &build->plans[index];

	if (!plan->needed || plan->done)
		return false;
	for (size_t i = 0; i < build->n_workers; i++)
		if (build->workers[i].index == index)
			return false;
	for (size_t i = 0; i < plan->n_needs; i++)
		if (!build->plans[plan->needs[i]].done)
			return false;
	return true;
}

static int start_ready(struct build *build, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < build->file.n_stages; i++)
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
	if (build->request->event)
		build->request->event(build->request->event_ctx, &event);
	return true;
}

static int read_result(struct build *build, struct worker *worker, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	(void)lseek(worker->result_fd, 0, SEEK_SET);
	r = file_read_fd(worker->result_fd, "result", RESULT_MAX, &text, err);
	if (r == 0)
		r = build_state_read(&build->plans[worker->index].result, &build->arena, text.buf,
				     text.len, err);
	build->plans[worker->index].done = r == 0;
	return r;
}

/* The worker has closed its end: it is over. */
static int finish_worker(struct build *build, size_t i, struct error *err)
{
	struct worker worker = build->workers[i];
	int status = 0, r;

	(void)TEMP_FAILURE_RETRY(waitpid(worker.pid, &status, 0));
	build->workers[i] = build->workers[--build->n_workers];
	if (WIFSIGNALED(status))
		r = error_set(err, EIO, "the process that built %s was killed by signal %d",
			      build->file.stages[worker.index].base, WTERMSIG(status));
	else if (status != 0 && err->code == 0) {
		*err = *worker.err;
		r = err->code;
	} else {
		r = status != 0 ? err->code : read_result(build, &worker, err);
	}
	fd_close(&worker.events_fd);
	fd_close(&worker.result_fd);
	(void)munmap(worker.err, sizeof(*worker.err));
	return r;
}

/* Waits for news of any worker. */
static int follow(struct build *build, struct error *err)
{
	struct pollfd fds[64];
	size_t n = build->n_workers < ARRAY_SIZE(fds) ? build->n_workers : ARRAY_SIZE(fds);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = build->workers[i].events_fd, .events = POLLIN };
	if (poll(fds, n, -1) < 0)
		return errno == EINTR ? 0 : error_sys(err, "poll", "stages");
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
		document_alloc(&build->arena, build->file.n_stages * sizeof(*build->workers));
	while (!build->plans[build->target].done && (r == 0 || build->n_workers > 0)) {
		if (r == 0)
			r = interrupt_check(err);
		if (r == 0)
			r = start_ready(build, err);
		if (r < 0 && !stopped) {
			stop_workers(build);
			stopped = true;
		}
		if (build->n_workers > 0 && follow(build, err) < 0)
			r = err->code;
	}
	return r;
}

/* --- the image --------------------------------------------------------------------- */

static int add_labels(struct build *build, struct build_state *state, struct error *err)
{
	char *const *labels = build->request->labels;

	for (; labels && *labels; labels++) {
		cleanup_free char *name = xstrndup(*labels, strcspn(*labels, "="));
		const char *equals = strchr(*labels, '=');

		if (!*name)
			return error_set(err, EINVAL, "--label \"%s\" has no name", *labels);
		list_set_pair(&build->arena, &state->run.labels, name, equals ? equals + 1 : "");
	}
	return 0;
}

static int add_image(struct build *build, struct digest *id, struct error *err)
{
	struct build_state *state = &build->plans[build->target].result;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	char *const *name = build->request->names;
	int r = add_labels(build, state, err);

	for (; r == 0 && name && *name; name++) {
		char *full = image_ref_normalize(*name, err);

		if (!full)
			return err->code;
		strvec_push_take(&names, full);
	}
	if (r == 0)
		r = image_add(build->store, &state->config, &state->manifest, &names, id, err);
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

static void build_release(struct build *build)
{
	for (size_t i = 0; i < build->n_images; i++)
		image_release(&build->images[i]);
	ignore_release(&build->ignore);
	strvec_release(&build->build_args);
	fd_close(&build->context_fd);
	oci_arena_release(&build->arena);
}

int build_image(struct store *store, const struct build_request *request, struct digest *id,
		struct error *err)
{
	struct build build = {
		.store = store,
		.request = request,
		.context_fd = -EBADF,
		.build_args = STRVEC_INIT,
	};
	int r = check_names(request, err);

	if (r == 0)
		r = build_cache_prepare(store, err);
	if (r == 0)
		r = read_all(&build, err);
	if (r == 0)
		r = take_build_args(&build, err);
	if (r == 0)
		r = global_args(&build, err);
	if (r == 0)
		r = plan_all(&build, err);
	if (r == 0)
		r = build_stages(&build, err);
	if (r == 0)
		r = add_image(&build, id, err);
	build_release(&build);
	return r;
}
