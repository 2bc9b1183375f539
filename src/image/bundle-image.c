/* SPDX-License-Identifier: Apache-2.0 */
#include "image/bundle-image.h"

#include "base/file.h"
#include "base/mem.h"
#include "image/document.h"
#include "libocispec/field.h"

#define FILE_NAME "image.json"

enum { DOCUMENT_MAX = 1 << 16 };

struct bundle_source {
	const char *image;
	const char *manifest;
};

static const struct oci_field source_fields[] = {
	OCI_STRING(bundle_source, image, "image", OCI_REQUIRED),
	OCI_STRING(bundle_source, manifest, "manifest", OCI_REQUIRED),
};
static const struct oci_object source_object =
	OCI_TABLE("a bundle's image", bundle_source, source_fields);

int bundle_note_image(int dir_fd, const struct image *image, struct error *err)
{
	const struct bundle_source source = { .image = image->name,
					      .manifest = image->manifest_digest.s };
	cleanup_free char *text = NULL;
	size_t len;
	int r = document_write(&source_object, &source, 0, &text, &len, err);

	return r < 0 ? r : file_replace_at(dir_fd, FILE_NAME, text, len, 0644, err);
}

int bundle_load_image(struct store *store, int dir_fd, struct image *image, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_arena arena = OCI_ARENA_INIT;
	struct bundle_source source = { .image = NULL };
	int r = file_read_at(dir_fd, FILE_NAME, DOCUMENT_MAX, &text, err);

	if (r == -ENOENT)
		return error_hint(err, "\"dabba-image unpack\" writes it into the bundle");
	if (r == 0)
		r = document_read(&arena, &source_object, &text, FILE_NAME, &source, err);
	if (r == 0)
		r = image_load(store, source.manifest, image, err);
	if (r == -ENOENT)
		(void)error_set(err, ENOENT, "the image %s (manifest %s) that it was made of is "
				"not in the store %s", source.image, source.manifest, store->path);
	oci_arena_release(&arena);
	return r;
}
