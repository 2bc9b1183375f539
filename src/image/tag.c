/* SPDX-License-Identifier: Apache-2.0 */
#include "image/manage.h"

#include "base/fd.h"
#include "base/mem.h"
#include "image/image.h"
#include "image/index.h"
#include "image/ref.h"
#include "libocispec/image.h"

int image_tag(struct store *store, const char *source, const char *target, struct error *err)
{
	cleanup_free char *name = image_ref_normalize(target, err);
	cleanup_index struct index index = INDEX_INIT;
	cleanup_close int lock_fd = -EBADF;
	const struct oci_descriptor *entry;
	int r;

	if (!name)
		return err->code;
	lock_fd = store_lock(store, err);
	if (lock_fd < 0)
		return lock_fd;
	r = index_read(store, &index, err);
	if (r == 0)
		r = image_find(store, &index, source, &entry, err);
	if (r < 0)
		return r;
	index_add(&index, entry, name);
	return index_write(store, &index, err);
}
