/* SPDX-License-Identifier: Apache-2.0 */
#include "image/volume.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/container.h"
#include "image/document.h"
#include "image/tree.h"
#include "libocispec/runtime.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { CONFIG_MAX = 16 << 20, NAME_LONGEST = 128 };

int volume_check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (len > 0 && len <= NAME_LONGEST && strchr(LETTERS, name[0]) &&
	    strspn(name, LETTERS "_.-") == len)
		return 0;
	(void)error_set(err, EINVAL, "\"%s\" is neither an absolute path nor the name of a volume",
			name);
	return error_hint(err, "a name has letters, digits, \"_\", \".\" and \"-\" after the first");
}

static int open_volumes(struct store *store, struct error *err)
{
	int fd;

	/* Containers with a user namespace of their own pass through. */
	if (mkdirat(store->fd, "volumes", 0711) < 0 && errno != EEXIST)
		return error_sys(err, "mkdir", "%s/volumes", store->path);
	fd = openat(store->fd, "volumes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open", "%s/volumes", store->path) : fd;
}

/* OPERATION of flock(2) on the directory; see volume_hold(). */
static int lock_volumes(struct store *store, int operation, struct error *err)
{
	cleanup_close int fd = open_volumes(store, err);
	int r = fd < 0 ? fd : store_flock(fd, operation, "volumes", err);

	return r < 0 ? r : take_fd(fd);
}

int volume_hold(struct store *store, struct error *err)
{
	return lock_volumes(store, LOCK_SH, err);
}

/* Filled aside, so that of two containers that begin at once both have all of it. */
static int make_volume(struct store *store, int volumes_fd, const char *name, int from_fd,
		       struct error *err)
{
	struct store_temp temp = store_temp_name();
	struct error ignored = ERROR_INIT;
	cleanup_close int fd = -EBADF;
	int r;

	if (mkdirat(store->tmp_fd, temp.name, 0755) < 0)
		return error_sys(err, "mkdir", "%s/tmp/%s", store->path, temp.name);
	fd = openat(store->tmp_fd, temp.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? error_sys(err, "open", "%s/tmp/%s", store->path, temp.name)
		   : tree_copy_dir(from_fd, fd, err);
	if (r == 0 &&
	    renameat2(store->tmp_fd, temp.name, volumes_fd, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (r == 0 && errno != EEXIST)
		r = error_sys(err, "rename", "to %s/volumes/%s", store->path, name);
	(void)file_remove_tree_at(store->tmp_fd, temp.name, &ignored);
	return r;
}

int volume_take(struct store *store, const char *name, int from_fd, char **path,
		struct error *err)
{
	cleanup_close int volumes_fd = open_volumes(store, err);
	int r = volumes_fd < 0 ? volumes_fd : volume_check_name(name, err);

	if (r == 0 && faccessat(volumes_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = make_volume(store, volumes_fd, name, from_fd, err);
	if (r == 0)
		*path = xasprintf("%s/volumes/%s", store->path, name);
	return r < 0 ? r : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int volume_list(struct store *store, struct strvec *names, struct error *err)
{
	int fd = open_volumes(store, err);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "%s/volumes", store->path);
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			strvec_push(names, entry->d_name);
	(void)closedir(dir);
	qsort(names->v, names->n, sizeof(*names->v), compare_names);
	return 0;
}

/* Whether PATH is mounted in the container, whenever it runs. */
static bool has_volume(struct container *c, const char *path)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	struct oci_config config;

	if (file_read_at(c->dir_fd, "config.json", CONFIG_MAX, &text, &ignored) < 0 ||
	    document_read(&c->arena, &oci_config_object, &text, "config.json", &config,
			  &ignored) < 0)
		return false;
	for (size_t i = 0; i < config.n_mounts; i++)
		if (config.mounts[i].source && streq(config.mounts[i].source, path))
			return true;
	return false;
}

/* The name of the container that has the volume, to be freed; NULL when none does. */
static int find_user(struct store *store, const char *name, char **user, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/volumes/%s", store->path, name);
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = container_list(store, &ids, err);

	*user = NULL;
	for (size_t i = 0; r == 0 && i < ids.n && !*user; i++) {
		cleanup_container struct container c = CONTAINER_INIT;
		struct error ignored = ERROR_INIT;

		/* It may have gone in the meantime. */
		if (container_open(store, ids.v[i], &c, &ignored) == 0 && has_volume(&c, path))
			*user = xstrdup(c.record.name);
	}
	return r;
}

static int check_unused(struct store *store, const char *name, struct error *err)
{
	cleanup_free char *user = NULL;
	int r = find_user(store, name, &user, err);

	if (r < 0 || !user)
		return r;
	(void)error_set(err, EBUSY, "volume \"%s\" is used by container \"%s\"", name, user);
	return error_hint(err, "remove the container first (dabba-image rm %s)", user);
}

int volume_sum(struct store *store, struct garbage_sum *sum, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = volume_list(store, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = xasprintf("%s/volumes/%s", store->path, names.v[i]);
		cleanup_free char *user = NULL;
		uint64_t bytes = tree_disk_usage(path);

		r = find_user(store, names.v[i], &user, err);
		sum->n++;
		sum->bytes += bytes;
		sum->n_garbage += !user;
		sum->garbage_bytes += user ? 0 : bytes;
	}
	return r;
}

int volume_remove(struct store *store, const char *name, struct error *err)
{
	/* No container can take it between the check and the end of its name. */
	cleanup_close int volumes_fd = lock_volumes(store, LOCK_EX, err);
	struct store_temp temp = store_temp_name();
	int r = volumes_fd < 0 ? volumes_fd : volume_check_name(name, err);

	if (r == 0)
		r = check_unused(store, name, err);
	if (r < 0)
		return r;
	if (renameat(volumes_fd, name, store->tmp_fd, temp.name) == 0)
		return file_remove_tree_at(store->tmp_fd, temp.name, err);
	if (errno == ENOENT) {
		(void)error_set(err, ENOENT, "there is no volume \"%s\" in the store %s", name,
				store->path);
		return error_hint(err, "\"dabba-image volume list\" shows the volumes");
	}
	return error_sys(err, "rename", "%s/volumes/%s", store->path, name);
}
