/* SPDX-License-Identifier: Apache-2.0 */
#include "image/import.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/blob.h"
#include "image/collect.h"
#include "image/image.h"
#include "image/import-kinds.h"
#include "image/index.h"
#include "image/layer-pack.h"
#include "image/layer-store.h"
#include "image/manifest.h"
#include "image/progress.h"
#include "image/ref.h"

/* Whether the store has the blob, whole, and the layer unpacked upon that chain. */
static bool is_stored(struct import *import, const struct import_layer *layer,
		      const struct digest *blob)
{
	cleanup_close int fd = -EBADF;
	struct error ignored = ERROR_INIT;
	struct digest chain_id;

	if (!layer->diff_id)
		return false;
	fd = blob_open(import->store, blob, layer->size, &ignored);
	if (fd < 0 || import->request->packed)
		return fd >= 0;
	fd_close(&fd);
	digest_chain(layer->n_chain ? &layer->chain[layer->n_chain - 1] : NULL, layer->diff_id,
		     &chain_id);
	fd = layer_open(import->store, &chain_id, &ignored);
	return fd >= 0;
}

/* Describes the blob that is there. */
static int describe_stored(struct store *store, const struct digest *blob, int64_t size,
			   struct oci_descriptor *descriptor, struct error *err)
{
	cleanup_close int fd = blob_open(store, blob, size, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return error_sys(err, "stat", "blob %s", blob->s);
	descriptor->media_type = OCI_MEDIA_TYPE_LAYER;
	descriptor->size = st.st_size;
	return 0;
}

/*
 * Other tools go by what the bytes are, and so do we, aloud.  xz is none of
 * what a manifest can name, so that others could not read the layer.
 */
static int check_compression(const struct import *import, const struct import_layer *layer,
			     const struct file_region *region, struct error *err)
{
	enum compression promised, found;
	uint8_t magic[COMPRESSION_MAGIC_LEN];
	ssize_t n;

	if (!layer->media_type)
		return 0;
	n = pread(region->fd, magic, sizeof(magic), (off_t)region->offset);
	if (n < 0)
		return error_sys(err, "read", "%s: %s", import->archive.path, layer->file);
	promised = media_type_compression(layer->media_type);
	found = compression_sniff(magic, (size_t)n);
	if (found == COMPRESSION_XZ)
		return error_set(err, EINVAL, "%s: layer %s is compressed with xz, but its "
				 "mediaType is %s", import->archive.path, layer->file,
				 layer->media_type);
	if (found != promised)
		log_warning("%s: layer %s is compressed with %s, but its mediaType is %s",
			    import->archive.path, layer->file, compression_name(found),
			    layer->media_type);
	return 0;
}

static int store_layer(struct import *import, const struct layer_import *layer,
		       struct layer_digests *digests, struct error *err)
{
	struct packing packing = import->request->packing;

	if (!import->request->packed)
		return layer_import(import->store, layer, digests, err);
	packing.recompress = packing.recompress && !layer->blob;
	return layer_pack(import->store, layer, &packing, digests, err);
}

int import_layer(struct import *import, const struct import_layer *layer, struct digest *digest,
		 struct oci_descriptor *descriptor, struct error *err)
{
	cleanup_image_archive_file struct image_archive_file file = IMAGE_ARCHIVE_FILE_INIT;
	/* A docker-archive's layer is mostly plain: then its blob is called by the diffID. */
	const struct digest *blob = layer->blob ? layer->blob : layer->diff_id;
	struct layer_digests digests;
	int r;

	*descriptor = (struct oci_descriptor){ .digest = digest->s };
	if (is_stored(import, layer, blob)) {
		*digest = *blob;
		progress_skip("layer", blob->s);
		return describe_stored(import->store, blob, layer->size, descriptor, err);
	}
	r = image_archive_find(&import->archive, layer->file, &file, err);
	if (r < 0)
		return r;
	if (layer->size >= 0 && file.region.size != (uint64_t)layer->size)
		return error_set(err, EBADMSG,
				 "%s: layer %s has %" PRIu64 " bytes, but %" PRId64
				 " were promised",
				 import->archive.path, layer->file, file.region.size,
				 layer->size);
	r = check_compression(import, layer, &file.region, err);
	if (r < 0)
		return r;
	progress_begin("layer", blob ? blob->s : layer->file, file.region.size);
	r = store_layer(import,
			&(struct layer_import){
				.region = file.region,
				.name = layer->file,
				.blob = layer->blob,
				.diff_id = layer->diff_id,
				.chain = layer->chain,
				.n_chain = layer->n_chain,
				.keeps_blob = true,
			},
			&digests, err);
	progress_end();
	if (r < 0)
		return error_context(err, "%s", import->archive.path);
	*digest = digests.blob;
	descriptor->media_type = compression_media_type(digests.compression);
	descriptor->size = (int64_t)digests.blob_size;
	return 0;
}

int import_finish(struct import *import, const struct oci_descriptor *descriptor,
		  const struct strvec *names, const struct digest *id, struct error *err)
{
	cleanup_strvec struct strvec wanted = STRVEC_INIT;
	int r;

	if (import->request->name)
		strvec_push(&wanted, import->request->name);
	else
		strvec_pushv(&wanted, names->v);
	r = image_name_manifest(import->store, descriptor, &wanted, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < wanted.n; i++)
		strvec_push_take(import->imported, index_full_name(wanted.v[i]));
	if (wanted.n == 0)
		strvec_push(import->imported, id->s);
	return 0;
}

static int check_name(const char *name, struct error *err)
{
	cleanup_image_ref struct image_ref ref = IMAGE_REF_INIT;

	return name ? image_ref_parse(name, &ref, err) : 0;
}

static int import_any(struct import *import, struct error *err)
{
	static int (*const kinds[])(struct import *, struct error *) = {
		[IMAGE_ARCHIVE_DOCKER] = import_docker,
		[IMAGE_ARCHIVE_OCI] = import_oci,
		[IMAGE_ARCHIVE_ROOTFS] = import_rootfs,
	};
	int r = image_archive_open(&import->archive, import->store, import->request->path, err);

	if (r < 0)
		return r;
	r = kinds[import->archive.kind](import, err);
	image_archive_close(&import->archive);
	return r;
}

int image_import(struct store *store, const struct import_request *request,
		 struct strvec *imported, struct error *err)
{
	struct import import = { .store = store, .request = request, .imported = imported };
	struct error ignored = ERROR_INIT;
	bool busy;
	int r = check_name(request->name, err);

	if (r < 0)
		return r;
	r = import_any(&import, err);
	if (r == 0)
		return 0;
	if (err->code == -ENOSPC || err->code == -EDQUOT)
		(void)error_hint(err,
				 "free some space on the file system of %s, or choose another "
				 "store with --root",
				 store->path);
	/* The layers before the one that failed are in the store, and nobody's. */
	(void)store_collect(store, NULL, &busy, &ignored);
	return err->code;
}
