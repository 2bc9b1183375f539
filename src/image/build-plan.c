/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-plan.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/platform.h"
#include "image/words.h"

enum { FILE_MAX = 4 << 20, READ_SIZE = 1 << 16 };

/* --- reading ----------------------------------------------------------------------- */

static int open_context(struct build_plan *build, struct error *err)
{
	const char *path = build->request->context;

	build->context_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (build->context_fd >= 0)
		return 0;
	(void)error_sys(err, "open", "context %s", path);
	return error_hint(err, "the last argument is the directory that COPY takes files from");
}

/* Of a pipe or a terminal too, on which it can wait for long. */
static int read_text(int fd, const char *name, struct strbuf *text, struct error *err)
{
	ssize_t n = 1;

	while (n != 0) {
		struct pollfd news = { .fd = fd, .events = POLLIN };
		int r;

		(void)interrupt_poll(&news, 1);
		r = interrupt_check(err);
		if (r < 0)
			return r;
		if (!news.revents)
			continue;
		strbuf_grow(text, READ_SIZE);
		n = read(fd, text->buf + text->len, READ_SIZE);
		if (n < 0)
			return error_sys(err, "read", "%s", name);
		text->len += (size_t)n;
		text->buf[text->len] = '\0';
		if (text->len > FILE_MAX)
			return error_set(err, EFBIG, "%s is larger than %d bytes", name, FILE_MAX);
	}
	return 0;
}

/* The file's text, and its name for messages. */
static int read_file(struct build_plan *build, const char **name, struct strbuf *text,
		     struct error *err)
{
	static const char *const names[] = { "Containerfile", "Dockerfile" };

	if (build->request->file) {
		cleanup_close int fd = -EBADF;

		*name = build->request->file;
		if (streq(*name, "-"))
			return read_text(STDIN_FILENO, "standard input", text, err);
		fd = open(*name, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? error_sys(err, "open", "%s", *name) : read_text(fd, *name, text, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_close int fd = path_try_open(build->context_fd, names[i], PATH_IN_ROOT,
						     O_RDONLY | O_NONBLOCK, 0);

		if (fd == -ENOENT)
			continue;
		*name = names[i];
		if (fd >= 0)
			return read_text(fd, *name, text, err);
		errno = -fd;
		return error_sys(err, "open", "%s/%s", build->request->context, *name);
	}
	(void)error_set(err, ENOENT, "neither a Containerfile nor a Dockerfile is in %s",
			build->request->context);
	return error_hint(err, "name the file with --file");
}

static int read_all(struct build_plan *build, struct error *err)
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

static int take_build_args(struct build_plan *build, struct error *err)
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

static const char *given(const struct build_plan *build, const char *name)
{
	for (size_t i = build->build_args.n; i-- > 0;) {
		const char *rest = str_skip_prefix(build->build_args.v[i], name);

		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

static void set_global(struct build_plan *build, const char *name, const char *value)
{
	cleanup_free char *setting = xasprintf("%s=%s", name, value);

	list_set_env(&build->arena, &build->global_args.v, &build->global_args.n_v, setting);
}

static void set_platform(struct build_plan *build)
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

static int expand_global(struct build_plan *build, const char *word, struct strbuf *out,
			 struct error *err)
{
	strbuf_reset(out);
	return words_expand_by(word, build->file.escape, build->global_args.v, out, err);
}

static int global_arg(struct build_plan *build, const char *word, struct error *err)
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

static int global_args(struct build_plan *build, struct error *err)
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

static int find_target(struct build_plan *build, struct error *err)
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

static void add_need(struct build_plan *build, struct stage_plan *plan, int index)
{
	int *more = document_alloc(&build->arena, (plan->n_needs + 1) * sizeof(*more));

	for (size_t i = 0; i < plan->n_needs; i++)
		more[i] = plan->needs[i];
	more[plan->n_needs++] = index;
	plan->needs = more;
}

/* The image of FROM, for the platform that it names. */
static int load_base(struct build_plan *build, struct stage_plan *plan, const char *name,
		     struct error *err)
{
	struct image *image = &build->images[build->n_images];
	cleanup_strbuf struct strbuf platform = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	int r = 0;

	if (plan->stage->platform)
		r = expand_global(build, plan->stage->platform, &platform, err);
	if (r == 0)
		r = platform_want(platform.len ? platform.buf : NULL, err);
	if (r == 0)
		r = image_load(build->store, name, image, err);
	(void)platform_want(NULL, &ignored);
	if (r == 0)
		r = image_unpack_layers(build->store, image, err);
	if (r < 0)
		return r;
	build->n_images++;
	plan->base_image = image;
	return 0;
}

static int find_base(struct build_plan *build, size_t index, struct error *err)
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
static int join_triggers(struct build_plan *build, struct stage_plan *plan, struct error *err)
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
static void find_sources(struct build_plan *build, size_t index, const struct instruction *in)
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
static int plan_stage(struct build_plan *build, size_t index, struct error *err)
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

static int plan_all(struct build_plan *build, struct error *err)
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

int build_plan_make(struct build_plan *plan, struct store *store,
		    const struct build_request *request, struct error *err)
{
	int r;

	*plan = (struct build_plan)BUILD_PLAN_INIT;
	plan->store = store;
	plan->request = request;
	r = read_all(plan, err);
	if (r == 0)
		r = take_build_args(plan, err);
	if (r == 0)
		r = global_args(plan, err);
	return r < 0 ? r : plan_all(plan, err);
}

void build_plan_release(struct build_plan *plan)
{
	for (size_t i = 0; i < plan->n_images; i++)
		image_release(&plan->images[i]);
	ignore_release(&plan->ignore);
	strvec_release(&plan->build_args);
	fd_close(&plan->context_fd);
	oci_arena_release(&plan->arena);
	*plan = (struct build_plan)BUILD_PLAN_INIT;
}
