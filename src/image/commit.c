/* SPDX-License-Identifier: Apache-2.0 */
#include "image/commit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/bundle-image.h"
#include "image/change.h"
#include "image/document.h"
#include "image/image.h"
#include "image/interrupt.h"
#include "image/layer-diff.h"
#include "image/layer-stack.h"
#include "image/layer-store.h"
#include "image/layer-stream.h"
#include "image/list.h"
#include "image/manifest.h"
#include "image/mount.h"
#include "image/progress.h"
#include "image/ref.h"
#include "image/runtime-call.h"
#include "image/timestamp.h"
#include "libocispec/runtime.h"

enum { CONFIG_MAX = 16 << 20 };

struct commit {
	/* Of a bundle: one made up for it. */
	struct container *c;
	/* Of a bundle: what it was, and what is left out of it. */
	int base_fd;
	const struct path_map *ignored;
	const struct commit_request *request;
	/* What the new documents are made in. */
	struct oci_arena arena;
	struct oci_image_run_config run_config;
	struct layer_digests digests;
	struct layer_stats stats;
	const char *created;
};

/* --- the layer --------------------------------------------------------------------- */

static int add_to_sink(void *ctx, const void *data, size_t n, struct error *err)
{
	int r = interrupt_check(err);

	progress_add(n);
	return r < 0 ? r : layer_sink_add(ctx, data, n, err);
}

static int write_diff(struct commit *commit, const struct layer_diff *diff, struct error *err)
{
	cleanup_layer_sink struct layer_sink *sink = NULL;
	int r = layer_sink_open(commit->c->store, commit->request->compression,
				commit->request->level, &sink, err);

	progress_expect(1);
	progress_begin("layer", commit->c->record.name, 0);
	if (r == 0)
		r = layer_diff_write(diff, add_to_sink, sink, &commit->stats, err);
	progress_end();
	/* Nothing has changed: no layer, and no blob. */
	if (r < 0 || commit->stats.n_entries == 0)
		return r;
	return layer_sink_commit(sink, &commit->digests, err);
}

static int write_container_layer(struct commit *commit, struct error *err)
{
	struct container *c = commit->c;
	cleanup_layer_stack struct layer_stack layers = { .n = 0 };
	cleanup_close int upper_fd =
		openat(c->dir_fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	/* Until this is closed nobody removes the container. */
	if (upper_fd < 0 || flock(upper_fd, LOCK_SH) < 0)
		return error_sys(err, "open", "%s/upper", c->path);
	r = layer_stack_open(&layers, c->store, c->record.chain_ids, c->record.n_chain_ids, err);
	return r < 0 ? r : write_diff(commit,
				      &(struct layer_diff){ .upper_fd = upper_fd,
							    .lower_fds = layers.fds,
							    .n_lower = layers.n },
				      err);
}

static int write_bundle_layer(struct commit *commit, struct error *err)
{
	cleanup_close int rootfs_fd = openat(commit->c->dir_fd, "rootfs",
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (rootfs_fd < 0)
		return error_sys(err, "open", "%s/rootfs", commit->c->path);
	return write_diff(commit,
			  &(struct layer_diff){ .upper_fd = rootfs_fd,
						.lower_fds = &commit->base_fd,
						.n_lower = 1,
						.flat = true,
						.ignored = commit->ignored },
			  err);
}

/* A file that changes while it is read is better than no commit at all. */
static bool pause_container(struct commit *commit)
{
	struct container *c = commit->c;
	struct error err = ERROR_INIT;

	if (!commit->request->pause || c->record.status != CONTAINER_RUNNING ||
	    !container_is_busy(c))
		return false;
	if (runtime_call(c, "pause", NULL, &err) == 0)
		return true;
	log_info("container %s keeps running during the commit: %s", c->record.name, err.msg);
	return false;
}

static int take_layer(struct commit *commit, struct error *err)
{
	bool paused = pause_container(commit);
	struct error ignored = ERROR_INIT;
	int r = commit->base_fd >= 0 ? write_bundle_layer(commit, err)
				     : write_container_layer(commit, err);

	if (paused && runtime_call(commit->c, "resume", NULL, &ignored) < 0)
		log_warning("%s", ignored.msg);
	return r < 0 ? error_context(err, "layer of %s", commit->c->record.name) : 0;
}

static int record_layer(struct commit *commit, struct error *err)
{
	struct container_record *record = &commit->c->record;
	struct layer_record layer = {
		.diff_id = commit->digests.diff_id, .size = commit->stats.n_bytes,
	};
	size_t n = record->n_chain_ids;
	int r = n ? digest_parse(record->chain_ids[n - 1], &layer.parent, err) : 0;

	if (r < 0)
		return r;
	digest_chain(&layer.parent, &layer.diff_id, &layer.chain_id);
	return layer_record_put(commit->c->store, &layer, err);
}

/* --- the config -------------------------------------------------------------------- */

/* The image's, with what "run" was given in place of it. */
static struct oci_image_run_config container_config(const struct container_record *record)
{
	struct oci_image_run_config config = { 0 };

	if (record->config->config)
		config = *record->config->config;
	if (record->n_command > 0) {
		config.cmd = record->command;
		config.n_cmd = record->n_command;
		config.args_escaped = false;
	}
	return config;
}

static int change_config(struct commit *commit, struct error *err)
{
	const struct oci_image_run_config base = container_config(&commit->c->record);
	char *const *change = commit->request->changes;
	int r = 0;

	for (; r == 0 && change && *change; change++)
		r = change_apply(*change, &base, &commit->arena, &commit->run_config, err);
	if (r == 0)
		change_merge(&base, &commit->arena, &commit->run_config);
	return r;
}

static const char *command_text(struct commit *commit)
{
	const struct oci_image_run_config config = container_config(&commit->c->record);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < config.n_cmd; i++)
		strbuf_addf(&text, "%s%s", i ? " " : "", config.cmd[i]);
	return text.len ? document_strdup(&commit->arena, text.buf) : NULL;
}

/*
 * The base's history as it is and ours behind it.  Each layer has one entry
 * that is not empty: what the base does not tell is made up for.
 */
static void add_history(struct commit *commit, struct oci_image_config *config)
{
	size_t n_layers = commit->c->record.config->rootfs->n_diff_ids, n_told = 0, n = 0;
	size_t max = config->n_history + n_layers + 1;
	struct oci_history *history = document_alloc(&commit->arena, max * sizeof(*history));

	for (size_t i = 0; i < config->n_history; i++) {
		n_told += !config->history[i].empty_layer;
		history[n++] = config->history[i];
	}
	for (; n_told < n_layers; n_told++)
		history[n++] = (struct oci_history){ .created_by = "unknown" };
	history[n++] = (struct oci_history){
		.created = commit->created,
		.created_by = command_text(commit),
		.author = commit->request->author,
		.comment = commit->request->message,
		.empty_layer = commit->stats.n_entries == 0,
	};
	config->history = history;
	config->n_history = n;
}

static void add_diff_id(struct commit *commit, struct oci_image_config *config)
{
	struct oci_image_rootfs *rootfs = document_alloc(&commit->arena, sizeof(*rootfs));
	size_t max = config->rootfs->n_diff_ids + 2;

	*rootfs = *config->rootfs;
	rootfs->diff_ids = document_alloc(&commit->arena, max * sizeof(*rootfs->diff_ids));
	for (size_t i = 0; i < rootfs->n_diff_ids; i++)
		rootfs->diff_ids[i] = config->rootfs->diff_ids[i];
	if (commit->stats.n_entries > 0)
		rootfs->diff_ids[rootfs->n_diff_ids++] = commit->digests.diff_id.s;
	config->rootfs = rootfs;
}

/* --- the manifest ------------------------------------------------------------------ */

/* What is committed is an OCI image: docker's names for the same things are replaced. */
static void make_manifest(struct commit *commit, struct oci_manifest *manifest)
{
	const struct oci_manifest *base = commit->c->record.manifest;
	struct oci_descriptor *layers =
		document_alloc(&commit->arena, (base->n_layers + 1) * sizeof(*layers));

	*manifest = *base;
	manifest->media_type = OCI_MEDIA_TYPE_MANIFEST;
	manifest->config = NULL;
	manifest->subject = NULL;
	for (size_t i = 0; i < base->n_layers; i++) {
		layers[i] = base->layers[i];
		layers[i].media_type = media_type_of_oci_layer(layers[i].media_type);
	}
	manifest->layers = layers;
	if (commit->stats.n_entries == 0)
		return;
	layers[manifest->n_layers++] = (struct oci_descriptor){
		.media_type = compression_media_type(commit->digests.compression),
		.digest = commit->digests.blob.s,
		.size = (int64_t)commit->digests.blob_size,
	};
}

/* --- all of it --------------------------------------------------------------------- */

static int add_image(struct commit *commit, struct digest *id, struct error *err)
{
	struct oci_image_config config = *commit->c->record.config;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	struct oci_manifest manifest;

	commit->created = document_strdup(&commit->arena, timestamp_now().s);
	config.created = commit->created;
	config.author = commit->request->author;
	config.config = &commit->run_config;
	add_history(commit, &config);
	add_diff_id(commit, &config);
	make_manifest(commit, &manifest);
	if (commit->request->name) {
		char *name = image_ref_normalize(commit->request->name, err);

		if (!name)
			return err->code;
		strvec_push_take(&names, name);
	}
	return image_add(commit->c->store, &config, &manifest, &names, id, err);
}

static int check_name(const char *name, struct error *err)
{
	cleanup_free char *complete = name ? image_ref_normalize(name, err) : NULL;

	return name && !complete ? err->code : 0;
}

static int run_commit(struct commit *commit, struct digest *id, struct error *err)
{
	/* Everything that can be wrong with the request is found before the work. */
	int r = check_name(commit->request->name, err);

	commit->arena = (struct oci_arena)OCI_ARENA_INIT;
	if (r == 0)
		r = change_config(commit, err);
	if (r == 0)
		r = take_layer(commit, err);
	if (r == 0 && commit->stats.n_entries > 0)
		r = record_layer(commit, err);
	if (r == 0)
		r = add_image(commit, id, err);
	oci_arena_release(&commit->arena);
	return r;
}

int commit_container(struct container *c, const struct commit_request *request,
		     struct digest *id, struct error *err)
{
	struct commit commit = { .c = c, .request = request, .base_fd = -EBADF };

	if (request->stopped && container_is_busy(c)) {
		(void)error_set(err, EBUSY, "container %s is running", c->record.name);
		return error_hint(err, "stop it first, or leave out --stopped");
	}
	return run_commit(&commit, id, err);
}

/* --- a bundle ---------------------------------------------------------------------- */

/* A place to mount upon, and the directories that were made for it. */
static void ignore_path(struct path_map *ignored, const char *destination)
{
	cleanup_free char *path = xstrdup(destination + strspn(destination, "/"));
	char *slash;

	do {
		path_map_put(ignored, path, 1);
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
}

/* What a runtime was told to mount. */
static int read_mounts(struct container *c, struct path_map *ignored, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_config *config = document_alloc(&c->arena, sizeof(*config));
	int r = file_read_at(c->dir_fd, "config.json", CONFIG_MAX, &text, err);

	if (r == 0)
		r = document_read(&c->arena, &oci_config_object, &text, "config.json", config,
				  err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < config->n_mounts; i++)
		ignore_path(ignored, config->mounts[i].destination);
	return 0;
}

/* As if it were a container of the image. */
static void pose_as_container(struct container *c, const struct image *image)
{
	c->record.name = c->path;
	c->record.manifest = image->manifest;
	c->record.config = image->config;
	c->record.status = CONTAINER_EXITED;
	for (size_t i = 0; i < image->n_layers; i++)
		list_add(&c->arena, &c->record.chain_ids, &c->record.n_chain_ids,
			 image->chain_ids[i].s);
}

static int commit_opened(struct container *c, const struct commit_request *request,
			 struct digest *id, struct error *err)
{
	__attribute__((cleanup(path_map_release))) struct path_map ignored = { .n = 0 };
	struct commit commit = { .c = c, .request = request, .ignored = &ignored };
	cleanup_image struct image image = IMAGE_INIT;
	int r = bundle_load_image(c->store, c->dir_fd, &image, err);

	if (r == 0)
		r = image_unpack_layers(c->store, &image, err);
	if (r == 0)
		r = read_mounts(c, &ignored, err);
	if (r < 0)
		return r;
	pose_as_container(c, &image);
	commit.base_fd = mount_image_layers(c->store, &image, err);
	r = commit.base_fd < 0 ? commit.base_fd : run_commit(&commit, id, err);
	fd_close(&commit.base_fd);
	return r;
}

int commit_bundle(struct store *store, const char *bundle, const struct commit_request *request,
		  struct digest *id, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;

	c.store = store;
	c.path = xstrdup(bundle);
	c.dir_fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.dir_fd < 0)
		return error_sys(err, "open", "%s", bundle);
	if (commit_opened(&c, request, id, err) < 0)
		return error_context(err, "bundle %s", bundle);
	return 0;
}
