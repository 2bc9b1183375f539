/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Garbage: mark what index.json and the containers reach, sweep the rest.
 * Whatever cannot be read stops it, as it might be what holds the rest.
 */
#include "image/collect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/blob.h"
#include "image/build-cache.h"
#include "image/container.h"
#include "image/document.h"
#include "image/index.h"
#include "image/layer-store.h"
#include "image/manifest.h"
#include "image/path-map.h"
#include "libocispec/image.h"

enum { MAX_NESTING = 4 };

struct marks {
	struct store *store;
	struct garbage *garbage;
	bool dry_run;
	/* Digests of blobs. */
	struct path_map blobs;
	/* Digests of chains. */
	struct path_map chains;
};

static void marks_release(struct marks *marks)
{
	path_map_release(&marks->blobs);
	path_map_release(&marks->chains);
}

static void mark_manifest(struct marks *marks, const struct oci_manifest *manifest)
{
	path_map_put(&marks->blobs, manifest->config->digest, 1);
	for (size_t i = 0; i < manifest->n_layers; i++)
		path_map_put(&marks->blobs, manifest->layers[i].digest, 1);
}

static int read_document(struct marks *marks, const struct oci_descriptor *descriptor,
			 struct strbuf *text, struct error *err)
{
	struct digest digest;
	int r = digest_parse(descriptor->digest, &digest, err);

	return r < 0 ? r : blob_read(marks->store, &digest, descriptor->size, text, err);
}

static int mark_chains(struct marks *marks, struct oci_arena *arena,
		       const struct oci_manifest *manifest, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct digest *diff_ids, *chain_ids;
	struct oci_image_config config;
	int r;

	/* An artifact of another kind has no layers that could be unpacked. */
	if (!media_type_is_config(manifest->config->media_type))
		return 0;
	r = read_document(marks, manifest->config, &text, err);
	if (r == 0)
		r = document_read(arena, &oci_image_config_object, &text,
				  manifest->config->digest, &config, err);
	if (r == 0)
		r = manifest_chain(arena, &config, manifest->config->digest, manifest->n_layers,
				   &diff_ids, &chain_ids, err);
	for (size_t i = 0; r == 0 && i < manifest->n_layers; i++)
		path_map_put(&marks->chains, chain_ids[i].s, 1);
	return r;
}

static int mark_index(struct marks *marks, struct oci_arena *arena, const struct oci_index *index,
		      int depth, struct error *err);

static int mark_entry(struct marks *marks, struct oci_arena *arena,
		      const struct oci_descriptor *entry, int depth, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_manifest manifest;
	struct oci_index nested;
	int r;

	path_map_put(&marks->blobs, entry->digest, 1);
	if (!media_type_is_manifest(entry->media_type) && !media_type_is_index(entry->media_type))
		return 0;
	r = read_document(marks, entry, &text, err);
	/* Of an index for many platforms only one may have been kept. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (media_type_is_index(entry->media_type)) {
		if (depth >= MAX_NESTING)
			return error_set(err, ELOOP, "indexes are nested too deep");
		r = manifest_parse_index(arena, &text, entry->digest, &nested, err);
		return r < 0 ? r : mark_index(marks, arena, &nested, depth + 1, err);
	}
	r = document_read(arena, &oci_manifest_object, &text, entry->digest, &manifest, err);
	if (r < 0)
		return r;
	mark_manifest(marks, &manifest);
	return mark_chains(marks, arena, &manifest, err);
}

static int mark_index(struct marks *marks, struct oci_arena *arena, const struct oci_index *index,
		      int depth, struct error *err)
{
	for (size_t i = 0; i < index->n_manifests; i++) {
		int r = mark_entry(marks, arena, &index->manifests[i], depth, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What a build may take its next step from; "cache prune" lets it go. */
static int mark_build_cache(struct marks *marks, struct error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct build_cache_entry *entries;
	size_t n;
	int r = build_cache_list(marks->store, &arena, &entries, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct build_record *record = &entries[i].record;

		if (!record->layer || !record->chain_id)
			continue;
		path_map_put(&marks->blobs, record->layer->digest, 1);
		path_map_put(&marks->chains, record->chain_id, 1);
	}
	oci_arena_release(&arena);
	return r;
}

/* A container keeps its image, named or not, so that it can be run and committed. */
static int mark_containers(struct marks *marks, struct error *err)
{
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = container_list(marks->store, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		cleanup_container struct container c = CONTAINER_INIT;

		r = container_open(marks->store, ids.v[i], &c, err);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		mark_manifest(marks, c.record.manifest);
		for (size_t n = 0; n < c.record.n_chain_ids; n++)
			path_map_put(&marks->chains, c.record.chain_ids[n], 1);
	}
	return r;
}

/* Gone at once; what is interrupted from here on is swept with tmp/. */
static int take_away(struct store *store, int dfd, const char *name, struct error *err)
{
	struct store_temp temp = store_temp_name();

	if (renameat(dfd, name, store->tmp_fd, temp.name) < 0)
		return error_sys(err, "rename", "%s", name);
	return file_remove_tree_at(store->tmp_fd, temp.name, err);
}

/* A layer's record tells its size; one without a record was never complete. */
static uint64_t size_of(struct store *store, int dfd, const char *name, const char *digest)
{
	struct error ignored = ERROR_INIT;
	struct layer_record record;
	struct digest chain_id;
	struct stat st;

	if (fstatat(dfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return (uint64_t)st.st_size;
	if (digest_parse(digest, &chain_id, &ignored) < 0 ||
	    layer_record_get(store, &chain_id, &record, &ignored) < 0)
		return 0;
	return record.size;
}

static int sweep_one(struct marks *marks, int dfd, const char *name, const char *digest,
		     const struct path_map *marked, struct garbage_sum *sum, struct error *err)
{
	uint64_t size = marks->garbage ? size_of(marks->store, dfd, name, digest) : 0;

	sum->n++;
	sum->bytes += size;
	if (path_map_has(marked, digest))
		return 0;
	sum->n_garbage++;
	sum->garbage_bytes += size;
	if (marks->garbage)
		strvec_push(&marks->garbage->digests, digest);
	return marks->dry_run ? 0 : take_away(marks->store, dfd, name, err);
}

/* Removes what is below DFD and not in MARKED, where it is called "ALGORITHM:name". */
static int sweep(struct marks *marks, int dfd, const char *algorithm,
		 const struct path_map *marked, struct garbage_sum *sum, struct error *err)
{
	int fd = openat(dfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "a directory of the store %s", marks->store->path);
	}
	while (r == 0 && (entry = file_next_entry(dir, "a directory of the store", &r, err))) {
		cleanup_free char *digest = xasprintf("%s:%s", algorithm, entry->d_name);

		if (entry->d_name[0] != '.')
			r = sweep_one(marks, dfd, entry->d_name, digest, marked, sum, err);
	}
	(void)closedir(dir);
	return r;
}

static int sweep_blobs(struct marks *marks, struct garbage_sum *sum, struct error *err)
{
	static const char *const algorithms[] = { "sha256", "sha512" };
	struct store *store = marks->store;

	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		cleanup_close int fd = openat(store->blobs_fd, algorithms[i],
					      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int r;

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return error_sys(err, "open", "%s/blobs/%s", store->path, algorithms[i]);
		r = sweep(marks, fd, algorithms[i], &marks->blobs, sum, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int mark_all(struct marks *marks, struct error *err)
{
	cleanup_index struct index index = INDEX_INIT;
	int r = index_read(marks->store, &index, err);

	if (r == 0)
		r = mark_index(marks, &index.arena, &index.document, 0, err);
	if (r == 0)
		r = mark_containers(marks, err);
	return r < 0 ? r : mark_build_cache(marks, err);
}

static int collect_alone(struct store *store, bool dry_run, struct garbage *garbage,
			 struct error *err)
{
	__attribute__((cleanup(marks_release))) struct marks marks = {
		.store = store, .garbage = garbage, .dry_run = dry_run
	};
	struct garbage unasked = GARBAGE_INIT;
	cleanup_close int lock_fd = store_lock(store, err);
	int r = lock_fd < 0 ? lock_fd : mark_all(&marks, err);

	if (!garbage)
		garbage = &unasked;
	if (r == 0)
		r = sweep(&marks, store->layers_fd, "sha256", &marks.chains, &garbage->layers,
			  err);
	if (r == 0)
		r = sweep_blobs(&marks, &garbage->blobs, err);
	return r;
}

int store_find_garbage(struct store *store, struct garbage *garbage, struct error *err)
{
	return collect_alone(store, true, garbage, err);
}

int store_collect(struct store *store, struct garbage *garbage, bool *busy, struct error *err)
{
	int r;

	*busy = flock(store->use_fd, LOCK_EX | LOCK_NB) < 0;
	r = *busy ? 0 : collect_alone(store, false, garbage, err);
	/* A failed try has given up the shared lock too: flock(2). */
	while (flock(store->use_fd, LOCK_SH) < 0 && errno == EINTR)
		;
	return r < 0 ? error_context(err, "collecting garbage in %s", store->path) : 0;
}

void garbage_release(struct garbage *garbage)
{
	strvec_release(&garbage->digests);
}
