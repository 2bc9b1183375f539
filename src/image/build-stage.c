/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/str.h"
#include "image/build-layer.h"
#include "image/change.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/timestamp.h"
#include "image/tree.h"
#include "image/words.h"

/* --- what the steps share ---------------------------------------------------------- */

void build_stage_tell(struct build_stage *stage, enum build_event_type type, const char *format,
		      ...)
{
	const char *name = stage->plans[stage->index].stage->name;
	struct build_event event = {
		.type = type,
		.stage = (unsigned int)stage->index + 1,
		.step = stage->step,
		.n_steps = stage->n_steps,
	};
	va_list ap;

	(void)snprintf(event.stage_name, sizeof(event.stage_name), "%s", name ? name : "");
	va_start(ap, format);
	(void)vsnprintf(event.text, sizeof(event.text), format, ap);
	va_end(ap);
	(void)send(stage->events_fd, &event,
		   offsetof(struct build_event, text) + strlen(event.text) + 1, MSG_NOSIGNAL);
}

const char *build_expand(struct build_stage *stage, const char *word, struct error *err)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	char **env = build_state_env(&stage->state);

	if (words_expand_by(word, stage->file->escape, env, &out, err) < 0)
		return NULL;
	return document_strdup(&stage->arena, out.buf);
}

const char *build_expand_text(struct build_stage *stage, const char *text, struct error *err)
{
	cleanup_strbuf struct strbuf quoted = STRBUF_INIT;

	/* An escape takes its meaning from each, but for one before a variable. */
	for (; *text; text++) {
		if (*text == '"' || *text == '\'' ||
		    (*text == stage->file->escape && text[1] != '$'))
			strbuf_addch(&quoted, stage->file->escape);
		strbuf_addch(&quoted, *text);
	}
	return build_expand(stage, quoted.buf, err);
}

const char *build_path(struct build_stage *stage, const char *path)
{
	const char *workdir = stage->state.run.working_dir;
	cleanup_free char *clean = tree_clean(workdir ? workdir : "/", path), *dir = NULL;
	bool is_dir = str_has_suffix(path, "/") || str_has_suffix(path, "/.") ||
		      streq(path, ".") || !*path;

	if (!is_dir || !clean[1])
		return document_strdup(&stage->arena, clean);
	dir = xasprintf("%s/", clean);
	return document_strdup(&stage->arena, dir);
}

const char *build_flag(const struct instruction *in, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < in->n_flags; i++)
		if (strncmp(in->flags[i] + 2, name, len) == 0 && in->flags[i][2 + len] == '=')
			return in->flags[i] + 2 + len + 1;
	return NULL;
}

bool build_is_proxy(const char *name)
{
	static const char *const proxies[] = {
		"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
		"ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
	};

	for (size_t i = 0; i < ARRAY_SIZE(proxies); i++)
		if (streq(name, proxies[i]))
			return true;
	return false;
}

int build_open_from(struct build_stage *stage, const char *from, struct error *err)
{
	cleanup_image struct image image = IMAGE_INIT;
	struct build_state state;
	int index = build_find_stage(stage->file, stage->index, from), r;

	if (index >= 0)
		return build_layer_view(stage->store, &stage->plans[index].result, err);
	r = image_load(stage->store, from, &image, err);
	if (r == -ENOENT)
		return build_stage_missing(stage->file, stage->index, from, err);
	if (r == 0)
		r = image_unpack_layers(stage->store, &image, err);
	if (r < 0)
		return r;
	build_state_from_image(&state, &stage->arena, &image);
	return build_layer_view(stage->store, &state, err);
}

/* --- the cache --------------------------------------------------------------------- */

void build_key_add(struct hasher *hasher, const char *text)
{
	hasher_add(hasher, text ? text : "", text ? strlen(text) + 1 : 1);
}

void build_key_begin(struct hasher *hasher, const struct build_stage *stage, const char *what)
{
	const int64_t *timestamp = stage->request->timestamp;
	cleanup_free char *time = timestamp ? xasprintf("%lld", (long long)*timestamp) : NULL;

	hasher_open(hasher, NULL);
	/* To be changed with the meaning of a key. */
	build_key_add(hasher, "dabba-image build 2");
	build_key_add(hasher, what);
	build_key_add(hasher, time);
}

static const char *created_now(struct build_stage *stage)
{
	const int64_t *timestamp = stage->request->timestamp;
	struct timespec time = { .tv_sec = timestamp ? *timestamp : 0 };

	return document_strdup(&stage->arena,
			       timestamp ? timestamp_format(&time).s : timestamp_now().s);
}

bool build_step_cached(struct build_stage *stage, const struct digest *key)
{
	struct build_record record;

	if (stage->request->no_cache ||
	    !build_cache_find(stage->store, &stage->arena, key, &record))
		return false;
	build_state_add(&stage->state, &record);
	return true;
}

void build_step_done(struct build_stage *stage, const struct digest *key,
		     struct build_record *record)
{
	record->created = created_now(stage);
	build_state_add(&stage->state, record);
	stage->pending =
		xrealloc(stage->pending, stage->n_pending + 1, sizeof(*stage->pending));
	stage->pending[stage->n_pending++] = (struct pending_record){ *key, *record };
}

/* --- instructions that change no file ---------------------------------------------- */

/* The key is the whole story so far: it only keeps the time of the step. */
static void record_words(struct build_stage *stage, const struct instruction *in)
{
	struct build_record record = { 0 };
	struct hasher hasher;
	struct digest key;
	/* ARG is told without its value. */
	int len = in->kind == INSTRUCTION_ARG ? (int)strcspn(in->text, "=") : (int)strlen(in->text);
	cleanup_free char *text = xasprintf("/bin/sh -c #(nop) %s %.*s",
					    instruction_name(in->kind), len, in->text);

	build_key_begin(&hasher, stage, text);
	build_key_add(&hasher, stage->state.key.s);
	hasher_finish(&hasher, &key);
	record.created_by = document_strdup(&stage->arena, text);
	if (!build_step_cached(stage, &key))
		build_step_done(stage, &key, &record);
}

/* ONBUILD adds to what is there. */
static void keep_triggers(struct build_stage *stage, const struct oci_image_run_config *base,
			  struct oci_image_run_config *changed)
{
	struct list all = { 0 };

	for (size_t i = 0; i < base->n_on_build; i++)
		list_add(&stage->arena, &all.v, &all.n_v, base->on_build[i]);
	for (size_t i = 0; i < changed->n_on_build; i++)
		list_add(&stage->arena, &all.v, &all.n_v, changed->on_build[i]);
	changed->on_build = all.v;
	changed->n_on_build = all.n_v;
}

static int change_config(struct build_stage *stage, const struct instruction *in,
			 struct error *err)
{
	struct oci_image_run_config *run = &stage->state.run, base = *run, changed = { 0 };
	cleanup_free char *text = xasprintf("%s %s", instruction_name(in->kind), in->text);
	char **env = build_state_env(&stage->state);
	const struct change_rules rules = {
		.base = &base, .env = env, .escape = stage->file->escape,
	};
	int r = change_apply_by(text, &rules, &stage->arena, &changed, err);

	if (r < 0)
		return r;
	/* A health check replaces the one before. */
	if (in->kind == INSTRUCTION_HEALTHCHECK)
		base.healthcheck = NULL;
	change_merge(&base, &stage->arena, &changed);
	keep_triggers(stage, &base, &changed);
	/* A CMD of the base means nothing to a new ENTRYPOINT, one of this stage does. */
	if (in->kind == INSTRUCTION_ENTRYPOINT && stage->state.cmd_set) {
		changed.cmd = base.cmd;
		changed.n_cmd = base.n_cmd;
	}
	stage->state.cmd_set |= in->kind == INSTRUCTION_CMD;
	*run = changed;
	return 0;
}

static int change_shell(struct build_stage *stage, const struct instruction *in,
			struct error *err)
{
	if (!in->is_json || in->n_words == 0) {
		(void)error_set(err, EINVAL, "SHELL %s: not a JSON list of strings", in->rest);
		return error_hint(err, "for example SHELL [\"/bin/bash\", \"-c\"]");
	}
	stage->state.run.shell = in->words;
	stage->state.run.n_shell = in->n_words;
	return 0;
}

/* --- ARG --------------------------------------------------------------------------- */

/* Of "NAME=value" in V; NULL when there is none. */
static const char *value_of(char *const *v, const char *name)
{
	size_t len = strlen(name);

	for (; v && *v; v++)
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return *v + len + 1;
	return NULL;
}

static int declare(struct build_stage *stage, const char *word, struct error *err)
{
	const char *equals = strchr(word, '='), *value;
	cleanup_free char *name = xstrndup(word, strcspn(word, "="));
	cleanup_free char *setting = NULL;

	if (*name == '\0')
		return error_set(err, EINVAL, "ARG \"%s\" has no name", word);
	value = value_of(stage->request->build_args, name);
	if (!value && equals)
		value = build_expand(stage, equals + 1, err);
	else if (!value)
		value = value_of(stage->global_args->v, name);
	if (!value)
		return equals ? err->code : 0;
	setting = xasprintf("%s=%s", name, value);
	list_set_env(&stage->arena, &stage->state.args.v, &stage->state.args.n_v, setting);
	return 0;
}

static int declare_all(struct build_stage *stage, const struct instruction *in,
		       struct error *err)
{
	cleanup_strvec struct strvec words = STRVEC_INIT;
	int r = words_split_by(in->rest, stage->file->escape, &words, err);

	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = declare(stage, words.v[i], err);
	return r;
}

/* --- one step after the other ------------------------------------------------------ */

static int do_words(struct build_stage *stage, const struct instruction *in, struct error *err)
{
	int r = 0;

	switch (in->kind) {
	case INSTRUCTION_ARG:
		r = declare_all(stage, in, err);
		break;
	case INSTRUCTION_SHELL:
		r = change_shell(stage, in, err);
		break;
	case INSTRUCTION_MAINTAINER:
		stage->state.config.author = in->rest;
		break;
	default:
		r = change_config(stage, in, err);
		break;
	}
	if (r == 0)
		record_words(stage, in);
	return r;
}

static int do_step(struct build_stage *stage, const struct instruction *in, struct error *err)
{
	int r = interrupt_check(err);

	if (r < 0)
		return r;
	build_stage_tell(stage, BUILD_STEP, "%s %s", instruction_name(in->kind), in->text);
	switch (in->kind) {
	case INSTRUCTION_ADD:
	case INSTRUCTION_COPY:
		r = build_step_copy(stage, in, err);
		break;
	case INSTRUCTION_RUN:
		r = build_step_run(stage, in, err);
		break;
	case INSTRUCTION_WORKDIR:
		r = build_step_workdir(stage, in, err);
		break;
	default:
		r = do_words(stage, in, err);
		break;
	}
	if (r < 0)
		error_context(err, "%s:%zu: %s", stage->file->file, in->line,
			      instruction_name(in->kind));
	return r;
}

static void begin(struct build_stage *stage, const struct stage_plan *plan)
{
	if (plan->base_stage >= 0)
		build_state_from_stage(&stage->state, &stage->arena,
				       &stage->plans[plan->base_stage].result);
	else if (plan->base_image)
		build_state_from_image(&stage->state, &stage->arena, plan->base_image);
	else
		build_state_scratch(&stage->state, &stage->arena);
	/* The triggers are among the instructions. */
	stage->state.run.on_build = NULL;
	stage->state.run.n_on_build = 0;
	stage->step = 1;
	stage->n_steps = (unsigned int)plan->n_instructions + 1;
	build_stage_tell(stage, BUILD_STEP, "FROM %s", plan->stage->base);
}

/* What was done stays in the cache, also when a later step failed. */
static int remember(struct build_stage *stage, struct error *err)
{
	int r = stage->n_pending > 0 ? store_sync(stage->store, err) : 0;

	for (size_t i = 0; r == 0 && i < stage->n_pending; i++)
		r = build_cache_put(stage->store, &stage->pending[i].key,
				    &stage->pending[i].record, err);
	if (r == 0)
		r = build_digests_save(&stage->digests, err);
	return r;
}

int build_stage_run(struct build_stage *stage, struct error *err)
{
	const struct stage_plan *plan = &stage->plans[stage->index];
	struct error ignored = ERROR_INIT;
	int r = 0;

	begin(stage, plan);
	for (size_t i = 0; r == 0 && i < plan->n_instructions; i++) {
		stage->step++;
		r = do_step(stage, &plan->instructions[i], err);
	}
	if (r < 0)
		(void)remember(stage, &ignored);
	else
		r = remember(stage, err);
	if (r == 0)
		build_stage_tell(stage, BUILD_DONE, "%s", "");
	return r;
}
