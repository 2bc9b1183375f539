/* SPDX-License-Identifier: Apache-2.0 */
#include "image/index.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/document.h"

#define CONTAINERD_NAME "io.containerd.image.name"

enum { INDEX_MAX = 16 << 20 };

int index_read(struct store *store, struct index *index, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_free char *path = xasprintf("%s/index.json", store->path);

	*index = (struct index)INDEX_INIT;
	if (file_read_at(store->fd, "index.json", INDEX_MAX, &text, err) < 0)
		return error_context(err, "store %s", store->path);
	return document_read(&index->arena, &oci_index_object, &text, path, &index->document,
			     err);
}

void index_release(struct index *index)
{
	oci_arena_release(&index->arena);
}

/* In tmp/ first and synced: after a crash there is the old one or the new one. */
static int replace_synced(struct store *store, const char *text, size_t len, struct error *err)
{
	struct store_temp temp = store_temp_name();
	cleanup_close int fd = openat(store->tmp_fd, temp.name,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return error_sys(err, "open", "tmp/%s", temp.name);
	r = file_write_fd(fd, "index.json", text, len, err);
	if (r == 0 && fsync(fd) < 0)
		r = error_sys(err, "fsync", "index.json");
	if (r == 0 && renameat(store->tmp_fd, temp.name, store->fd, "index.json") < 0)
		r = error_sys(err, "rename", "index.json");
	if (r < 0)
		(void)unlinkat(store->tmp_fd, temp.name, 0);
	return r;
}

int index_write(struct store *store, const struct index *index, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = document_write(&oci_index_object, &index->document, 0, &text, &len, err);

	if (r < 0)
		return r;
	if (replace_synced(store, text, len, err) < 0)
		return error_context(err, "store %s", store->path);
	return 0;
}

const char *index_entry_name(const struct oci_descriptor *descriptor)
{
	const char *name = oci_string_map_get(&descriptor->annotations, CONTAINERD_NAME);

	return name ? name
		    : oci_string_map_get(&descriptor->annotations, OCI_ANNOTATION_REF_NAME);
}

char *index_full_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strchr(slash ? slash : name, ':') ? xstrdup(name) : xasprintf("%s:latest", name);
}

/* What a person leaves out. */
static const char *short_name(const char *name)
{
	static const char *const prefixes[] = { "docker.io/library/", "docker.io/",
						"localhost/" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		const char *rest = str_skip_prefix(name, prefixes[i]);

		if (rest)
			return rest;
	}
	return name;
}

static struct oci_descriptor *find(const struct index *index, const char *name, bool is_short)
{
	cleanup_free char *wanted = index_full_name(is_short ? short_name(name) : name);

	for (size_t i = 0; i < index->document.n_manifests; i++) {
		struct oci_descriptor *entry = &index->document.manifests[i];
		const char *entry_name = index_entry_name(entry);
		cleanup_free char *full = entry_name ? index_full_name(entry_name) : NULL;

		if (full && streq(is_short ? short_name(full) : full, wanted))
			return entry;
	}
	return NULL;
}

struct oci_descriptor *index_find(const struct index *index, const char *name)
{
	struct oci_descriptor *entry = find(index, name, false);

	return entry ? entry : find(index, name, true);
}

size_t index_count(const struct index *index, const char *digest)
{
	size_t n = 0;

	for (size_t i = 0; i < index->document.n_manifests; i++)
		n += streq(index->document.manifests[i].digest, digest);
	return n;
}

void index_remove(struct index *index, size_t i)
{
	struct oci_index *document = &index->document;

	document->n_manifests--;
	memmove(&document->manifests[i], &document->manifests[i + 1],
		(document->n_manifests - i) * sizeof(*document->manifests));
}

/* Every annotation but the names. */
static void copy_annotations(struct index *index, struct oci_string_map *to,
			     const struct oci_string_map *from)
{
	struct oci_string_pair *items = document_alloc(&index->arena,
						       (from->n + 1) * sizeof(*items));
	size_t n = 0;

	for (size_t i = 0; i < from->n; i++)
		if (!streq(from->items[i].key, CONTAINERD_NAME) &&
		    !streq(from->items[i].key, OCI_ANNOTATION_REF_NAME))
			items[n++] = from->items[i];
	*to = (struct oci_string_map){ .items = items, .n = n };
}

/* Annotated copies of DESCRIPTOR keep the strings of the original. */
static struct oci_descriptor with_name(struct index *index,
				       const struct oci_descriptor *descriptor, const char *name)
{
	struct oci_descriptor entry = *descriptor;
	cleanup_free char *full = NULL;

	copy_annotations(index, &entry.annotations, &descriptor->annotations);
	if (!name)
		return entry;
	full = index_full_name(name);
	if (str_has_suffix(full, ":latest"))
		full[strlen(full) - strlen(":latest")] = '\0';
	entry.annotations.items[entry.annotations.n++] = (struct oci_string_pair){
		.key = OCI_ANNOTATION_REF_NAME,
		.value = document_strdup(&index->arena, full),
	};
	return entry;
}

/* Nobody has NAME any more; an entry that only was there for it goes too. */
static void free_name(struct index *index, const char *name)
{
	struct oci_descriptor *entry;

	while ((entry = find(index, name, false))) {
		if (index_count(index, entry->digest) > 1)
			index_remove(index, (size_t)(entry - index->document.manifests));
		else
			*entry = with_name(index, entry, NULL);
	}
}

/* Once a manifest has a name, its entry without one says nothing. */
static void remove_nameless(struct index *index, const char *digest)
{
	for (size_t i = index->document.n_manifests; i > 0; i--) {
		const struct oci_descriptor *entry = &index->document.manifests[i - 1];

		if (streq(entry->digest, digest) && !index_entry_name(entry))
			index_remove(index, i - 1);
	}
}

void index_add(struct index *index, const struct oci_descriptor *descriptor, const char *name)
{
	struct oci_index *document = &index->document;
	/* DESCRIPTOR may be one of the entries that move now. */
	struct oci_descriptor entry = with_name(index, descriptor, name);
	struct oci_descriptor *grown;

	if (!name && index_count(index, descriptor->digest) > 0)
		return;
	if (name) {
		free_name(index, name);
		remove_nameless(index, entry.digest);
	}
	grown = document_alloc(&index->arena, (document->n_manifests + 1) * sizeof(*grown));
	if (document->n_manifests)
		memcpy(grown, document->manifests, document->n_manifests * sizeof(*grown));
	grown[document->n_manifests++] = entry;
	document->manifests = grown;
}
