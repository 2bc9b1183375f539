/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-state.h"

#include <string.h>

#include "image/bundle.h"
#include "image/document.h"
#include "image/image.h"
#include "image/platform.h"

struct state_document {
	struct oci_image_config *config;
	struct oci_manifest *manifest;
	char **chain_ids;
	size_t n_chain_ids;
	const char *key;
};

static const struct oci_field state_fields[] = {
	OCI_OBJECT(state_document, config, "config", OCI_REQUIRED, oci_image_config_object),
	OCI_OBJECT(state_document, manifest, "manifest", OCI_REQUIRED, oci_manifest_object),
	OCI_STRINGS(state_document, chain_ids, "chainIds", OCI_ALWAYS),
	OCI_STRING(state_document, key, "key", OCI_REQUIRED),
};
static const struct oci_object state_object =
	OCI_TABLE("build state", state_document, state_fields);

/* The config of a build has its parts in one place each. */
static void connect(struct build_state *state)
{
	state->config.config = &state->run;
	state->config.rootfs = &state->rootfs;
}

void build_state_scratch(struct build_state *state, struct oci_arena *arena)
{
	static const char nothing[] = "scratch";

	*state = (struct build_state){ .arena = arena };
	state->config.architecture = platform_architecture();
	state->config.os = "linux";
	list_add(arena, &state->run.env, &state->run.n_env, "PATH=" BUNDLE_DEFAULT_PATH);
	state->rootfs.type = "layers";
	state->manifest.schema_version = 2;
	state->manifest.media_type = OCI_MEDIA_TYPE_MANIFEST;
	digest_of(nothing, strlen(nothing), &state->key);
	connect(state);
}

/* Layers without a history of their own are made up for: each has an entry in the end. */
static void complete_history(struct build_state *state)
{
	size_t n_told = 0;

	for (size_t i = 0; i < state->config.n_history; i++)
		n_told += !state->config.history[i].empty_layer;
	for (; n_told < state->rootfs.n_diff_ids; n_told++) {
		size_t n = state->config.n_history;
		struct oci_history *history =
			document_alloc(state->arena, (n + 1) * sizeof(*history));

		for (size_t i = 0; i < n; i++)
			history[i] = state->config.history[i];
		history[n] = (struct oci_history){ .created_by = "unknown" };
		state->config.history = history;
		state->config.n_history = n + 1;
	}
}

static void begin_from(struct build_state *state, const struct oci_image_config *config,
		       const struct oci_manifest *manifest)
{
	static const struct oci_image_run_config no_run;
	static const struct oci_image_rootfs no_rootfs = { .type = "layers" };

	state->config = *config;
	state->run = config->config ? *config->config : no_run;
	state->rootfs = config->rootfs ? *config->rootfs : no_rootfs;
	state->manifest = *manifest;
	state->manifest.media_type = OCI_MEDIA_TYPE_MANIFEST;
	state->manifest.config = NULL;
	state->manifest.subject = NULL;
	connect(state);
	complete_history(state);
}

void build_state_from_image(struct build_state *state, struct oci_arena *arena,
			    const struct image *image)
{
	*state = (struct build_state){ .arena = arena, .key = image->id };
	begin_from(state, image->config, image->manifest);
	for (size_t i = 0; i < image->n_layers; i++)
		list_add(arena, &state->chain_ids.v, &state->chain_ids.n_v, image->chain_ids[i].s);
}

void build_state_from_stage(struct build_state *state, struct oci_arena *arena,
			    const struct build_state *stage)
{
	*state = (struct build_state){ .arena = arena, .key = stage->key };
	begin_from(state, &stage->config, &stage->manifest);
	state->chain_ids = stage->chain_ids;
}

const char *build_state_chain(const struct build_state *state)
{
	size_t n = state->chain_ids.n_v;

	return n ? state->chain_ids.v[n - 1] : "";
}

char **build_state_env(const struct build_state *state)
{
	size_t n = state->run.n_env + state->args.n_v;
	char **env = document_alloc(state->arena, (n + 1) * sizeof(*env));

	/* The first of a name is the one that is found. */
	for (size_t i = 0; i < state->run.n_env; i++)
		env[i] = state->run.env[i];
	for (size_t i = 0; i < state->args.n_v; i++)
		env[state->run.n_env + i] = state->args.v[i];
	return env;
}

static void add_history(struct build_state *state, const struct build_record *record)
{
	size_t n = state->config.n_history;
	struct oci_history *history = document_alloc(state->arena, (n + 1) * sizeof(*history));

	for (size_t i = 0; i < n; i++)
		history[i] = state->config.history[i];
	history[n] = (struct oci_history){
		.created = record->created,
		.created_by = record->created_by,
		.empty_layer = record->layer == NULL,
	};
	state->config.history = history;
	state->config.n_history = n + 1;
	state->config.created = record->created;
}

static void add_layer(struct build_state *state, const struct build_record *record)
{
	size_t n = state->manifest.n_layers;
	struct oci_descriptor *layers = document_alloc(state->arena, (n + 1) * sizeof(*layers));

	for (size_t i = 0; i < n; i++)
		layers[i] = state->manifest.layers[i];
	layers[n] = *record->layer;
	state->manifest.layers = layers;
	state->manifest.n_layers = n + 1;
	list_add(state->arena, &state->rootfs.diff_ids, &state->rootfs.n_diff_ids,
		 record->diff_id);
	list_add(state->arena, &state->chain_ids.v, &state->chain_ids.n_v, record->chain_id);
}

void build_state_add(struct build_state *state, const struct build_record *record)
{
	struct hasher hasher;

	hasher_open(&hasher, NULL);
	hasher_add(&hasher, state->key.s, strlen(state->key.s) + 1);
	hasher_add(&hasher, record->created_by, strlen(record->created_by) + 1);
	if (record->layer)
		hasher_add(&hasher, record->diff_id, strlen(record->diff_id) + 1);
	hasher_finish(&hasher, &state->key);
	add_history(state, record);
	if (record->layer)
		add_layer(state, record);
}

/* --- between processes ------------------------------------------------------------- */

int build_state_write(const struct build_state *state, char **text, size_t *len,
		      struct error *err)
{
	/* A manifest has to have one; it is written when the image is. */
	struct oci_descriptor no_config = {
		.media_type = OCI_MEDIA_TYPE_CONFIG, .digest = state->key.s,
	};
	struct oci_manifest manifest = state->manifest;
	struct oci_image_config config = state->config;
	struct state_document document = {
		.config = &config,
		.manifest = &manifest,
		.chain_ids = state->chain_ids.v,
		.n_chain_ids = state->chain_ids.n_v,
		.key = state->key.s,
	};

	manifest.config = &no_config;
	return document_write(&state_object, &document, 0, text, len, err);
}

int build_state_read(struct build_state *state, struct oci_arena *arena, const char *text,
		     size_t len, struct error *err)
{
	cleanup_strbuf struct strbuf copy = STRBUF_INIT;
	struct state_document document = { .config = NULL };
	int r;

	strbuf_add(&copy, text, len);
	r = document_read(arena, &state_object, &copy, "the stage's result", &document, err);
	*state = (struct build_state){ .arena = arena };
	if (r == 0)
		r = digest_parse(document.key, &state->key, err);
	if (r < 0)
		return r;
	begin_from(state, document.config, document.manifest);
	state->chain_ids = (struct list){ document.chain_ids, document.n_chain_ids };
	return 0;
}
