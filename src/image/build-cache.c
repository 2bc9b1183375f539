/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/blob.h"
#include "image/document.h"
#include "image/layer-store.h"

enum { RECORD_MAX = 1 << 20 };

static const struct oci_field record_fields[] = {
	OCI_STRING(build_record, created, "created", OCI_REQUIRED),
	OCI_STRING(build_record, created_by, "createdBy", OCI_REQUIRED),
	OCI_OBJECT(build_record, layer, "layer", 0, oci_descriptor_object),
	OCI_STRING(build_record, diff_id, "diffId", 0),
	OCI_STRING(build_record, chain_id, "chainId", 0),
	OCI_I64(build_record, size, "size", 0),
};
static const struct oci_object record_object =
	OCI_TABLE("build step", build_record, record_fields);

int build_cache_prepare(struct store *store, struct error *err)
{
	static const char *const dirs[] = { "build", "build/cache", "build/digests",
					   "build/mounts" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(store->fd, dirs[i], 0700) < 0 && errno != EEXIST)
			return error_sys(err, "mkdir", "%s/%s", store->path, dirs[i]);
	return 0;
}

static char *record_path(const struct digest *key)
{
	return xasprintf("build/cache/%s", digest_hex(key));
}

static int read_record(struct store *store, struct oci_arena *arena, const char *path,
		       struct build_record *record)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	int r = file_read_at(store->fd, path, RECORD_MAX, &text, &ignored);

	*record = (struct build_record){ 0 };
	return r < 0 ? r : document_read(arena, &record_object, &text, path, record, &ignored);
}

/* The blob, and the record of the unpacked layer, that RECORD speaks of. */
static bool has_layer(struct store *store, const struct build_record *record)
{
	struct layer_record layer;
	struct error ignored = ERROR_INIT;
	struct digest blob, chain_id, diff_id;

	if (!record->layer)
		return true;
	return record->diff_id && record->chain_id &&
	       digest_parse(record->layer->digest, &blob, &ignored) == 0 &&
	       digest_parse(record->chain_id, &chain_id, &ignored) == 0 &&
	       digest_parse(record->diff_id, &diff_id, &ignored) == 0 &&
	       blob_exists(store, &blob) &&
	       layer_record_get(store, &chain_id, &layer, &ignored) == 0;
}

bool build_cache_find(struct store *store, struct oci_arena *arena, const struct digest *key,
		      struct build_record *record)
{
	cleanup_free char *path = record_path(key);

	if (read_record(store, arena, path, record) < 0 || !has_layer(store, record))
		return false;
	(void)utimensat(store->fd, path, NULL, 0);
	return true;
}

int build_cache_put(struct store *store, const struct digest *key,
		    const struct build_record *record, struct error *err)
{
	cleanup_free char *path = record_path(key), *text = NULL;
	size_t len;
	int r = document_write(&record_object, record, 0, &text, &len, err);

	if (r == 0)
		r = store_replace(store, store->fd, path, text, len, err);
	return r < 0 ? error_context(err, "layer cache") : 0;
}

/* --- all of them ------------------------------------------------------------------- */

static int list_keys(struct store *store, struct strvec *names, struct error *err)
{
	int fd = openat(store->fd, "build/cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "%s/build/cache", store->path);
	}
	while ((entry = file_next_entry(dir, "build/cache", &r, err)))
		if (strspn(entry->d_name, "0123456789abcdef") == 64 && !entry->d_name[64])
			strvec_push(names, entry->d_name);
	(void)closedir(dir);
	return r;
}

static int compare_used(const void *a, const void *b)
{
	const struct build_cache_entry *x = a, *y = b;

	if (x->used != y->used)
		return x->used > y->used ? -1 : 1;
	return strcmp(x->key.s, y->key.s);
}

int build_cache_list(struct store *store, struct oci_arena *arena,
		     struct build_cache_entry **entries, size_t *n, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = list_keys(store, &names, err);

	*n = 0;
	*entries = document_alloc(arena, (names.n + 1) * sizeof(**entries));
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct build_cache_entry *entry = &(*entries)[*n];
		cleanup_free char *text = xasprintf("sha256:%s", names.v[i]), *path = NULL;
		struct stat st;

		r = digest_parse(text, &entry->key, err);
		if (r < 0)
			break;
		path = record_path(&entry->key);
		if (fstatat(store->fd, path, &st, 0) < 0 ||
		    read_record(store, arena, path, &entry->record) < 0)
			continue;
		entry->used = st.st_mtim.tv_sec;
		(*n)++;
	}
	if (*n > 0)
		qsort(*entries, *n, sizeof(**entries), compare_used);
	return r;
}

int build_cache_prune(struct store *store, int64_t seconds, size_t *n, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int64_t now = time(NULL);
	int r = list_keys(store, &names, err);

	*n = 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = xasprintf("build/cache/%s", names.v[i]);
		struct stat st;

		if (fstatat(store->fd, path, &st, 0) < 0 ||
		    (seconds > 0 && now - st.st_mtim.tv_sec < seconds))
			continue;
		if (unlinkat(store->fd, path, 0) == 0)
			(*n)++;
		else if (errno != ENOENT)
			r = error_sys(err, "unlink", "%s/%s", store->path, path);
	}
	return r;
}
