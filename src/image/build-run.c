/* SPDX-License-Identifier: Apache-2.0 */
/* The step RUN: a container of the image so far, and what it leaves in its upper layer. */
#include "image/build-stage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/build-container.h"
#include "image/build-layer.h"
#include "image/build-mount.h"
#include "image/container.h"
#include "image/container-root.h"
#include "image/document.h"
#include "image/timestamp.h"

enum { CGROUP_MAX = 1 << 16 };

/* Where a script is in its container, and in no layer. */
#define SCRIPT_PATH "/run/dabba-build-script"

struct run_step {
	struct build_stage *stage;
	const struct instruction *in;
	struct list command;
	/* The environment: the image's, the ARGs, the proxies. */
	struct list env;
	struct build_mounts mounts;
	bool private_network;
	struct container c;
	struct error *err;
};

/* --- the command ------------------------------------------------------------------- */

/* A here-document alone is the script; with a command it is that command's input. */
static char *shell_text(const struct instruction *in)
{
	struct strbuf text = STRBUF_INIT;

	if (in->n_heredocs == 1 && str_skip_prefix(in->rest, "<<") && !strpbrk(in->rest, " \t")) {
		strbuf_adds(&text, in->heredocs[0].content);
		return strbuf_detach(&text);
	}
	strbuf_adds(&text, in->rest);
	for (size_t i = 0; i < in->n_heredocs; i++)
		strbuf_addf(&text, "\n%s%s", in->heredocs[i].content, in->heredocs[i].name);
	return strbuf_detach(&text);
}

/* A here-document alone that names its interpreter. */
static bool is_script(const struct instruction *in)
{
	return in->n_heredocs == 1 && str_skip_prefix(in->rest, "<<") &&
	       !strpbrk(in->rest, " \t") && str_skip_prefix(in->heredocs[0].content, "#!");
}

static void set_command(struct run_step *step)
{
	static char *default_shell[] = { (char *)"/bin/sh", (char *)"-c" };
	const struct oci_image_run_config *run = &step->stage->state.run;
	char **shell = run->n_shell ? run->shell : default_shell;
	size_t n_shell = run->n_shell ? run->n_shell : ARRAY_SIZE(default_shell);
	struct oci_arena *arena = &step->stage->arena;
	cleanup_free char *text = NULL;

	if (step->in->is_json) {
		step->command = (struct list){ step->in->words, step->in->n_words };
		return;
	}
	if (is_script(step->in)) {
		list_add(arena, &step->command.v, &step->command.n_v, SCRIPT_PATH);
		return;
	}
	for (size_t i = 0; i < n_shell; i++)
		list_add(arena, &step->command.v, &step->command.n_v, shell[i]);
	text = shell_text(step->in);
	list_add(arena, &step->command.v, &step->command.n_v, text);
}

/* ARGs are variables of the command too, unless ENV says otherwise. */
static void set_env(struct run_step *step)
{
	const struct build_state *state = &step->stage->state;
	char *const *given = step->stage->request->build_args;
	struct oci_arena *arena = &step->stage->arena;

	/* Known without being declared, and no part of the key. */
	for (; given && *given; given++) {
		cleanup_free char *name = xstrndup(*given, strcspn(*given, "="));

		if (build_is_proxy(name))
			list_set_env(arena, &step->env.v, &step->env.n_v, *given);
	}
	for (size_t i = 0; i < state->args.n_v; i++)
		list_set_env(arena, &step->env.v, &step->env.n_v, state->args.v[i]);
	for (size_t i = 0; i < state->run.n_env; i++)
		list_set_env(arena, &step->env.v, &step->env.n_v, state->run.env[i]);
}

static int read_flags(struct run_step *step)
{
	int r = 0;

	step->private_network = step->stage->request->no_network;
	for (size_t i = 0; r == 0 && i < step->in->n_flags; i++) {
		const char *flag = step->in->flags[i], *mount = str_skip_prefix(flag, "--mount=");

		if (mount) {
			r = build_mount_add(&step->mounts, step->stage, mount, step->err);
		} else if (streq(flag, "--network=none")) {
			step->private_network = true;
		} else if (streq(flag, "--network=host") || streq(flag, "--network=default")) {
			step->private_network = step->stage->request->no_network;
		} else {
			(void)error_set(step->err, EINVAL, "the flag %s is not known", flag);
			return error_hint(step->err, "--mount and --network=host|none are");
		}
	}
	return r;
}

/* --- the key ----------------------------------------------------------------------- */

static void make_key(struct run_step *step, struct digest *key)
{
	const struct build_state *state = &step->stage->state;
	struct hasher hasher;

	build_key_begin(&hasher, step->stage, "RUN");
	build_key_add(&hasher, build_state_chain(state));
	for (size_t i = 0; i < step->command.n_v; i++)
		build_key_add(&hasher, step->command.v[i]);
	build_key_add(&hasher, NULL);
	for (size_t i = 0; i < state->args.n_v; i++)
		build_key_add(&hasher, state->args.v[i]);
	build_key_add(&hasher, NULL);
	for (size_t i = 0; i < state->run.n_env; i++)
		build_key_add(&hasher, state->run.env[i]);
	build_key_add(&hasher, NULL);
	build_key_add(&hasher, state->run.user);
	build_key_add(&hasher, state->run.working_dir);
	for (size_t i = 0; i < step->in->n_flags; i++)
		build_key_add(&hasher, step->in->flags[i]);
	build_key_add(&hasher, step->private_network ? "none" : "host");
	build_key_add(&hasher, step->mounts.content.s);
	for (size_t i = 0; i < step->in->n_heredocs; i++)
		build_key_add(&hasher, step->in->heredocs[i].content);
	hasher_finish(&hasher, key);
}

/* ENV has the variable that ARG, "NAME=value", set. */
static bool is_hidden(const struct oci_image_run_config *run, const char *arg)
{
	size_t len = strcspn(arg, "=") + 1;

	for (size_t i = 0; i < run->n_env; i++)
		if (strncmp(run->env[i], arg, len) == 0)
			return true;
	return false;
}

/* As docker tells it: "|1 ARG=value /bin/sh -c make". */
static const char *created_by(struct run_step *step)
{
	const struct build_state *state = &step->stage->state;
	cleanup_strbuf struct strbuf args = STRBUF_INIT, text = STRBUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < state->args.n_v; i++)
		if (!is_hidden(&state->run, state->args.v[i])) {
			strbuf_addf(&args, "%s ", state->args.v[i]);
			n++;
		}
	if (n > 0)
		strbuf_addf(&text, "|%zu %s", n, args.buf);
	for (size_t i = 0; i < step->command.n_v; i++)
		strbuf_addf(&text, "%s%s", i ? " " : "", step->command.v[i]);
	return document_strdup(&step->stage->arena, text.buf);
}

/* --- the container ----------------------------------------------------------------- */

static int add_script(struct run_step *step)
{
	const char *text = step->in->heredocs[0].content;
	struct oci_mount mount = { .destination = SCRIPT_PATH, .type = "bind" };
	cleanup_free char *path = container_path(&step->c, "script");
	int r = file_replace_at(step->c.dir_fd, "script", text, strlen(text), 0755, step->err);

	if (r < 0)
		return r;
	mount.source = document_strdup(&step->stage->arena, path);
	list_add(&step->stage->arena, &mount.options, &mount.n_options, "bind");
	list_add(&step->stage->arena, &mount.options, &mount.n_options, "ro");
	build_mounts_push(&step->mounts, &mount);
	return 0;
}

/*
 * A cgroup below our own, so that the command has our limits; it needs no
 * controller.  NULL where the runtime is to choose: systemd has its own idea,
 * and what is outside of our view of the hierarchy has no name.
 */
static const char *cgroup_below_ours(struct run_step *step)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	cleanup_free char *path = NULL;
	char *own;

	for (char **flag = step->stage->request->runtime_flags; flag && *flag; flag++)
		if (strstr(*flag, "systemd"))
			return NULL;
	if (file_read_at(AT_FDCWD, "/proc/self/cgroup", CGROUP_MAX, &text, &ignored) < 0)
		return NULL;
	own = str_skip_prefix(text.buf, "0::") ? text.buf : strstr(text.buf, "\n0::");
	if (!own || strstr(own, "/.."))
		return NULL;
	own = strchr(own, '/');
	if (!own)
		return NULL;
	own[strcspn(own, "\n")] = '\0';
	path = xasprintf("%s/dabba-%s", own[1] ? own : "", step->c.record.id);
	return document_strdup(&step->stage->arena, path);
}

static int prepare(struct run_step *step)
{
	struct container_setup setup = { .private_network = step->private_network };
	int r = is_script(step->in) ? add_script(step) : 0;

	setup.cgroups_path = cgroup_below_ours(step);
	setup.mounts = step->mounts.v;
	setup.n_mounts = step->mounts.n;
	if (r == 0)
		r = container_prepare(&step->c, &setup, step->err);
	return r < 0 ? r : container_mount(&step->c, step->err);
}

static int make_container(struct run_step *step)
{
	struct build_stage *stage = step->stage;
	const struct build_state *state = &stage->state;
	struct oci_image_run_config run = state->run;
	struct oci_image_config config = state->config;
	struct oci_descriptor no_config = { .media_type = OCI_MEDIA_TYPE_CONFIG,
					    .digest = state->key.s };
	struct oci_manifest manifest = state->manifest;
	size_t n_flags = 0;
	struct container_record record = {
		.image = "build",
		.image_id = state->key.s,
		.manifest = document_alloc(&stage->arena, sizeof(manifest)),
		.config = document_alloc(&stage->arena, sizeof(config)),
		.chain_ids = state->chain_ids.v,
		.n_chain_ids = state->chain_ids.n_v,
		.runtime = stage->request->runtime,
		.runtime_flags = stage->request->runtime_flags,
		.exit_code = -1,
	};
	int r;

	while (record.runtime_flags && record.runtime_flags[n_flags])
		n_flags++;
	record.n_runtime_flags = n_flags;
	run.entrypoint = NULL;
	run.n_entrypoint = 0;
	run.cmd = step->command.v;
	run.n_cmd = step->command.n_v;
	run.env = step->env.v;
	run.n_env = step->env.n_v;
	/* What RUN puts into a volume stays in the image. */
	run.volumes = NULL;
	run.n_volumes = 0;
	config.config = document_alloc(&stage->arena, sizeof(run));
	*config.config = run;
	*record.config = config;
	manifest.config = document_alloc(&stage->arena, sizeof(no_config));
	*manifest.config = no_config;
	*record.manifest = manifest;
	r = container_new(stage->store, &record, &step->c, step->err);
	return r < 0 ? r : prepare(step);
}

/* --- the end of it ----------------------------------------------------------------- */

static int keep_container(struct run_step *step, int status)
{
	struct error ignored = ERROR_INIT;

	(void)container_unmount(&step->c, &ignored);
	step->c.record.status = CONTAINER_EXITED;
	step->c.record.exit_code = status;
	step->c.record.finished = document_strdup(&step->c.arena, timestamp_now().s);
	return container_save(&step->c, &ignored);
}

static int fail(struct run_step *step, int status)
{
	(void)error_set(step->err, ECHILD, "%s: exit status %d", step->in->rest, status);
	if (step->stage->request->keep_failed && keep_container(step, status) == 0)
		return error_hint(step->err, "the container %.12s has what it left: \"dabba-image "
				  "commit %.12s\" makes an image of it, \"rm\" removes it",
				  step->c.record.id, step->c.record.id);
	return error_hint(step->err, "with --keep-failed its container stays, to be looked into");
}

static int run(struct run_step *step, struct build_record *record)
{
	struct build_stage *stage = step->stage;
	int status = 0, r = make_container(step);

	if (r == 0)
		r = build_container_run(stage, &step->c, &status, step->err);
	if (r == 0 && status != 0)
		r = fail(step, status);
	if (r == 0)
		r = container_unmount(&step->c, step->err);
	if (r == 0)
		r = build_layer_write(stage, step->c.dir_fd, "upper", record, step->err);
	return r;
}

int build_step_run(struct build_stage *stage, const struct instruction *in, struct error *err)
{
	struct run_step step = {
		.stage = stage, .in = in, .mounts = BUILD_MOUNTS_INIT, .c = CONTAINER_INIT, .err = err,
	};
	struct build_record record = { 0 };
	struct error ignored = ERROR_INIT;
	struct digest key;
	int r = read_flags(&step);

	if (r < 0) {
		build_mounts_release(&step.mounts);
		return r;
	}
	set_command(&step);
	set_env(&step);
	make_key(&step, &key);
	if (build_step_cached(stage, &key)) {
		build_stage_tell(stage, BUILD_CACHED, "%s", "");
		build_mounts_release(&step.mounts);
		return 0;
	}
	record.created_by = created_by(&step);
	r = build_mounts_open(&step.mounts, stage, err);
	if (r == 0)
		r = run(&step, &record);
	if (step.c.dir_fd >= 0 && (r == 0 || step.c.record.status != CONTAINER_EXITED)) {
		(void)container_unmount(&step.c, &ignored);
		(void)container_remove(&step.c, &ignored);
	}
	container_release(&step.c);
	build_mounts_release(&step.mounts);
	if (r == 0)
		build_step_done(stage, &key, &record);
	return r;
}
