/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-mount.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/build-layer.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/overlay.h"

struct build_mount {
	const char *type;
	const char *target;
	const char *source;
	const char *from;
	const char *id;
	const char *size;
	const char *sharing;
	const char *mode;
	const char *uid;
	const char *gid;
	bool readonly;
	bool readwrite;
	bool required;
};

/* --- reading ----------------------------------------------------------------------- */

static int fail(struct error *err, const char *key, const char *value)
{
	return error_set(err, EINVAL, "\"%s=%s\" is not known", key, value);
}

static int set_field(struct build_mount *mount, const char *key, const char *value,
		     struct error *err)
{
	const struct {
		const char *key;
		const char **field;
	} fields[] = {
		{ "type", &mount->type },     { "target", &mount->target },
		{ "dst", &mount->target },    { "destination", &mount->target },
		{ "source", &mount->source }, { "src", &mount->source },
		{ "from", &mount->from },     { "id", &mount->id },
		{ "size", &mount->size },     { "sharing", &mount->sharing },
		{ "mode", &mount->mode },     { "uid", &mount->uid },
		{ "gid", &mount->gid },
	};
	const struct {
		const char *key;
		bool *field;
	} flags[] = {
		{ "ro", &mount->readonly },   { "readonly", &mount->readonly },
		{ "rw", &mount->readwrite },  { "readwrite", &mount->readwrite },
		{ "required", &mount->required },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (streq(key, fields[i].key) && *value) {
			*fields[i].field = value;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (streq(key, flags[i].key)) {
			if (!streq(value, "") && !streq(value, "true") && !streq(value, "false"))
				return fail(err, key, value);
			*flags[i].field = !streq(value, "false");
			return 0;
		}
	return fail(err, key, value);
}

static int parse(struct build_mount *mount, struct build_stage *stage, const char *text,
		 struct error *err)
{
	cleanup_free char *copy = xstrdup(text);
	int r = 0;

	*mount = (struct build_mount){ .type = "bind" };
	for (char *save = NULL, *part = strtok_r(copy, ",", &save); r == 0 && part;
	     part = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(part, '=');
		const char *value = "";

		if (equals) {
			*equals = '\0';
			value = build_expand(stage, equals + 1, err);
			if (!value)
				return err->code;
		}
		r = set_field(mount, document_strdup(&stage->arena, part), value, err);
	}
	return r;
}

static bool is_number(const char *text, const char *digits)
{
	return !text || (*text && strspn(text, digits) == strlen(text) && strlen(text) <= 9);
}

static int check_values(const struct build_mount *mount, struct error *err)
{
	if (!is_number(mount->mode, "01234567"))
		return fail(err, "mode", mount->mode);
	if (!is_number(mount->uid, "0123456789"))
		return fail(err, "uid", mount->uid);
	if (!is_number(mount->gid, "0123456789"))
		return fail(err, "gid", mount->gid);
	if (mount->sharing && !streq(mount->sharing, "shared") &&
	    !streq(mount->sharing, "private") && !streq(mount->sharing, "locked"))
		return fail(err, "sharing", mount->sharing);
	return 0;
}

static int check(struct build_mount *mount, struct build_stage *stage, struct error *err)
{
	static const char *const types[] = { "bind", "cache", "tmpfs", "secret" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		known |= streq(mount->type, types[i]);
	if (!known) {
		(void)error_set(err, EOPNOTSUPP, "type=%s is not known", mount->type);
		return error_hint(err, "bind, cache, tmpfs and secret are");
	}
	if (streq(mount->type, "secret") && !mount->id && mount->source)
		mount->id = mount->source;
	if (streq(mount->type, "secret") && !mount->id)
		return error_set(err, EINVAL, "a secret needs an id");
	if (streq(mount->type, "secret") && !mount->target) {
		cleanup_free char *target = xasprintf("/run/secrets/%s", mount->id);

		mount->target = document_strdup(&stage->arena, target);
	}
	if (!mount->target)
		return error_set(err, EINVAL, "it has no target");
	mount->target = build_path(stage, mount->target);
	return check_values(mount, err);
}

/* --- what is bound ----------------------------------------------------------------- */

static int digest_bind(struct build_mounts *mounts, struct build_stage *stage,
		       const struct build_mount *mount, struct error *err)
{
	cleanup_source_list struct source_list sources = SOURCE_LIST_INIT;
	cleanup_close int view_fd = -EBADF;
	struct source_root root = { .what = "the context" };
	struct hasher hasher;
	int r;

	if (mount->from) {
		view_fd = build_open_from(stage, mount->from, err);
		if (view_fd < 0)
			return error_context(err, "from=%s", mount->from);
		root.fd = view_fd;
		root.what = mount->from;
	} else {
		root.fd = stage->context_fd;
		root.digests = &stage->digests;
	}
	r = source_find(&root, mount->source ? mount->source : ".", &sources, err);
	hasher_open(&hasher, NULL);
	build_key_add(&hasher, mounts->content.s);
	if (r == 0)
		r = source_digest(&root, &sources.v[0], mount->from != NULL, &hasher, err);
	hasher_finish(&hasher, &mounts->content);
	return r;
}

int build_mount_add(struct build_mounts *mounts, struct build_stage *stage, const char *text,
		    struct error *err)
{
	struct build_mount mount;
	int r = parse(&mount, stage, text, err);

	if (r == 0)
		r = check(&mount, stage, err);
	if (r == 0 && streq(mount.type, "bind"))
		r = digest_bind(mounts, stage, &mount, err);
	if (r < 0)
		return error_context(err, "--mount=%s", text);
	mounts->wanted = xrealloc(mounts->wanted, mounts->n_wanted + 1, sizeof(mount));
	mounts->wanted[mounts->n_wanted++] = mount;
	return 0;
}

/* --- the sources ------------------------------------------------------------------- */

static void add_option(struct build_stage *stage, struct oci_mount *mount, const char *option)
{
	list_add(&stage->arena, &mount->options, &mount->n_options, option);
}

/* The path of what FD is, for a document that has no fds. */
static const char *path_of(struct build_stage *stage, int fd, struct error *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink(path_of_fd(fd).s, path, sizeof(path) - 1);

	if (n < 0) {
		(void)error_sys(err, "readlink", "%s", path_of_fd(fd).s);
		return NULL;
	}
	path[n] = '\0';
	return document_strdup(&stage->arena, path);
}

/* A view of the stage, attached below tmp/ for as long as the command runs. */
static int attach_view(struct build_mounts *mounts, struct build_stage *stage, const char *from,
		       struct error *err)
{
	cleanup_close int fd = build_open_from(stage, from, err);
	struct store_temp temp = store_temp_name();
	cleanup_free char *path = xasprintf("%s/tmp/%s", stage->store->path, temp.name);
	cleanup_close int tree_fd = -EBADF;
	int r;

	if (fd < 0)
		return fd;
	if (mkdir(path, 0700) < 0)
		return error_sys(err, "mkdir", "%s", path);
	strvec_push(&mounts->mounted, path);
	tree_fd = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree_fd < 0)
		return error_sys(err, "open_tree", "%s", from);
	r = overlay_attach(tree_fd, path, err);
	if (r < 0)
		return r;
	fd_close(&tree_fd);
	tree_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_fd < 0 ? error_sys(err, "open", "%s", path) : take_fd(tree_fd);
}

static int open_bind(struct build_mounts *mounts, struct build_stage *stage,
		     const struct build_mount *wanted, struct oci_mount *mount,
		     struct error *err)
{
	cleanup_close int view_fd = -EBADF, fd = -EBADF;

	if (wanted->from) {
		view_fd = attach_view(mounts, stage, wanted->from, err);
		if (view_fd < 0)
			return view_fd;
	}
	fd = path_open(wanted->from ? view_fd : stage->context_fd,
		       wanted->source ? wanted->source : ".", PATH_IN_ROOT, O_PATH, 0, err);
	if (fd < 0)
		return fd;
	mount->type = "bind";
	mount->source = path_of(stage, fd, err);
	add_option(stage, mount, "rbind");
	/* What a command writes there would be lost or, worse, kept: it is read-only. */
	add_option(stage, mount, "ro");
	return mount->source ? 0 : err->code;
}

/* It was checked. */
static uint32_t number(const char *text, int base, uint32_t otherwise)
{
	return text ? (uint32_t)strtoul(text, NULL, base) : otherwise;
}

/* Takes the lock, which *FD holds, until the command has ended. */
static int lock_cache(struct build_mounts *mounts, int *fd, const struct build_mount *wanted,
		      struct error *err)
{
	if (!wanted->sharing || streq(wanted->sharing, "shared"))
		return 0;
	while (flock(*fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return error_sys(err, "flock", "the cache %s", wanted->target);
		if (interrupt_check(err) < 0)
			return err->code;
	}
	mounts->locks = xrealloc(mounts->locks, mounts->n_locks + 1, sizeof(*mounts->locks));
	mounts->locks[mounts->n_locks++] = take_fd(*fd);
	return 0;
}

/* A directory that stays between builds, by its id or else its target. */
static int open_cache(struct build_mounts *mounts, struct build_stage *stage,
		      const struct build_mount *wanted, struct oci_mount *mount,
		      struct error *err)
{
	const char *id = wanted->id ? wanted->id : wanted->target;
	cleanup_free char *path = NULL;
	cleanup_close int fd = -EBADF;
	struct digest digest;
	bool made;

	digest_of(id, strlen(id), &digest);
	path = xasprintf("build/mounts/%s", digest_hex(&digest));
	made = mkdirat(stage->store->fd, path, 0755) == 0;
	fd = openat(stage->store->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open", "%s/%s", stage->store->path, path);
	if (made && (fchown(fd, number(wanted->uid, 10, 0), number(wanted->gid, 10, 0)) < 0 ||
		     fchmod(fd, number(wanted->mode, 8, 0755)) < 0))
		return error_sys(err, "fchown", "%s/%s", stage->store->path, path);
	mount->type = "bind";
	mount->source = path_of(stage, fd, err);
	add_option(stage, mount, "bind");
	add_option(stage, mount, wanted->readonly ? "ro" : "rw");
	return mount->source ? lock_cache(mounts, &fd, wanted, err) : err->code;
}

static void open_tmpfs(struct build_stage *stage, const struct build_mount *wanted,
		       struct oci_mount *mount)
{
	mount->type = "tmpfs";
	mount->source = "tmpfs";
	add_option(stage, mount, "nosuid");
	add_option(stage, mount, "nodev");
	if (wanted->size) {
		cleanup_free char *size = xasprintf("size=%s", wanted->size);

		add_option(stage, mount, size);
	}
}

/* The file of "--secret id=ID,src=FILE"; *PATH stays NULL when there is no such secret. */
static int secret_file(const struct build_stage *stage, const char *id, char **path,
		       struct error *err)
{
	char *const *secret = stage->request->secrets;

	for (; secret && *secret; secret++) {
		cleanup_free char *copy = xstrdup(*secret);
		const char *name = NULL, *file = NULL;

		for (char *save = NULL, *part = strtok_r(copy, ",", &save); part;
		     part = strtok_r(NULL, ",", &save)) {
			if (str_skip_prefix(part, "id="))
				name = part + strlen("id=");
			else if (str_skip_prefix(part, "src="))
				file = part + strlen("src=");
			else if (str_skip_prefix(part, "source="))
				file = part + strlen("source=");
		}
		if (!name || !streq(name, id))
			continue;
		*path = realpath(file ? file : name, NULL);
		return *path ? 0 : error_sys(err, "realpath", "--secret %s", *secret);
	}
	return 0;
}

/* *FOUND is false for a secret that nobody gave and nobody requires. */
static int open_secret(struct build_stage *stage, const struct build_mount *wanted,
		       struct oci_mount *mount, bool *found, struct error *err)
{
	cleanup_free char *file = NULL;
	int r = secret_file(stage, wanted->id, &file, err);

	if (r < 0)
		return r;
	*found = file != NULL;
	if (!file && wanted->required) {
		(void)error_set(err, ENOENT, "the secret %s was not given", wanted->id);
		return error_hint(err, "give it with --secret id=%s,src=FILE", wanted->id);
	}
	if (!file)
		return 0;
	mount->type = "bind";
	mount->source = document_strdup(&stage->arena, file);
	add_option(stage, mount, "bind");
	add_option(stage, mount, "ro");
	return 0;
}

static int open_one(struct build_mounts *mounts, struct build_stage *stage,
		    const struct build_mount *wanted, struct error *err)
{
	struct oci_mount mount = { .destination = wanted->target };
	bool found = true;
	int r = 0;

	if (streq(wanted->type, "bind"))
		r = open_bind(mounts, stage, wanted, &mount, err);
	else if (streq(wanted->type, "cache"))
		r = open_cache(mounts, stage, wanted, &mount, err);
	else if (streq(wanted->type, "secret"))
		r = open_secret(stage, wanted, &mount, &found, err);
	else
		open_tmpfs(stage, wanted, &mount);
	if (r < 0)
		return error_context(err, "--mount=type=%s,target=%s", wanted->type,
				     wanted->target);
	if (!found)
		return 0;
	build_mounts_push(mounts, &mount);
	return 0;
}

void build_mounts_push(struct build_mounts *mounts, const struct oci_mount *mount)
{
	mounts->v = xrealloc(mounts->v, mounts->n + 1, sizeof(*mount));
	mounts->v[mounts->n++] = *mount;
}

int build_mounts_open(struct build_mounts *mounts, struct build_stage *stage,
		      struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < mounts->n_wanted; i++)
		r = open_one(mounts, stage, &mounts->wanted[i], err);
	return r;
}

void build_mounts_release(struct build_mounts *mounts)
{
	struct error ignored = ERROR_INIT;

	for (size_t i = 0; i < mounts->mounted.n; i++) {
		(void)overlay_detach(mounts->mounted.v[i], &ignored);
		(void)rmdir(mounts->mounted.v[i]);
	}
	for (size_t i = 0; i < mounts->n_locks; i++)
		fd_close(&mounts->locks[i]);
	free(mounts->locks);
	free(mounts->wanted);
	free(mounts->v);
	strvec_release(&mounts->mounted);
	*mounts = (struct build_mounts)BUILD_MOUNTS_INIT;
}
