/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "import" is given: a file (or stdin) or a directory in which files are
 * found by name.  A tar archive is never unpacked: its headers are read once
 * (libarchive, tar format only) and its files are read in place.  A compressed
 * archive of images, and stdin, go to an unlinked temporary file first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "image/compress.h"
#include "image/digest.h"
#include "image/layer-stream.h"
#include "image/store.h"

enum image_archive_kind {
	/* While it is compressed: one of the next two. */
	IMAGE_ARCHIVE_SOME_IMAGE,
	/* A list of images in manifest.json. */
	IMAGE_ARCHIVE_DOCKER,
	/* An OCI layout, in a tar archive or a directory. */
	IMAGE_ARCHIVE_OCI,
	/* Neither: the files of a root file system. */
	IMAGE_ARCHIVE_ROOTFS,
};

struct image_archive_member {
	/* Without "./" and "/" before it. */
	char *name;
	/* The name this is a link to, from the archive's root; or NULL. */
	char *target;
	uint64_t offset;
	uint64_t size;
	bool is_sparse;
};

struct image_archive {
	/* What messages call it. */
	const char *path;
	enum image_archive_kind kind;
	/* docker-archive files are there as well: docker 25 and later write both. */
	bool has_docker_manifest;
	/* The tar file; when is_directory, the directory. */
	int fd;
	bool is_directory;
	/* Of the whole file: for a root file system the file is the layer. */
	uint64_t size;
	struct image_archive_member *members;
	size_t n_members;
};

#define IMAGE_ARCHIVE_INIT { .fd = -EBADF }

/* PATH "-" is stdin. STORE has the place for temporary files. */
int image_archive_open(struct image_archive *archive, struct store *store, const char *path,
		       struct error *err);
void image_archive_close(struct image_archive *archive);
#define cleanup_image_archive __attribute__((cleanup(image_archive_close)))

struct image_archive_file {
	struct file_region region;
	/* When it had to be opened for this; else -EBADF. */
	int owned_fd;
};

#define IMAGE_ARCHIVE_FILE_INIT { .owned_fd = -EBADF }

/* Finds NAME; links are followed inside the archive. -ENOENT names the archive and the file. */
int image_archive_find(const struct image_archive *archive, const char *name,
		       struct image_archive_file *file, struct error *err);
void image_archive_file_release(struct image_archive_file *file);
#define cleanup_image_archive_file __attribute__((cleanup(image_archive_file_release)))

/* Appends the whole document NAME (BLOB_DOCUMENT_MAX at most) to SB. */
int image_archive_read_document(const struct image_archive *archive, const char *name,
				struct strbuf *sb, struct error *err);

/* The same for a blob of an OCI layout: size (-1: any), then digest, checked. */
int image_archive_read_blob(const struct image_archive *archive, const struct digest *digest,
			    int64_t size, struct strbuf *sb, struct error *err);

/* "blobs/sha256/<hex>": where an OCI layout has it. The caller's to free(). */
char *image_archive_blob_name(const struct digest *digest);
