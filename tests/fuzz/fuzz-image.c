/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of an image: the first byte says which one, the rest is it.  What
 * the image's config asks for becomes a config.json.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "image/bundle.h"
#include "image/manifest.h"
#include "image/platform.h"
#include "libocispec/image.h"
#include "tests/fuzz/fuzz.h"

static const struct oci_object *const documents[] = {
	&oci_layout_object,	  &oci_descriptor_object,	&oci_index_object,
	&oci_manifest_object,	  &oci_image_config_object,	&oci_image_run_config_object,
	&oci_docker_image_object,
};

static void check_index(struct oci_arena *arena, struct strbuf *text)
{
	struct oci_index index;
	struct error err = ERROR_INIT;

	if (manifest_parse_index(arena, text, "index", &index, &err) < 0) {
		DEMAND(err.msg[0]);
		return;
	}
	for (size_t i = 0; i < index.n_manifests; i++)
		(void)platform_fits(index.manifests[i].platform);
}

static void check_manifest(struct oci_arena *arena, struct strbuf *text)
{
	struct oci_manifest manifest;
	struct error err = ERROR_INIT;

	if (manifest_parse(arena, text, "manifest", NULL, &manifest, &err) < 0)
		DEMAND(err.msg[0]);
}

static void check_config(struct oci_arena *arena, const struct oci_image_config *image)
{
	struct bundle_request request = { .image = image, .rootfs = "rootfs" };
	struct digest *diff_ids = NULL, *chain_ids = NULL;
	struct oci_config config = { 0 };
	struct error err = ERROR_INIT;

	if (manifest_chain(arena, image, "config", 1, &diff_ids, &chain_ids, &err) < 0)
		DEMAND(err.msg[0]);
	error_clear(&err);
	/* A root that is empty: no user or group has a name there. */
	request.rootfs_fd = open("/proc/self/fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	DEMAND(request.rootfs_fd >= 0);
	if (bundle_convert(&request, arena, &config, &err) < 0)
		DEMAND(err.msg[0]);
	(void)close(request.rootfs_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct strbuf text = STRBUF_INIT;
	const struct oci_object *table;
	void *object;

	if (size == 0)
		return 0;
	table = documents[data[0] % (sizeof(documents) / sizeof(documents[0]))];
	data++, size--;
	object = fuzz_document(&arena, table, data, size);
	strbuf_add(&text, (const char *)data, size);
	if (table == &oci_index_object)
		check_index(&arena, &text);
	else if (table == &oci_manifest_object)
		check_manifest(&arena, &text);
	else if (table == &oci_image_config_object && object)
		check_config(&arena, object);
	strbuf_release(&text);
	oci_arena_release(&arena);
	return 0;
}
