/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tar-write.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/mem.h"

/* What libarchive gathers before it calls us. */
enum { BUFFER_SIZE = 1 << 20 };

struct tar_writer {
	struct archive *archive;
	struct archive_entry *entry;
	tar_output_fn output;
	void *ctx;
	/* A failure of the output, which libarchive only knows as "write failed". */
	struct error output_err;
	/* Nobody wants the rest. */
	bool discard;
};

static la_ssize_t write_output(struct archive *archive, void *ctx, const void *data, size_t n)
{
	struct tar_writer *writer = ctx;
	int r = writer->discard ? 0 : writer->output(writer->ctx, data, n, &writer->output_err);

	if (r < 0)
		archive_set_error(archive, -r, "%s", writer->output_err.msg);
	return r < 0 ? ARCHIVE_FATAL : (la_ssize_t)n;
}

/* A warning means a header that says less than it should: not here. */
static int check(struct tar_writer *writer, int r, struct error *err)
{
	if (r >= ARCHIVE_OK)
		return 0;
	if (writer->output_err.code != 0) {
		*err = writer->output_err;
		return err->code;
	}
	return error_set(err, EINVAL, "%s", archive_error_string(writer->archive));
}

int tar_writer_new(tar_output_fn output, void *ctx, struct tar_writer **writer_out,
		   struct error *err)
{
	struct tar_writer *writer = xcalloc(1, sizeof(*writer));
	int r;

	writer->output = output;
	writer->ctx = ctx;
	writer->archive = archive_write_new();
	writer->entry = archive_entry_new();
	*writer_out = writer;
	if (!writer->archive || !writer->entry)
		return error_set(err, ENOMEM, "libarchive has no memory for a writer");
	r = archive_write_set_format_pax_restricted(writer->archive);
	if (r == ARCHIVE_OK)
		r = archive_write_set_options(writer->archive, "xattrheader=SCHILY");
	if (r == ARCHIVE_OK)
		r = archive_write_set_bytes_per_block(writer->archive, BUFFER_SIZE);
	if (r == ARCHIVE_OK)
		r = archive_write_set_bytes_in_last_block(writer->archive, 1);
	if (r == ARCHIVE_OK)
		r = archive_write_open(writer->archive, writer, NULL, write_output, NULL);
	return check(writer, r, err);
}

static bool is_ascii(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s > 0x7f)
			return false;
	return true;
}

/*
 * In the C locale, where these programs stay, libarchive warns of other names
 * and writes them as they are, marked by "hdrcharset=BINARY".  (To ask for
 * that mark right away would put it onto every entry.)
 */
static int write_header(struct tar_writer *writer, const struct layer_entry *from,
			struct error *err)
{
	int r = archive_write_header(writer->archive, writer->entry);

	if (r == ARCHIVE_WARN && !(is_ascii(from->path) && is_ascii(from->link_target)))
		return 0;
	return check(writer, r, err);
}

int tar_writer_add(struct tar_writer *writer, const struct layer_entry *from, struct error *err)
{
	struct archive_entry *entry = archive_entry_clear(writer->entry);
	bool hard_link = from->link_target && !S_ISLNK(from->mode);

	archive_entry_copy_pathname(entry, from->path);
	archive_entry_set_mode(entry, hard_link ? S_IFREG | (from->mode & 07777) : from->mode);
	archive_entry_set_uid(entry, from->uid);
	archive_entry_set_gid(entry, from->gid);
	archive_entry_set_mtime(entry, from->mtime.tv_sec, 0);
	archive_entry_set_size(entry, S_ISREG(from->mode) && !hard_link ? (la_int64_t)from->size
									: 0);
	if (hard_link)
		archive_entry_copy_hardlink(entry, from->link_target);
	else if (from->link_target)
		archive_entry_copy_symlink(entry, from->link_target);
	if (S_ISCHR(from->mode) || S_ISBLK(from->mode)) {
		archive_entry_set_rdevmajor(entry, major(from->rdev));
		archive_entry_set_rdevminor(entry, minor(from->rdev));
	}
	/* libarchive writes the list backwards. */
	for (size_t i = from->n_xattrs; i-- > 0;)
		archive_entry_xattr_add_entry(entry, from->xattrs[i].name, from->xattrs[i].value,
					      from->xattrs[i].size);
	return write_header(writer, from, err);
}

int tar_writer_data(struct tar_writer *writer, const void *data, size_t n, struct error *err)
{
	la_ssize_t written = archive_write_data(writer->archive, data, n);

	return check(writer, written < 0 ? (int)written : ARCHIVE_OK, err);
}

int tar_writer_finish(struct tar_writer *writer, struct error *err)
{
	return check(writer, archive_write_close(writer->archive), err);
}

void tar_writer_free(struct tar_writer **writer_p)
{
	struct tar_writer *writer = take_ptr(*writer_p);

	if (!writer)
		return;
	/* An unfinished archive is finished now, by libarchive's own rules. */
	writer->discard = true;
	(void)archive_write_free(writer->archive);
	archive_entry_free(writer->entry);
	free(writer);
}
