/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/document.h"
#include "libocispec/field.h"

/* record.json. */
struct record_document {
	const char *chain_id;
	const char *diff_id;
	const char *parent;
	uint64_t size;
};

static const struct oci_field record_fields[] = {
	OCI_STRING(record_document, chain_id, "chainID", OCI_REQUIRED),
	OCI_STRING(record_document, diff_id, "diffID", OCI_REQUIRED),
	OCI_STRING(record_document, parent, "parent", 0),
	OCI_U64(record_document, size, "size", OCI_ALWAYS),
};

static const struct oci_object record_object = OCI_TABLE("layer record", record_document,
							 record_fields);

enum { RECORD_MAX = 4096 };

static int write_record(struct store *store, int dfd, const struct layer_record *record,
			struct error *err)
{
	struct record_document document = {
		.chain_id = record->chain_id.s,
		.diff_id = record->diff_id.s,
		.parent = record->parent.s[0] ? record->parent.s : NULL,
		.size = record->size,
	};
	cleanup_free char *text = NULL;
	size_t len;
	int r = document_write(&record_object, &document, 0, &text, &len, err);

	return r < 0 ? r : store_replace(store, dfd, "record.json", text, len, err);
}

/* An fd of the layer's directory, made if missing. */
static int make_layer_dir(struct store *store, const struct digest *chain_id, struct error *err)
{
	const char *name = digest_hex(chain_id);
	int fd;

	if (mkdirat(store->layers_fd, name, 0700) < 0 && errno != EEXIST)
		return error_sys(err, "mkdir", "%s/layers/%s", store->path, name);
	fd = openat(store->layers_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open", "%s/layers/%s", store->path, name);
	return fd;
}

int layer_record_put(struct store *store, const struct layer_record *record, struct error *err)
{
	cleanup_close int fd = make_layer_dir(store, &record->chain_id, err);

	return fd < 0 ? fd : write_record(store, fd, record, err);
}

static int parse_record(const struct strbuf *text, const char *name, struct layer_record *record,
			struct error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct record_document document = { .chain_id = NULL };
	int r = document_read(&arena, &record_object, text, name, &document, err);

	*record = (struct layer_record){ .size = 0 };
	if (r == 0)
		r = digest_parse(document.chain_id, &record->chain_id, err);
	if (r == 0)
		r = digest_parse(document.diff_id, &record->diff_id, err);
	if (r == 0 && document.parent)
		r = digest_parse(document.parent, &record->parent, err);
	record->size = document.size;
	oci_arena_release(&arena);
	return r < 0 ? error_context(err, "%s", name) : 0;
}

int layer_record_get(struct store *store, const struct digest *chain_id,
		     struct layer_record *record, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/record.json", digest_hex(chain_id));
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = file_read_at(store->layers_fd, path, RECORD_MAX, &text, err);

	return r < 0 ? r : parse_record(&text, path, record, err);
}

int layer_open(const struct store *store, const struct digest *chain_id, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/fs", digest_hex(chain_id));
	int fd = openat(store->layers_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open", "%s/layers/%s", store->path, path);
	return fd;
}

char *layer_path(struct store *store, const struct digest *chain_id)
{
	return xasprintf("%s/layers/%s/fs", store->path, digest_hex(chain_id));
}

int layer_put(struct store *store, const struct layer_record *record, int dir_fd,
	      const char *name, struct error *err)
{
	cleanup_close int layer_fd = make_layer_dir(store, &record->chain_id, err);
	int r = layer_fd < 0 ? layer_fd : write_record(store, layer_fd, record, err);

	if (r < 0)
		return r;
	/* Somebody else may have unpacked the same layer in the meantime. */
	if (renameat(dir_fd, name, layer_fd, "fs") < 0 && errno != ENOTEMPTY && errno != EEXIST)
		return error_sys(err, "rename", "to %s/layers/%s/fs", store->path,
				 digest_hex(&record->chain_id));
	return 0;
}

int layer_draft_open(struct layer_draft *draft, struct store *store, struct error *err)
{
	*draft = (struct layer_draft)LAYER_DRAFT_INIT;
	draft->store = store;
	draft->temp = store_temp_name();
	if (mkdirat(store->tmp_fd, draft->temp.name, 0755) < 0)
		return error_sys(err, "mkdir", "%s/tmp/%s", store->path, draft->temp.name);
	draft->fd = openat(store->tmp_fd, draft->temp.name,
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (draft->fd < 0)
		return error_sys(err, "open", "%s/tmp/%s", store->path, draft->temp.name);
	/* Whatever the umask: it is the root directory of a container. */
	if (fchmod(draft->fd, 0755) < 0)
		return error_sys(err, "fchmod", "%s/tmp/%s", store->path, draft->temp.name);
	return 0;
}

int layer_draft_commit(struct layer_draft *draft, const struct layer_record *record,
		       struct error *err)
{
	return layer_put(draft->store, record, draft->store->tmp_fd, draft->temp.name, err);
}

void layer_draft_abort(struct layer_draft *draft)
{
	struct error ignored = ERROR_INIT;

	if (draft->fd < 0)
		return;
	fd_close(&draft->fd);
	(void)file_remove_tree_at(draft->store->tmp_fd, draft->temp.name, &ignored);
}
