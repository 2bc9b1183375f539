/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "libocispec/field.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/write.h"
#include "linux/document.h"

enum { MAX_STATE = 1024 * 1024, MAX_CONFIG = 16 * 1024 * 1024, MAX_ID = 255 };

/* clang-format off */
static const struct oci_field record_fields[] = {
	OCI_STRING(container_record, oci_version, "ociVersion", OCI_REQUIRED),
	OCI_STRING(container_record, id, "id", OCI_REQUIRED),
	OCI_I64(container_record, pid, "pid", OCI_ALWAYS),
	OCI_U64(container_record, pid_start_time, "pidStartTime", OCI_ALWAYS),
	OCI_U64(container_record, pid_mark.inode, "pidInode", 0),
	OCI_I64(container_record, pid_mark.time, "pidInodeTime", 0),
	OCI_U32(container_record, ignored_signals, "ignoredSignals", 0),
	OCI_STRING(container_record, bundle, "bundle", OCI_REQUIRED),
	OCI_STRING(container_record, rootfs, "rootfs", 0),
	OCI_STRING(container_record, created, "created", 0),
	OCI_STRING(container_record, cgroup_path, "cgroupPath", 0),
	OCI_STRING(container_record, cgroup_driver, "cgroupDriver", 0),
	OCI_STRING(container_record, rdt_group, "rdtGroup", 0),
	OCI_STRING(container_record, rdt_monitor, "rdtMonitor", 0),
	OCI_BOOL(container_record, rdt_group_is_ours, "rdtGroupIsOurs", 0),
	OCI_U32(container_record, owner, "owner", OCI_ALWAYS),
	OCI_STRING_MAP(container_record, annotations, "annotations", 0),
};
/* clang-format on */

static const struct oci_object record_object =
	OCI_TABLE("container state", container_record, record_fields);

int store_check_id(const char *id, struct error *err)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_+-.";
	size_t n = strlen(id);

	if (n > 0 && n <= MAX_ID && id[0] != '.' && strspn(id, allowed) == n)
		return 0;
	(void)error_set(err, EINVAL, "invalid container ID format: \"%.300s\"", id);
	return error_hint(err, "up to %d letters, digits and \"_+-.\", not starting with \".\"",
			  MAX_ID);
}

static int make_root(const char *root, struct error *err)
{
	cleanup_free char *path = xstrdup(root);

	for (char *p = path + 1; *path; p++) {
		char here = *p;

		if (here != '/' && here != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return error_file(err, "mkdir", path);
		if (here == '\0')
			break;
		*p = here;
	}
	return 0;
}

static int open_root(const char *root, bool create, struct error *err)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && create) {
		int r = make_root(root, err);

		if (r < 0)
			return r;
		fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? error_sys(err, "open", "the state root %s", root) : fd;
}

int store_create(struct container *c, const char *root, const char *id, struct error *err)
{
	int root_fd = c->root_fd = open_root(root, true, err);

	if (root_fd < 0)
		return root_fd;
	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno != EEXIST)
			return error_sys(err, "mkdir", "%s/%s", root, id);
		(void)error_set(err, EEXIST, "container with given ID already exists: \"%s\"", id);
		return error_hint(err, "choose another id, or delete that container first");
	}
	c->dir_fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dir_fd < 0) {
		(void)error_sys(err, "open", "%s/%s", root, id);
		(void)unlinkat(root_fd, id, AT_REMOVEDIR);
		return err->code;
	}
	c->id = xstrdup(id);
	return container_lock(c, true, err);
}

int store_save(struct container *c, struct error *err)
{
	struct oci_error oci_err = OCI_ERROR_INIT;
	cleanup_free char *text = NULL;
	size_t len;

	if (oci_write(&record_object, &c->record, 0, &text, &len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return file_replace_at(c->dir_fd, "state.json", text, len, 0600, err);
}

int store_remove(const struct container *c, const char *root, struct error *err)
{
	static const char *const files[] = { "state.json", "config.json" };
	cleanup_close int opened_fd = c->root_fd < 0 ? open_root(root, false, err) : -EBADF;
	int root_fd = c->root_fd < 0 ? opened_fd : c->root_fd;

	if (root_fd < 0)
		return root_fd == -ENOENT ? 0 : root_fd;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlinkat(c->dir_fd, files[i], 0);
	if (unlinkat(root_fd, c->id, AT_REMOVEDIR) == 0)
		return 0;
	/* Never started, or what a killed create left. */
	return file_remove_tree_at(root_fd, c->id, err);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int store_list(const char *root, struct strvec *ids, struct error *err)
{
	struct error ignored = ERROR_INIT;
	struct dirent *entry;
	DIR *dir = opendir(root);

	if (!dir)
		return errno == ENOENT ? 0 : error_file(err, "opendir", root);
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && store_check_id(entry->d_name, &ignored) == 0)
			strvec_push(ids, entry->d_name);
	(void)closedir(dir);
	qsort(ids->v, ids->n, sizeof(*ids->v), compare_names);
	return 0;
}

/* What PATH below DFD says. */
static int read_record_at(struct container *c, int dfd, const char *path, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	int r = file_read_small_at(dfd, path, MAX_STATE, &text, err);

	if (r == 0 && oci_read(&c->arena, &record_object, text.buf, text.len, "state.json",
			       &c->record, &oci_err) < 0)
		r = error_from_oci(err, &oci_err);
	return r;
}

static int read_record(struct container *c, const char *root, struct error *err)
{
	int r = read_record_at(c, c->dir_fd, "state.json", err);

	if (r == -ENOENT) {
		/* Create is at work, or was killed: what there is can still be deleted. */
		c->record.id = c->id;
		c->record.bundle = "";
		c->record.oci_version = "1.0.0";
		return 0;
	}
	return r < 0 ? error_context(err, "%s/%s", root, c->id) : 0;
}

static int explain_open(const char *root, const char *id, struct error *err)
{
	if (errno != ENOENT)
		return error_sys(err, "open", "%s/%s", root, id);
	(void)error_set(err, ENOENT, "container does not exist: \"%s\"", id);
	return error_hint(err, "\"dabba list\" shows those below %s", root);
}

static int load_below(struct container *c, const char *root, struct error *err)
{
	c->dir_fd = openat(c->root_fd, c->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return c->dir_fd < 0 ? explain_open(root, c->id, err) : read_record(c, root, err);
}

int container_load(struct container *c, const char *root, const char *id, struct error *err)
{
	int r = store_check_id(id, err);

	if (r < 0)
		return r;
	c->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return explain_open(root, id, err);
	c->id = xstrdup(id);
	return load_below(c, root, err);
}

int container_peek(struct container *c, const char *root, const char *id, struct error *err)
{
	struct error none = ERROR_INIT;
	char path[MAX_ID + sizeof("/state.json")];
	int r;

	c->id = xstrdup(id);
	(void)snprintf(path, sizeof(path), "%s/state.json", id);
	r = read_record_at(c, c->root_fd, path, &none);
	if (r == 0)
		return 0;
	/* Create is at work, or was killed, or the container is gone: its directory tells. */
	if (r == -ENOENT)
		return load_below(c, root, err);
	*err = none;
	return error_context(err, "%s/%s", root, id);
}

int container_lock_loaded(struct container *c, const char *root, struct error *err)
{
	struct stat st;
	int r = container_lock(c, /* wait= */ true, err);

	if (r < 0)
		return r;
	if (fstat(c->dir_fd, &st) == 0 && st.st_nlink == 0)
		return error_set(err, ENOENT, "container does not exist: \"%s\"", c->id);
	/* It was being created: the record came later than our first look. */
	return c->record.pid == 0 ? read_record(c, root, err) : 0;
}

int container_load_config(struct container *c, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	int r = file_read_at(c->dir_fd, "config.json", MAX_CONFIG, &text, err);

	if (r < 0)
		return error_context(err, "container %s", c->id);
	c->config = oci_arena_alloc(&c->arena, sizeof(*c->config));
	if (!c->config)
		return error_set(err, ENOMEM, "out of memory");
	if (oci_read(&c->arena, &oci_config_object, text.buf, text.len, "config.json", c->config,
		     &oci_err) == 0)
		return 0;
	c->config = NULL;
	(void)error_from_oci(err, &oci_err);
	return error_context(err, "container %s", c->id);
}
