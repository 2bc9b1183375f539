/* SPDX-License-Identifier: Apache-2.0 */
#include "image/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/list.h"

static size_t count(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

/* --- what the image says, and what was asked for instead --------------------------- */

/* "NAME=value", or "NAME" for our own variable of that name. */
static void set_env(struct oci_arena *arena, struct oci_image_run_config *config,
		    const char *setting)
{
	const char *value = strchr(setting, '=') ? NULL : getenv(setting);
	cleanup_free char *whole = value ? xasprintf("%s=%s", setting, value) : NULL;

	if (whole || strchr(setting, '='))
		list_set_env(arena, &config->env, &config->n_env, whole ? whole : setting);
}

static void set_entrypoint(struct oci_arena *arena, struct oci_image_run_config *config,
			   const char *program)
{
	config->entrypoint = NULL;
	config->n_entrypoint = 0;
	/* The image's arguments are for its own entry point. */
	config->cmd = NULL;
	config->n_cmd = 0;
	config->args_escaped = false;
	if (*program)
		list_add(arena, &config->entrypoint, &config->n_entrypoint, program);
}

/* The image's config, with the request's settings in it: a commit keeps them, as docker's does. */
static struct oci_image_config *make_config(struct oci_arena *arena,
					    const struct run_request *request)
{
	struct oci_image_config *config = document_alloc(arena, sizeof(*config));
	struct oci_image_run_config *run = document_alloc(arena, sizeof(*run));
	const struct oci_image_config *image = request->image->config;
	char **env;

	*config = *image;
	*run = image->config ? *image->config : (struct oci_image_run_config){ .user = NULL };
	config->config = run;
	/* Settings replace strings of the list, which is the image's. */
	env = document_alloc(arena, (run->n_env + 1) * sizeof(*env));
	if (run->n_env)
		memcpy(env, run->env, run->n_env * sizeof(*env));
	run->env = env;
	for (char *const *setting = request->env; setting && *setting; setting++)
		set_env(arena, run, *setting);
	if (request->working_dir)
		run->working_dir = request->working_dir;
	if (request->user)
		run->user = request->user;
	if (request->entrypoint)
		set_entrypoint(arena, run, request->entrypoint);
	return config;
}

/* C must not outlive the request, whose strings the record has. */
static int make_container(struct store *store, const struct run_request *request,
			  struct oci_image_config *config, struct container *c,
			  struct error *err)
{
	const struct image *image = request->image;
	cleanup_strvec struct strvec chain_ids = STRVEC_INIT;
	struct container_record record = {
		.name = request->name,
		.image = image->name,
		.image_id = image->id.s,
		.manifest = image->manifest,
		.config = config,
		.command = request->command,
		.n_command = count(request->command),
		.runtime = request->runtime,
		.runtime_flags = request->runtime_flags,
		.n_runtime_flags = count(request->runtime_flags),
		.terminal = request->terminal,
		.exit_code = -1,
	};
	int r;

	for (size_t i = 0; i < image->n_layers; i++)
		strvec_push(&chain_ids, image->chain_ids[i].s);
	record.chain_ids = chain_ids.v;
	record.n_chain_ids = chain_ids.n;
	r = container_new(store, &record, c, err);
	return r < 0 ? r : container_prepare(c, &request->setup, err);
}

static int check_request(const struct run_request *request, struct error *err)
{
	if (!request->working_dir || request->working_dir[0] == '/')
		return 0;
	return error_set(err, EINVAL, "working directory \"%s\": not an absolute path",
			 request->working_dir);
}

static int make_checked(struct store *store, const struct run_request *request,
			struct oci_arena *arena, struct container *c, struct error *err)
{
	int r = check_request(request, err);

	if (r == 0)
		r = make_container(store, request, make_config(arena, request), c, err);
	if (r == 0)
		r = interrupt_check(err);
	if (r < 0 && c->dir_fd >= 0) {
		struct error ignored = ERROR_INIT;

		(void)container_remove(c, &ignored);
	}
	return r;
}

int run_image(struct store *store, const struct run_request *request, char **id,
	      int *exit_status, struct error *err)
{
	const struct keeper_request keeper = { .interactive = request->interactive,
					       .remove = request->remove };
	struct oci_arena arena = OCI_ARENA_INIT;
	struct container c = CONTAINER_INIT;
	int r = make_checked(store, request, &arena, &c, err);

	*exit_status = 0;
	if (r == 0) {
		*id = xstrdup(c.record.id);
		/* The record keeps the image: a long run must not stop every collection. */
		store_leave(store);
		r = request->detach ? keeper_run_in_background(&c, &keeper, err)
				    : keeper_run_in_foreground(&c, &keeper, exit_status, err);
	}
	container_release(&c);
	oci_arena_release(&arena);
	return r;
}
