/* SPDX-License-Identifier: Apache-2.0 */
#include "image/verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/blob.h"
#include "image/container.h"
#include "image/image.h"
#include "image/index.h"
#include "image/interrupt.h"
#include "image/layer-store.h"
#include "image/layer-unpack.h"
#include "image/manifest.h"
#include "image/path-map.h"
#include "image/tree-compare.h"

enum { READ_SIZE = 1 << 20 };

struct verification {
	struct store *store;
	bool repair;
	struct verify_report *report;
	/* Blobs that are damaged; chains that were looked at. */
	struct path_map damaged;
	struct path_map chains;
};

/* One layer of an image or of a container's. */
struct subject {
	/* "image debian:latest". */
	const char *owner;
	const struct oci_descriptor *descriptor;
	struct digest blob;
	const struct digest *diff_ids;
	const struct digest *chain_ids;
	size_t layer;
};

static void problem(struct verification *v, const char *what, const char *why)
{
	strvec_pushf(&v->report->problems, "%s: %s", what, why);
}

/* --- blobs ------------------------------------------------------------------------- */

static int hash_file(int fd, const struct digest *like, struct digest *found, struct error *err)
{
	cleanup_free char *buf = xmalloc(READ_SIZE);
	struct hasher hasher = { .state = NULL };
	ssize_t n;
	int r = 0;

	hasher_open(&hasher, like);
	while (r == 0 && (n = TEMP_FAILURE_RETRY(read(fd, buf, READ_SIZE))) != 0) {
		if (n < 0)
			r = error_sys(err, "read", "blob %s", like->s);
		else
			hasher_add(&hasher, buf, (size_t)n);
		if (r == 0)
			r = interrupt_check(err);
	}
	hasher_finish(&hasher, found);
	return r;
}

static int verify_blob(struct verification *v, int dir_fd, const char *name,
		       const char *algorithm, struct error *err)
{
	cleanup_free char *text = xasprintf("%s:%s", algorithm, name);
	cleanup_close int fd = -EBADF;
	struct digest digest, found;
	struct error ignored = ERROR_INIT;
	int r;

	if (digest_parse(text, &digest, &ignored) < 0) {
		problem(v, text, "is no name of a blob");
		return 0;
	}
	v->report->n_blobs++;
	fd = blob_open(v->store, &digest, -1, err);
	r = fd < 0 ? fd : hash_file(fd, &digest, &found, err);
	if (r < 0 || digest_equal(&digest, &found))
		return r;
	path_map_put(&v->damaged, digest.s, 1);
	strvec_pushf(&v->report->problems, "blob %s: is damaged, its digest is %s", digest.s,
		     found.s);
	if (!v->repair)
		return 0;
	if (unlinkat(dir_fd, name, 0) < 0)
		return error_sys(err, "unlink", "blob %s", digest.s);
	strvec_pushf(&v->report->repairs,
		     "blob %s was removed: an import of its image brings it back", digest.s);
	return 0;
}

static int verify_blobs(struct verification *v, const char *algorithm, struct error *err)
{
	int fd = openat(v->store->blobs_fd, algorithm,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (!dir)
		return error_sys(err, "open", "blobs/%s", algorithm);
	while (r == 0 && (entry = file_next_entry(dir, "blobs", &r, err)))
		if (entry->d_name[0] != '.')
			r = verify_blob(v, fd, entry->d_name, algorithm, err);
	(void)closedir(dir);
	return r;
}

/* --- layers ------------------------------------------------------------------------ */

/* A layer unpacked once more. */
struct work {
	struct layer_draft draft;
	struct layer_unpacked done;
};

static void work_release(struct work *work)
{
	layer_draft_abort(&work->draft);
}

/* Reads the blob through to its diffID; TREE: into a draft of the layer too. */
static int read_layer(struct verification *v, const struct subject *s, bool tree,
		      struct work *work, struct error *err)
{
	cleanup_close int fd = blob_open(v->store, &s->blob, s->descriptor->size, err);
	struct layer_unpack unpack = {
		.region = { .fd = fd, .size = (uint64_t)s->descriptor->size },
		.name = s->blob.s,
		.like = &s->blob,
		.target_fd = -EBADF,
		.shape = LAYER_OVERLAY,
		.store = v->store,
		.chain = s->chain_ids,
		.n_chain = s->layer,
	};
	int r = fd < 0 ? fd : 0;

	if (r == 0 && tree)
		r = layer_draft_open(&work->draft, v->store, err);
	unpack.target_fd = work->draft.fd;
	return r < 0 ? r : layer_unpack(&unpack, &work->done, err);
}

static int replace_tree(struct verification *v, const struct subject *s, struct work *work,
			struct error *err)
{
	const struct digest *chain_id = &s->chain_ids[s->layer];
	cleanup_free char *path = xasprintf("%s/fs", digest_hex(chain_id));
	struct store_temp temp = store_temp_name();
	struct layer_record record = { .chain_id = *chain_id, .diff_id = s->diff_ids[s->layer],
				       .size = work->done.stats.n_bytes };
	int r;

	if (s->layer > 0)
		record.parent = s->chain_ids[s->layer - 1];
	/* Whoever has it mounted keeps the old one. */
	if (renameat(v->store->layers_fd, path, v->store->tmp_fd, temp.name) < 0)
		return error_sys(err, "rename", "layers/%s", path);
	r = layer_draft_commit(&work->draft, &record, err);
	if (r == 0)
		r = file_remove_tree_at(v->store->tmp_fd, temp.name, err);
	if (r == 0)
		strvec_pushf(&v->report->repairs, "layer %s was unpacked again", chain_id->s);
	return r;
}

static int compare_tree(struct verification *v, const struct subject *s, int tree_fd,
			struct work *work, struct error *err)
{
	cleanup_strbuf struct strbuf where = STRBUF_INIT;
	cleanup_close int fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? error_sys(err, "open", "a layer")
		       : tree_compare(fd, work->draft.fd, &where, err);

	if (r < 0 || r == SAME)
		return r < 0 ? r : 0;
	strvec_pushf(&v->report->problems, "%s: the tree of layer %s is damaged: %s", s->owner,
		     s->chain_ids[s->layer].s, where.buf);
	return v->repair ? replace_tree(v, s, work, err) : 0;
}

static int verify_layer(struct verification *v, const struct subject *s, struct error *err)
{
	__attribute__((cleanup(work_release))) struct work work = { .draft = LAYER_DRAFT_INIT };
	struct error why = ERROR_INIT;
	cleanup_close int tree_fd = layer_open(v->store, &s->chain_ids[s->layer], &why);
	int r;

	why = (struct error)ERROR_INIT;
	r = read_layer(v, s, tree_fd >= 0, &work, &why);
	if (r == -EINTR) {
		*err = why;
		return r;
	}
	v->report->n_trees += tree_fd >= 0;
	if (r < 0) {
		problem(v, s->owner, why.msg);
		return 0;
	}
	if (!digest_equal(&work.done.digests.diff_id, &s->diff_ids[s->layer])) {
		strvec_pushf(&v->report->problems,
			     "%s: layer %s: its diffID is %s, but the config says %s", s->owner,
			     s->blob.s, work.done.digests.diff_id.s, s->diff_ids[s->layer].s);
		return 0;
	}
	return tree_fd < 0 ? 0 : compare_tree(v, s, tree_fd, &work, err);
}

static int verify_layers(struct verification *v, const char *owner,
			 const struct oci_manifest *manifest, const struct digest *diff_ids,
			 const struct digest *chain_ids, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->n_layers; i++) {
		struct subject s = { .owner = owner, .descriptor = &manifest->layers[i],
				     .diff_ids = diff_ids, .chain_ids = chain_ids, .layer = i };
		cleanup_free char *key = xasprintf("%s %s", chain_ids[i].s,
						   manifest->layers[i].digest);

		if (path_map_has(&v->chains, key))
			continue;
		path_map_put(&v->chains, key, 1);
		r = digest_parse(manifest->layers[i].digest, &s.blob, err);
		/* A damaged one has been told of already. */
		if (r == 0 && path_map_has(&v->damaged, s.blob.s))
			continue;
		v->report->n_layers++;
		if (r == 0)
			r = verify_layer(v, &s, err);
	}
	return r;
}

/* --- images and containers --------------------------------------------------------- */

static int verify_images(struct verification *v, struct error *err)
{
	cleanup_index struct index index = INDEX_INIT;
	int r = index_read(v->store, &index, err);

	for (size_t i = 0; r == 0 && i < index.document.n_manifests; i++) {
		cleanup_image struct image image = IMAGE_INIT;
		cleanup_free char *owner = NULL;
		struct error why = ERROR_INIT;

		if (!media_type_is_manifest(index.document.manifests[i].media_type) &&
		    !media_type_is_index(index.document.manifests[i].media_type))
			continue;
		v->report->n_images++;
		if (image_load_entry(v->store, &index.document.manifests[i], &image, &why) < 0) {
			strvec_push(&v->report->problems, why.msg);
			continue;
		}
		owner = xasprintf("image %s", image.name);
		r = verify_layers(v, owner, image.manifest, image.diff_ids, image.chain_ids, err);
	}
	return r;
}

/* Its image may have been removed with force: what it needs is told by its record. */
static int verify_container(struct verification *v, const char *id, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_free char *owner = NULL;
	struct digest *diff_ids, *chain_ids;
	struct error why = ERROR_INIT;
	int r = container_open(v->store, id, &c, &why);

	if (r == -ENOENT)
		return 0;
	owner = xasprintf("container %s", r < 0 ? id : c.record.name);
	if (r == 0)
		r = manifest_chain(&c.arena, c.record.config, "config",
				   c.record.manifest->n_layers, &diff_ids, &chain_ids, &why);
	if (r < 0) {
		problem(v, owner, why.msg);
		return 0;
	}
	return verify_layers(v, owner, c.record.manifest, diff_ids, chain_ids, err);
}

int store_verify(struct store *store, bool repair, struct verify_report *report,
		 struct error *err)
{
	struct verification v = { .store = store, .repair = repair, .report = report };
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = verify_blobs(&v, "sha256", err);

	if (r == 0)
		r = verify_blobs(&v, "sha512", err);
	if (r == 0)
		r = verify_images(&v, err);
	if (r == 0)
		r = container_list(store, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = verify_container(&v, ids.v[i], err);
	path_map_release(&v.damaged);
	path_map_release(&v.chains);
	return r;
}

void verify_report_release(struct verify_report *report)
{
	strvec_release(&report->problems);
	strvec_release(&report->repairs);
}
