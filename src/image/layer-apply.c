/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-apply.h"

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/layer-entry.h"
#include "image/tree.h"
#include "image/whiteout.h"

const struct layer_limits layer_limits_default = {
	.max_entries = 4 << 20,
	.max_bytes = 1ULL << 40,
	.max_depth = 512,
};

/* Longer names than the kernel resolves in one call. */
enum { MAX_NAME = 4095, MAX_SHOWN = 255 };

struct apply {
	const struct layer_source *source;
	const struct layer_limits *limits;
	struct layer_tree tree;
	struct archive *archive;
	struct layer_stats stats;
	/* A failure of the source, which libarchive only knows as "read failed". */
	struct error source_err;
};

/* --- libarchive -------------------------------------------------------------------- */

static la_ssize_t read_source(struct archive *archive, void *ctx, const void **data)
{
	struct apply *apply = ctx;
	ssize_t n = apply->source->read(apply->source->ctx, data, &apply->source_err);

	if (n < 0)
		archive_set_error(archive, (int)-n, "%s", apply->source_err.msg);
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int archive_failed(struct apply *apply, struct error *err)
{
	const char *text = archive_error_string(apply->archive);

	if (apply->source_err.code != 0) {
		*err = apply->source_err;
		return err->code;
	}
	return error_set(err, EBADMSG, "%s", text ? text : "not a tar archive");
}

static int open_archive(struct apply *apply, struct error *err)
{
	struct archive *archive = archive_read_new();

	apply->archive = archive;
	if (!archive)
		return error_set(err, ENOMEM, "libarchive has no memory for a reader");
	/*
	 * An empty file is an empty layer.  No hdrcharset: 3.6 reads no BINARY, and
	 * in the C locale, where these programs stay, a name that does not convert
	 * comes through as it is, with a warning.
	 */
	if (archive_read_support_format_tar(archive) < ARCHIVE_WARN ||
	    archive_read_support_format_empty(archive) < ARCHIVE_WARN ||
	    archive_read_open(archive, apply, NULL, read_source, NULL) < ARCHIVE_WARN)
		return archive_failed(apply, err);
	return 0;
}

/* A name that is not ASCII is a warning too, and comes through as it is. */
static void tell_warning(struct apply *apply)
{
	const char *text = archive_error_string(apply->archive);
	bool is_name = text && strstr(text, "can't be converted");

	log_message(is_name ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "layer %s: %s",
		    apply->source->name, text ? text : "a damaged header");
}

/* 1 and an entry, 0 at the end. */
static int next_entry(struct apply *apply, struct archive_entry **entry, struct error *err)
{
	int r = archive_read_next_header(apply->archive, entry);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r < ARCHIVE_WARN)
		return archive_failed(apply, err);
	if (r == ARCHIVE_WARN)
		tell_warning(apply);
	return 1;
}

static int pwrite_all(int fd, const char *data, size_t n, off_t offset, struct error *err)
{
	while (n > 0) {
		ssize_t written = pwrite(fd, data, n, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_sys(err, "write", "at offset %lld", (long long)offset);
		data += written;
		offset += written;
		n -= (size_t)written;
	}
	return 0;
}

/* Blocks come with their offsets: what a sparse file skips stays a hole. */
static int write_content(void *ctx, int fd, const struct layer_entry *entry, struct error *err)
{
	struct apply *apply = ctx;
	la_int64_t offset = 0;
	uint64_t end = 0;
	const void *data;
	size_t n;
	int r;

	while ((r = archive_read_data_block(apply->archive, &data, &n, &offset)) != ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			return archive_failed(apply, err);
		r = pwrite_all(fd, data, n, offset, err);
		if (r < 0)
			return r;
		end = (uint64_t)offset + n;
	}
	if (end < entry->size && ftruncate(fd, (off_t)entry->size) < 0)
		return error_sys(err, "ftruncate", "to %llu bytes",
				 (unsigned long long)entry->size);
	return 0;
}

/* Reads on behind the end of the archive, for the sake of the digests. */
static int drain(struct apply *apply, struct error *err)
{
	const void *data;
	ssize_t n;

	do {
		n = apply->source->read(apply->source->ctx, &data, err);
	} while (n > 0);
	return (int)n;
}

/* --- names ------------------------------------------------------------------------- */

static int check_component(const char *component, size_t len, struct error *err)
{
	if (len == 2 && memcmp(component, "..", 2) == 0)
		return error_set(err, EINVAL, "\"..\" in a name is refused");
	if (len > NAME_MAX)
		return error_set(err, ENAMETOOLONG, "a component of %zu bytes is too long", len);
	return 0;
}

/* Strips "/", "./" and doubled slashes: the form that the tree works with. */
static int clean_name(const struct apply *apply, const char *name, char **clean,
		      struct error *err)
{
	cleanup_free char *out = NULL;
	size_t used = 0, depth = 0, len;
	int r;

	if (strlen(name) > MAX_NAME)
		return error_set(err, ENAMETOOLONG, "a name of %zu bytes is too long",
				 strlen(name));
	out = xcalloc(strlen(name) + 1, 1);
	for (; *name; name += len) {
		len = strcspn(name, "/");
		if (len == 0) {
			name++;
			continue;
		}
		r = check_component(name, len, err);
		if (r < 0)
			return r;
		if (len == 1 && *name == '.')
			continue;
		if (++depth > apply->limits->max_depth)
			return error_set(err, ENAMETOOLONG, "deeper than %u directories",
					 apply->limits->max_depth);
		if (used > 0)
			out[used++] = '/';
		memcpy(out + used, name, len);
		used += len;
	}
	*clean = take_ptr(out);
	return 0;
}

/* ".wh." may only start the last component; AUFS's directories are skipped with their content. */
static enum whiteout_kind classify(const char *path)
{
	const char *slash;

	for (; (slash = strchr(path, '/')); path = slash + 1) {
		cleanup_free char *component = xstrndup(path, (size_t)(slash - path));
		enum whiteout_kind kind = whiteout_classify(component);

		if (kind == WHITEOUT_AUFS)
			return kind;
		if (kind != WHITEOUT_NONE)
			return WHITEOUT_BAD;
	}
	return whiteout_classify(path);
}

static int apply_whiteout(struct apply *apply, enum whiteout_kind kind, const char *path,
			  struct error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_free char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
	int r = kind == WHITEOUT_AUFS ? 0 : layer_tree_move_to(&apply->tree, dir, err);

	if (r < 0)
		return r;
	switch (kind) {
	case WHITEOUT_ONE:
		return layer_tree_whiteout(&apply->tree, dir, name + strlen(WHITEOUT_PREFIX), err);
	case WHITEOUT_OPAQUE:
		return layer_tree_opaque(&apply->tree, dir, err);
	case WHITEOUT_AUFS:
		return 0;
	default:
		return error_set(err, EINVAL, "not a whiteout of anything that can have a name");
	}
}

/* --- entries ----------------------------------------------------------------------- */

static size_t take_xattrs(struct archive_entry *from, struct layer_xattr **xattrs)
{
	size_t n = 0, max = (size_t)archive_entry_xattr_reset(from), size;
	const char *name;
	const void *value;

	*xattrs = max ? xcalloc(max, sizeof(**xattrs)) : NULL;
	while (n < max && archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
		if (whiteout_is_overlay_xattr(name))
			continue;
		(*xattrs)[n++] = (struct layer_xattr){
			.name = (char *)name, .value = (void *)value, .size = size
		};
	}
	return n;
}

static int check_type(const struct layer_entry *entry, struct error *err)
{
	if (entry->link_target || S_ISREG(entry->mode) || S_ISDIR(entry->mode) ||
	    S_ISBLK(entry->mode) || S_ISFIFO(entry->mode))
		return 0;
	if (!S_ISCHR(entry->mode))
		return error_set(err, EINVAL, "an unknown type of entry");
	if (entry->rdev == 0)
		return error_set(err, EINVAL, "a character device 0:0 would hide a file instead");
	return 0;
}

static int check_limits(struct apply *apply, const struct layer_entry *entry, struct error *err)
{
	if (!S_ISREG(entry->mode) || entry->link_target)
		return 0;
	if (entry->size > apply->limits->max_bytes - apply->stats.n_bytes)
		return error_set(err, EFBIG, "the layer holds more than %llu bytes",
				 (unsigned long long)apply->limits->max_bytes);
	apply->stats.n_bytes += entry->size;
	return 0;
}

/* libarchive reads the PAX time "-2.5" as -2 and half a second more. */
static struct timespec entry_mtime(struct archive_entry *from)
{
	struct timespec mtime = { archive_entry_mtime(from), archive_entry_mtime_nsec(from) };

	if (mtime.tv_sec < 0 && mtime.tv_nsec > 0) {
		mtime.tv_sec--;
		mtime.tv_nsec = 1000000000 - mtime.tv_nsec;
	}
	return mtime;
}

static int apply_entry(struct apply *apply, struct archive_entry *from, const char *path,
		       struct error *err)
{
	const struct layer_owner *owner = apply->tree.target->owner;
	const char *hard_link = archive_entry_hardlink(from);
	cleanup_free struct layer_xattr *xattrs = NULL;
	cleanup_free char *link_path = NULL;
	struct layer_entry entry = {
		.path = path,
		.mode = archive_entry_mode(from),
		.uid = owner ? owner->uid : (uid_t)archive_entry_uid(from),
		.gid = owner ? owner->gid : (gid_t)archive_entry_gid(from),
		.rdev = makedev((unsigned int)archive_entry_rdevmajor(from),
				(unsigned int)archive_entry_rdevminor(from)),
		.size = archive_entry_size(from) > 0 ? (uint64_t)archive_entry_size(from) : 0,
		.mtime = entry_mtime(from),
	};
	int r = 0;

	if (S_ISSOCK(entry.mode)) {
		if (layer_tree_may_warn(&apply->tree))
			log_warning("%s: %s: a socket was left out", apply->source->name, path);
		return 0;
	}
	if (hard_link) {
		r = clean_name(apply, hard_link, &link_path, err);
		if (r < 0)
			return error_context(err, "hard link to \"%s\"", hard_link);
		entry.link_target = link_path;
		entry.mode &= 07777;
	} else if (S_ISLNK(entry.mode)) {
		entry.link_target = archive_entry_symlink(from);
	}
	r = check_type(&entry, err);
	if (r == 0)
		r = check_limits(apply, &entry, err);
	if (r < 0)
		return r;
	entry.n_xattrs = take_xattrs(from, &xattrs);
	entry.xattrs = xattrs;
	return layer_entry_put(&apply->tree, &entry, write_content, apply, err);
}

static int apply_named(struct apply *apply, struct archive_entry *from, const char *name,
		       struct error *err)
{
	cleanup_free char *path = NULL;
	enum whiteout_kind kind;
	int r;

	if (++apply->stats.n_entries > apply->limits->max_entries)
		return error_set(err, E2BIG, "the layer has more than %llu entries",
				 (unsigned long long)apply->limits->max_entries);
	r = clean_name(apply, name, &path, err);
	if (r < 0)
		return r;
	kind = classify(path);
	if (kind != WHITEOUT_NONE && apply->tree.target->is_archive)
		return error_set(err, EINVAL, "a layer cannot hold a name that starts with \""
				 WHITEOUT_PREFIX "\"");
	return kind == WHITEOUT_NONE ? apply_entry(apply, from, path, err)
				     : apply_whiteout(apply, kind, path, err);
}

static int apply_all(struct apply *apply, struct error *err)
{
	struct archive_entry *entry;
	int r;

	while ((r = next_entry(apply, &entry, err)) > 0) {
		const char *name = archive_entry_pathname(entry);

		if (!name)
			return error_set(err, EBADMSG, "entry %llu has no name",
					 (unsigned long long)apply->stats.n_entries + 1);
		r = apply_named(apply, entry, name, err);
		if (r < 0) {
			cleanup_free char *shown = tree_printable(name);
			bool long_name = strlen(shown) > MAX_SHOWN;

			/* All of it would leave no room for the reason. */
			return error_context(err, "%.*s%s", MAX_SHOWN, shown,
					     long_name ? "..." : "");
		}
	}
	if (r == 0)
		r = layer_tree_finish(&apply->tree, err);
	return r < 0 ? r : drain(apply, err);
}

int layer_apply(const struct layer_source *source, const struct layer_target *target,
		const struct layer_limits *limits, struct layer_stats *stats,
		struct error *err)
{
	struct apply apply = {
		.source = source,
		.limits = limits ? limits : &layer_limits_default,
		.source_err = ERROR_INIT,
	};
	mode_t old_umask = umask(0);
	int r = layer_tree_init(&apply.tree, target, err);

	apply.tree.max_depth = apply.limits->max_depth;
	if (r == 0)
		r = open_archive(&apply, err);
	if (r == 0)
		r = apply_all(&apply, err);
	(void)umask(old_umask);
	layer_tree_release(&apply.tree);
	(void)archive_read_free(apply.archive);
	if (r < 0)
		return error_context(err, "%s %s", target->is_archive ? "archive" : "layer",
				     source->name);
	if (stats)
		*stats = apply.stats;
	return 0;
}
