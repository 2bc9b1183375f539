/* SPDX-License-Identifier: Apache-2.0 */
#include "image/manage.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/container.h"
#include "image/image.h"
#include "image/index.h"
#include "libocispec/image.h"

/* -EBUSY with the name of a container that was made from the image. */
static int check_unused(struct store *store, const struct digest *id, const char *name,
			struct error *err)
{
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = container_list(store, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		cleanup_container struct container c = CONTAINER_INIT;
		struct error ignored = ERROR_INIT;

		/* It may have gone in the meantime. */
		if (container_open(store, ids.v[i], &c, &ignored) < 0 ||
		    !streq(c.record.image_id, id->s))
			continue;
		(void)error_set(err, EBUSY, "image \"%s\" is used by container \"%s\"", name,
				c.record.name);
		return error_hint(
			err, "remove the container first (dabba-image rm %s), or use --force",
			c.record.name);
	}
	return r;
}

struct removal {
	/* The entry to go; when NAME was an ID, all entries of that ID's manifests go. */
	const struct oci_descriptor *entry;
	struct digest id;
	bool by_name;
};

/* What is damaged has no ID, and no container that could be found by it. */
static void find_id(struct store *store, const struct oci_descriptor *entry, struct digest *id)
{
	cleanup_image struct image image = IMAGE_INIT;
	struct error why = ERROR_INIT;

	if (image_load_entry(store, entry, &image, &why) == 0)
		*id = image.id;
	else
		log_warning("%s", why.msg);
}

/* The same image may have been stored with two manifests: plain and compressed. */
static bool is_meant(struct store *store, const struct removal *removal,
		     const struct oci_descriptor *entry)
{
	struct digest id = { "" };

	if (streq(entry->digest, removal->entry->digest))
		return true;
	if (removal->by_name || !removal->id.s[0])
		return false;
	find_id(store, entry, &id);
	return digest_equal(&id, &removal->id);
}

/* The names of what is meant: their number, and for a message their list. */
static size_t list_names(struct store *store, const struct index *index,
			 const struct removal *removal, struct strbuf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < index->document.n_manifests; i++) {
		const struct oci_descriptor *entry = &index->document.manifests[i];
		const char *name = index_entry_name(entry);

		if (name && is_meant(store, removal, entry))
			strbuf_addf(out, "%s%s", n++ ? ", " : "", name);
	}
	return n;
}

static int check_removal(struct store *store, const struct index *index, const char *name,
			 const struct removal *removal, struct error *err)
{
	cleanup_strbuf struct strbuf names = STRBUF_INIT;
	size_t n_names = list_names(store, index, removal, &names);

	if (!removal->by_name && n_names > 1) {
		(void)error_set(err, EBUSY, "image \"%s\" has several names: %s", name,
				names.buf);
		return error_hint(err,
				  "remove it by one of its names, or all of them with --force");
	}
	/* As long as another name stays, so does the image. */
	if (removal->by_name && n_names > 1)
		return 0;
	return check_unused(store, &removal->id, name, err);
}

static void remove_entry(struct index *index, const struct oci_descriptor *entry,
			 struct strbuf *report)
{
	const char *name = index_entry_name(entry);
	cleanup_free char *full = name ? index_full_name(name) : NULL;

	if (full)
		strbuf_addf(report, "Untagged: %s\n", full);
	index_remove(index, (size_t)(entry - index->document.manifests));
}

static void remove_entries(struct store *store, struct index *index,
			   const struct removal *removal, struct strbuf *report)
{
	/* What entries point to stays where it is; the entries themselves move. */
	const struct oci_descriptor first = *removal->entry;
	const struct removal kept = { .entry = &first,
				      .id = removal->id,
				      .by_name = removal->by_name };

	if (kept.by_name) {
		remove_entry(index, removal->entry, report);
		return;
	}
	for (size_t i = index->document.n_manifests; i > 0; i--)
		if (is_meant(store, &kept, &index->document.manifests[i - 1]))
			remove_entry(index, &index->document.manifests[i - 1], report);
}

static int remove_locked(struct store *store, const char *name, bool force, struct strbuf *report,
			 struct error *err)
{
	cleanup_index struct index index = INDEX_INIT;
	struct removal removal = { .id = { "" } };
	const char *digest;
	int r = index_read(store, &index, err);

	if (r == 0)
		r = image_find(store, &index, name, &removal.entry, err);
	if (r < 0)
		return r;
	digest = removal.entry->digest;
	removal.by_name = index_find(&index, name) != NULL;
	find_id(store, removal.entry, &removal.id);
	r = force ? 0 : check_removal(store, &index, name, &removal, err);
	if (r < 0)
		return r;
	remove_entries(store, &index, &removal, report);
	r = index_write(store, &index, err);
	if (r == 0 && index_count(&index, digest) == 0)
		strbuf_addf(report, "Deleted: %s\n", removal.id.s[0] ? removal.id.s : digest);
	return r;
}

int image_remove(struct store *store, const char *name, bool force, struct strbuf *report,
		 struct error *err)
{
	cleanup_close int lock_fd = store_lock(store, err);

	return lock_fd < 0 ? lock_fd : remove_locked(store, name, force, report, err);
}
