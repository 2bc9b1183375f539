/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of an archive as a confined process makes it and its parent takes it: a
 * header, then one record for each member with its texts behind it.  Nothing in it is
 * believed that could lead out of the bytes or of the file.
 */
#include "image/archive-index.h"

#include <string.h>

#include "base/mem.h"
#include "image/confine.h"

struct packed_index {
	enum image_archive_kind kind;
	bool has_docker_manifest;
	uint64_t n_members;
};

struct packed_member {
	uint64_t offset;
	uint64_t size;
	bool is_sparse;
	bool has_target;
	/* Without the NUL, which follows too. */
	uint64_t name_len;
	uint64_t target_len;
};

static void pack_member(const struct image_archive_member *member, struct strbuf *out)
{
	const struct packed_member packed = {
		.offset = member->offset,
		.size = member->size,
		.is_sparse = member->is_sparse,
		.has_target = member->target,
		.name_len = strlen(member->name),
		.target_len = member->target ? strlen(member->target) : 0,
	};

	strbuf_add(out, &packed, sizeof(packed));
	strbuf_add(out, member->name, packed.name_len + 1);
	if (member->target)
		strbuf_add(out, member->target, packed.target_len + 1);
}

struct job {
	struct image_archive *archive;
	enum compression compression;
};

static int work(void *ctx, struct strbuf *result, struct error *err)
{
	const struct job *job = ctx;
	const struct image_archive *archive = job->archive;
	struct packed_index packed;
	int r = image_archive_index(job->archive, job->compression, err);

	if (r < 0)
		return r;
	packed = (struct packed_index){ archive->kind, archive->has_docker_manifest,
					archive->n_members };
	strbuf_add(result, &packed, sizeof(packed));
	for (size_t i = 0; i < archive->n_members; i++)
		pack_member(&archive->members[i], result);
	return 0;
}

/* What is left of the bytes. */
struct rest {
	const char *bytes;
	size_t n;
};

static bool take(struct rest *rest, void *out, size_t n)
{
	if (rest->n < n)
		return false;
	memcpy(out, rest->bytes, n);
	rest->bytes += n;
	rest->n -= n;
	return true;
}

static char *take_text(struct rest *rest, uint64_t len)
{
	const char *text = rest->bytes;

	if (len >= rest->n || text[len] != '\0' || strlen(text) != len)
		return NULL;
	rest->bytes += len + 1;
	rest->n -= len + 1;
	return xstrdup(text);
}

static bool unpack_member(struct rest *rest, struct image_archive_member *member)
{
	struct packed_member packed;

	if (!take(rest, &packed, sizeof(packed)))
		return false;
	member->offset = packed.offset;
	member->size = packed.size;
	member->is_sparse = packed.is_sparse;
	member->name = take_text(rest, packed.name_len);
	if (member->name && packed.has_target)
		member->target = take_text(rest, packed.target_len);
	return member->name && (member->target || !packed.has_target);
}

static bool unpack(struct rest *rest, struct image_archive *archive)
{
	struct packed_index packed;

	if (!take(rest, &packed, sizeof(packed)) || packed.kind > IMAGE_ARCHIVE_ROOTFS ||
	    packed.n_members > rest->n / sizeof(struct packed_member))
		return false;
	archive->kind = packed.kind;
	archive->has_docker_manifest = packed.has_docker_manifest;
	archive->members = xcalloc(packed.n_members + 1, sizeof(*archive->members));
	while (archive->n_members < packed.n_members)
		if (!unpack_member(rest, &archive->members[archive->n_members++]))
			return false;
	return rest->n == 0;
}

int image_archive_index_confined(struct image_archive *archive, enum compression compression,
				 struct error *err)
{
	struct job job = { .archive = archive, .compression = compression };
	const struct confinement confinement = {
		.name = archive->path,
		.write_dir = -EBADF,
		.read_dir = -EBADF,
		.fds = { archive->fd, -EBADF, -EBADF, -EBADF },
	};
	cleanup_strbuf struct strbuf result = STRBUF_INIT;
	int r = confine_run(&confinement, work, &job, &result, err);

	if (r < 0)
		return r;
	if (!unpack(&(struct rest){ result.buf, result.len }, archive))
		return error_set(err, EIO, "%s: the process that read it told nonsense",
				 archive->path);
	return 0;
}
