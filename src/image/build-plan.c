/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-plan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/build-args.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/platform.h"

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
	ssize_t n;

	do {
		strbuf_grow(text, READ_SIZE);
		n = interrupt_read(fd, text->buf + text->len, READ_SIZE, err);
		if (n < 0)
			return n == -EINTR ? (int)n : error_context(err, "%s", name);
		text->len += (size_t)n;
		text->buf[text->len] = '\0';
		if (text->len > FILE_MAX)
			return error_set(err, EFBIG, "%s is larger than %d bytes", name, FILE_MAX);
	} while (n > 0);
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

/* --- stages ------------------------------------------------------------------------ */

int build_find_stage(const struct containerfile *file, size_t before, const char *name)
{
	uint64_t number;

	for (size_t i = before; i-- > 0;)
		if (file->stages[i].name && strcasecmp(file->stages[i].name, name) == 0)
			return (int)i;
	if (before > 0 && str_to_u64(name, before - 1, &number))
		return (int)number;
	return -1;
}

int build_stage_missing(const struct containerfile *file, size_t index, const char *name,
			struct error *err)
{
	int other = build_find_stage(file, file->n_stages, name);

	if (other < 0 || (size_t)other < index)
		return err->code;
	if ((size_t)other == index)
		(void)error_set(err, ELOOP, "\"%s\" is this stage itself", name);
	else
		(void)error_set(err, ELOOP, "the stage \"%s\" begins later, in line %zu", name,
				file->stages[other].line);
	return error_hint(err, "a stage can be made of those before it, and of images");
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
		r = build_args_expand(build, plan->stage->platform, &platform, err);
	if (r == 0)
		r = platform_want(platform.len ? platform.buf : NULL, err);
	if (r == 0)
		r = image_load(build->store, name, image, err);
	(void)platform_want(NULL, &ignored);
	if (r == -ENOENT)
		return build_stage_missing(&build->file, (size_t)(plan - build->plans), name, err);
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
	int r = build_args_expand(build, stage->base, &name, err);

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
		r = build_args_take(plan, err);
	if (r == 0)
		r = build_args_global(plan, err);
	if (r == 0)
		r = plan_all(plan, err);
	if (r == 0)
		build_args_warn(plan);
	return r;
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
