/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive of images: its index, and every file that it names.  What the bytes are
 * compressed with is found out as import does it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "image/archive-index.h"
#include "image/archive.h"
#include "image/blob.h"
#include "image/compress.h"
#include "tests/fuzz/fuzz.h"

/* Found, it lies within the file and can be read. */
static void check_member(const struct image_archive *archive, const char *name)
{
	struct image_archive_file file;
	struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;

	if (image_archive_find(archive, name, &file, &err) < 0) {
		DEMAND(err.msg[0]);
		return;
	}
	DEMAND(file.region.offset <= archive->size);
	DEMAND(file.region.size <= archive->size - file.region.offset);
	if (file.region.size <= BLOB_DOCUMENT_MAX)
		DEMAND(image_archive_read_document(archive, name, &text, &err) == 0);
	strbuf_release(&text);
	image_archive_file_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_archive archive = IMAGE_ARCHIVE_INIT;
	enum compression compression = compression_sniff(data, size);
	struct error err = ERROR_INIT;
	uint8_t *tar = fuzz_seal_tar(data, size);
	size_t n;

	archive.path = "fuzz";
	archive.size = size;
	archive.fd = memfd_create("fuzz", MFD_CLOEXEC);
	DEMAND(archive.fd >= 0);
	DEMAND(write(archive.fd, tar, size) == (ssize_t)size);
	if (image_archive_index(&archive, compression, &err) < 0)
		DEMAND(err.msg[0]);
	else if (compression == COMPRESSION_NONE)
		for (n = 0; n < archive.n_members; n++)
			check_member(&archive, archive.members[n].name);
	image_archive_close(&archive);
	free(tar);
	return 0;
}
