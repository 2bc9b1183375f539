/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/platform.h"
#include "image/words.h"

int build_args_take(struct build_plan *build, struct error *err)
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

int build_args_expand(struct build_plan *build, const char *word, struct strbuf *out,
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
	r = build_args_expand(build, equals + 1, &value, err);
	if (r == 0)
		set_global(build, name, value.buf);
	return r;
}

int build_args_global(struct build_plan *build, struct error *err)
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

/* IN is an ARG that declares NAME. */
static bool declares(const struct build_plan *build, const struct instruction *in,
		     const char *name)
{
	cleanup_strvec struct strvec words = STRVEC_INIT;
	struct error ignored = ERROR_INIT;

	if (in->kind != INSTRUCTION_ARG ||
	    words_split_by(in->rest, build->file.escape, &words, &ignored) < 0)
		return false;
	for (size_t i = 0; i < words.n; i++) {
		const char *rest = str_skip_prefix(words.v[i], name);

		if (rest && (*rest == '=' || *rest == '\0'))
			return true;
	}
	return false;
}

static bool is_declared(const struct build_plan *build, const char *name)
{
	for (size_t i = 0; i < build->file.n_args; i++)
		if (declares(build, &build->file.args[i], name))
			return true;
	for (size_t i = 0; i < build->file.n_stages; i++) {
		const struct stage *stage = &build->file.stages[i];
		const struct stage_plan *plan = &build->plans[i];

		for (size_t k = 0; k < stage->n_instructions; k++)
			if (declares(build, &stage->instructions[k], name))
				return true;
		/* These begin with the triggers of its image. */
		for (size_t k = 0; k < plan->n_instructions; k++)
			if (declares(build, &plan->instructions[k], name))
				return true;
	}
	return false;
}

void build_args_warn(const struct build_plan *build)
{
	for (size_t i = 0; i < build->build_args.n; i++) {
		cleanup_free char *name = xstrndup(build->build_args.v[i],
						   strcspn(build->build_args.v[i], "="));
		struct build_event event = { .type = BUILD_WARNING };

		if (build_is_proxy(name) || is_declared(build, name))
			continue;
		(void)snprintf(event.text, sizeof(event.text),
			       "--build-arg %s: %s has no ARG of that name", name, build->file.file);
		if (build->request->event)
			build->request->event(build->request->event_ctx, &event);
	}
}
