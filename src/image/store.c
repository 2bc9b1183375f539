/* SPDX-License-Identifier: Apache-2.0 */
#include "image/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/interrupt.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define INDEX_TEXT                                                                        \
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\"," \
	"\"manifests\":[]}"

/* The store's directories; only its owner looks inside, as layers hold set-user-ID programs. */
enum { STORE_DIR_MODE = 0700 };

static char *default_root(struct error *err)
{
	const char *dir;

	if (geteuid() == 0)
		return xstrdup("/var/lib/dabba-image");
	dir = getenv("XDG_DATA_HOME");
	if (dir && dir[0] == '/')
		return xasprintf("%s/dabba-image", dir);
	dir = getenv("HOME");
	if (dir && dir[0] == '/')
		return xasprintf("%s/.local/share/dabba-image", dir);
	(void)error_set(err, ENOENT, "no place for the store: HOME is not set");
	(void)error_hint(err, "choose a directory with --root");
	return NULL;
}

/* PATH and the parents it lacks; they are nobody's business but the caller's, so plain paths do. */
static int make_path(const char *path, struct error *err)
{
	cleanup_free char *prefix = xstrdup(path);

	for (char *slash = prefix; slash; *slash = '/') {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(prefix, STORE_DIR_MODE) < 0 && errno != EEXIST)
			return error_sys(err, "mkdir", "%s", prefix);
		if (!slash)
			break;
	}
	return 0;
}

/* Opens the directory *PATH, made if missing, and makes *PATH absolute. */
static int open_root(char **path, struct error *err)
{
	cleanup_close int fd = open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *absolute;

	if (fd < 0 && errno == ENOENT) {
		int r = make_path(*path, err);

		if (r < 0)
			return r;
		fd = open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_sys(err, "open", "%s", *path);
	absolute = realpath(*path, NULL);
	if (!absolute)
		return error_sys(err, "realpath", "%s", *path);
	free(*path);
	*path = absolute;
	return take_fd(fd);
}

static int make_dir(int parent_fd, const char *name, mode_t mode, struct error *err)
{
	int fd;

	if (mkdirat(parent_fd, name, mode) < 0 && errno != EEXIST)
		return error_sys(err, "mkdir", "%s", name);
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "open", "%s", name) : fd;
}

int store_flock(int fd, int operation, const char *name, struct error *err)
{
	while (flock(fd, operation) < 0) {
		int r;

		if (errno != EINTR)
			return error_sys(err, "flock", "%s", name);
		r = interrupt_check(err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_lock(int root_fd, const char *name, struct error *err)
{
	int fd = openat(root_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? error_sys(err, "open", "%s", name) : fd;
}

/*
 * Takes the shared lock; alone, it removes first what an interrupted process
 * left.  The directories are opened after this, so nobody has a removed one.
 */
static int enter(struct store *store, struct error *err)
{
	store->use_fd = open_lock(store->fd, "use.lock", err);
	if (store->use_fd < 0)
		return store->use_fd;
	if (flock(store->use_fd, LOCK_EX | LOCK_NB) == 0) {
		int r = file_remove_tree_at(store->fd, "tmp", err);

		if (r < 0)
			return r;
	}
	return store_flock(store->use_fd, LOCK_SH, "use.lock", err);
}

/* The two documents of an empty layout, the index last: it is what makes one. */
static int make_documents(struct store *store, struct error *err)
{
	int r = 0;

	if (faccessat(store->fd, "oci-layout", F_OK, 0) < 0)
		r = store_replace(store, store->fd, "oci-layout", LAYOUT_TEXT,
				  sizeof(LAYOUT_TEXT) - 1, err);
	if (r == 0 && faccessat(store->fd, "index.json", F_OK, 0) < 0)
		r = store_replace(store, store->fd, "index.json", INDEX_TEXT,
				  sizeof(INDEX_TEXT) - 1, err);
	return r;
}

static int open_parts(struct store *store, struct error *err)
{
	static const struct {
		const char *name;
		mode_t mode;
		size_t offset;
	} dirs[] = {
		{ "blobs", 0755, offsetof(struct store, blobs_fd) },
		{ "layers", STORE_DIR_MODE, offsetof(struct store, layers_fd) },
		{ "containers", STORE_DIR_MODE, offsetof(struct store, containers_fd) },
		{ "tmp", STORE_DIR_MODE, offsetof(struct store, tmp_fd) },
	};
	int r = enter(store, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		int fd = make_dir(store->fd, dirs[i].name, dirs[i].mode, err);

		if (fd < 0)
			return fd;
		*(int *)((char *)store + dirs[i].offset) = fd;
	}
	if (r < 0)
		return r;
	if (mkdirat(store->blobs_fd, "sha256", 0755) < 0 && errno != EEXIST)
		return error_sys(err, "mkdir", "blobs/sha256");
	return make_documents(store, err);
}

int store_open(struct store *store, const char *root, struct error *err)
{
	int r;

	*store = (struct store)STORE_INIT;
	store->path = root ? xstrdup(root) : default_root(err);
	if (!store->path)
		return err->code;
	r = open_root(&store->path, err);
	if (r >= 0) {
		store->fd = r;
		r = open_parts(store, err);
	}
	if (r >= 0)
		return 0;
	error_context(err, "store %s", store->path);
	if (err->code == -EACCES || err->code == -EPERM)
		error_hint(err, "run as root, or choose a directory of your own with --root");
	store_close(store);
	return err->code;
}

void store_close(struct store *store)
{
	fd_close(&store->use_fd);
	fd_close(&store->tmp_fd);
	fd_close(&store->containers_fd);
	fd_close(&store->layers_fd);
	fd_close(&store->blobs_fd);
	fd_close(&store->fd);
	free(store->path);
	store->path = NULL;
}

void store_leave(struct store *store)
{
	fd_close(&store->use_fd);
}

int store_lock(struct store *store, struct error *err)
{
	cleanup_close int fd = open_lock(store->fd, "lock", err);
	int r = fd < 0 ? fd : store_flock(fd, LOCK_EX, "lock", err);

	if (r < 0)
		return error_context(err, "store %s", store->path);
	return take_fd(fd);
}

int store_sync(struct store *store, struct error *err)
{
	if (syncfs(store->fd) < 0)
		return error_sys(err, "syncfs", "%s", store->path);
	return 0;
}

/* Not by the pid: that of a process killed earlier, or in another pid namespace, may be ours. */
struct store_temp store_temp_name(void)
{
	struct store_temp temp;
	uint64_t number = 0;

	(void)getrandom(&number, sizeof(number), 0);
	(void)snprintf(temp.name, sizeof(temp.name), "%d.%016" PRIx64, (int)getpid(), number);
	return temp;
}

int store_replace(struct store *store, int dfd, const char *path, const void *data, size_t n,
		  struct error *err)
{
	struct store_temp temp = store_temp_name();
	cleanup_close int fd = openat(store->tmp_fd, temp.name,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return error_sys(err, "open", "tmp/%s", temp.name);
	r = file_write_fd(fd, path, data, n, err);
	if (r == 0 && renameat(store->tmp_fd, temp.name, dfd, path) < 0)
		r = error_file(err, "rename", path);
	if (r < 0)
		(void)unlinkat(store->tmp_fd, temp.name, 0);
	return r;
}
