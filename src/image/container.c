/* SPDX-License-Identifier: Apache-2.0 */
#include "image/container.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/document.h"
#include "image/list.h"
#include "image/overlay.h"
#include "image/timestamp.h"
#include "libocispec/field.h"

enum { ID_LEN = 64, RECORD_MAX = 16 << 20 };

static const char *const status_words[] = { NULL, "created", "running", "exited" };
const struct oci_names container_status_names = {
	.what = "a container's status",
	.names = status_words,
	.n = ARRAY_SIZE(status_words),
};

static const struct oci_field record_fields[] = {
	OCI_STRING(container_record, id, "id", OCI_REQUIRED),
	OCI_STRING(container_record, name, "name", OCI_REQUIRED),
	OCI_STRING(container_record, created, "created", OCI_REQUIRED),
	OCI_STRING(container_record, image, "image", OCI_REQUIRED),
	OCI_STRING(container_record, image_id, "imageId", OCI_REQUIRED),
	OCI_OBJECT(container_record, manifest, "manifest", OCI_REQUIRED, oci_manifest_object),
	OCI_OBJECT(container_record, config, "config", OCI_REQUIRED, oci_image_config_object),
	OCI_STRINGS(container_record, chain_ids, "chainIds", OCI_REQUIRED),
	OCI_STRINGS(container_record, command, "command", 0),
	OCI_STRING(container_record, runtime, "runtime", OCI_REQUIRED),
	OCI_STRINGS(container_record, runtime_flags, "runtimeFlags", 0),
	OCI_BOOL(container_record, terminal, "terminal", 0),
	OCI_ENUM(container_record, status, "status", OCI_REQUIRED, container_status_names),
	OCI_STRING(container_record, started, "started", 0),
	OCI_I64(container_record, exit_code, "exitCode", 0),
	OCI_STRING(container_record, finished, "finished", 0),
};
static const struct oci_object record_object =
	OCI_TABLE("container", container_record, record_fields);

void container_release(struct container *c)
{
	fd_close(&c->dir_fd);
	free(c->path);
	oci_arena_release(&c->arena);
	*c = (struct container)CONTAINER_INIT;
}

char *container_path(const struct container *c, const char *name)
{
	return xasprintf("%s/%s", c->path, name);
}

/* --- records ----------------------------------------------------------------------- */

int container_save(struct container *c, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = document_write(&record_object, &c->record, 0, &text, &len, err);

	if (r == 0)
		r = file_replace_at(c->dir_fd, "record.json", text, len, 0600, err);
	return r < 0 ? error_context(err, "container %s", c->record.name) : 0;
}

/* Opens the directory; -ENOENT without a message when it has no record. */
static int open_by_id(struct store *store, const char *id, struct container *c,
		      struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	*c = (struct container)CONTAINER_INIT;
	c->store = store;
	c->path = xasprintf("%s/containers/%s", store->path, id);
	c->dir_fd = openat(store->containers_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir_fd < 0)
		return errno == ENOENT ? -ENOENT : error_sys(err, "open", "%s", c->path);
	r = file_read_at(c->dir_fd, "record.json", RECORD_MAX, &text, err);
	if (r == -ENOENT)
		return -ENOENT;
	if (r == 0)
		r = document_read(&c->arena, &record_object, &text, "record.json", &c->record,
				  err);
	return r < 0 ? error_context(err, "%s", c->path) : 0;
}

/* --- all of them ------------------------------------------------------------------- */

struct listed {
	char id[ID_LEN + 1];
	char *name;
	char *created;
};

struct listing {
	struct listed *items;
	size_t n;
};

static void listing_release(struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++) {
		free(listing->items[i].name);
		free(listing->items[i].created);
	}
	free(listing->items);
}
#define cleanup_listing __attribute__((cleanup(listing_release)))

static int compare_listed(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->created, ((const struct listed *)b)->created);
}

/* A directory that no record was ever written to, and that nobody is working on. */
static void remove_unfinished(struct store *store, const char *id)
{
	cleanup_container struct container c = CONTAINER_INIT;
	struct error ignored = ERROR_INIT;

	c.dir_fd = openat(store->containers_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c.path = xasprintf("%s/containers/%s", store->path, id);
	c.store = store;
	c.record.id = id;
	if (c.dir_fd >= 0 && flock(c.dir_fd, LOCK_EX | LOCK_NB) == 0)
		(void)container_remove(&c, &ignored);
}

static int add_listed(struct store *store, const char *id, struct listing *listing,
		      struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	struct listed *item;
	int r = open_by_id(store, id, &c, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	listing->items = xrealloc(listing->items, listing->n + 1, sizeof(*listing->items));
	item = &listing->items[listing->n++];
	(void)snprintf(item->id, sizeof(item->id), "%s", id);
	item->name = xstrdup(c.record.name);
	item->created = xstrdup(c.record.created);
	return 0;
}

typedef int (*id_fn)(struct store *store, const char *id, struct listing *listing,
		     struct error *err);

static int for_each_id(struct store *store, id_fn fn, struct listing *listing,
		       struct error *err)
{
	int fd = openat(store->containers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "%s/containers", store->path);
	}
	while (r == 0 && (entry = file_next_entry(dir, "containers", &r, err)))
		if (strlen(entry->d_name) == ID_LEN)
			r = fn(store, entry->d_name, listing, err);
	(void)closedir(dir);
	return r;
}

static int list_all(struct store *store, struct listing *listing, struct error *err)
{
	int r = for_each_id(store, add_listed, listing, err);

	if (r == 0 && listing->n > 0)
		qsort(listing->items, listing->n, sizeof(*listing->items), compare_listed);
	return r;
}

int container_list(struct store *store, struct strvec *ids, struct error *err)
{
	cleanup_listing struct listing listing = { 0 };
	int r = list_all(store, &listing, err);

	for (size_t i = 0; r == 0 && i < listing.n; i++)
		strvec_push(ids, listing.items[i].id);
	return r;
}

static int find(const struct listing *listing, const char *name, const char **id,
		struct error *err)
{
	*id = NULL;
	for (size_t i = 0; i < listing->n; i++)
		if (streq(listing->items[i].name, name)) {
			*id = listing->items[i].id;
			return 0;
		}
	for (size_t i = 0; *name && i < listing->n; i++) {
		if (!str_skip_prefix(listing->items[i].id, name))
			continue;
		if (*id)
			return error_set(err, ENOTUNIQ, "container %s: several IDs start so", name);
		*id = listing->items[i].id;
	}
	return *id ? 0 : error_set(err, ENOENT, "container %s does not exist", name);
}

int container_open(struct store *store, const char *name, struct container *c,
		   struct error *err)
{
	cleanup_listing struct listing listing = { 0 };
	const char *id = NULL;
	int r = list_all(store, &listing, err);

	if (r == 0)
		r = find(&listing, name, &id, err);
	if (r < 0)
		return r;
	r = open_by_id(store, id, c, err);
	/* Removed since it was listed. */
	if (r == -ENOENT)
		return error_set(err, ENOENT, "container %s does not exist", name);
	return r;
}

/* --- locks ------------------------------------------------------------------------- */

int container_lock(struct container *c, unsigned int seconds, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	unsigned int left = seconds * 200;

	while (flock(c->dir_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_sys(err, "flock", "%s", c->path);
		if (left-- == 0)
			return error_set(err, EBUSY, "container %s is in use", c->record.name);
		(void)nanosleep(&pause, NULL);
	}
	c->locked = true;
	return 0;
}

bool container_is_busy(struct container *c)
{
	if (c->locked || flock(c->dir_fd, LOCK_EX | LOCK_NB) < 0)
		return true;
	(void)flock(c->dir_fd, LOCK_UN);
	return false;
}

/* --- life -------------------------------------------------------------------------- */

static bool name_is_valid(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 200 && strchr("_.-", name[0]) == NULL &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_.-") == n;
}

static int check_name(struct store *store, const char *name, struct error *err)
{
	cleanup_listing struct listing listing = { 0 };
	int r;

	if (!name_is_valid(name)) {
		(void)error_set(err, EINVAL, "\"%s\" is no name for a container", name);
		return error_hint(err, "letters, digits, \"_\", \".\" and \"-\", starting with a "
				  "letter or a digit");
	}
	r = list_all(store, &listing, err);
	for (size_t i = 0; r == 0 && i < listing.n; i++)
		if (streq(listing.items[i].name, name)) {
			(void)error_set(err, EEXIST, "the name %s is used by container %.*s", name,
					CONTAINER_SHORT_ID, listing.items[i].id);
			return error_hint(err, "remove that one with \"rm %s\", or choose another "
					  "name", name);
		}
	return r;
}

/* And a name made of it, where none was given. */
static int choose_id(struct container *c, struct error *err)
{
	unsigned char bytes[ID_LEN / 2];
	char id[ID_LEN + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_sys(err, "getrandom", "for an ID");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	c->record.id = document_strdup(&c->arena, id);
	id[CONTAINER_SHORT_ID] = '\0';
	if (!c->record.name)
		c->record.name = document_strdup(&c->arena, id);
	return 0;
}

static int clean_unfinished(struct store *store, const char *id, struct listing *listing,
			    struct error *err)
{
	char record[ID_LEN + sizeof("/record.json")];

	(void)listing;
	(void)err;
	(void)snprintf(record, sizeof(record), "%s/record.json", id);
	if (faccessat(store->containers_fd, record, F_OK, 0) < 0 && errno == ENOENT)
		remove_unfinished(store, id);
	return 0;
}

static int make_dirs(struct container *c, struct error *err)
{
	static const char *const dirs[] = { "rootfs", "init", "upper", "work" };

	if (mkdirat(c->store->containers_fd, c->record.id, 0711) < 0)
		return error_sys(err, "mkdir", "%s", c->path);
	c->dir_fd = openat(c->store->containers_fd, c->record.id,
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir_fd < 0)
		return error_sys(err, "open", "%s", c->path);
	if (flock(c->dir_fd, LOCK_EX) < 0)
		return error_sys(err, "flock", "%s", c->path);
	c->locked = true;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(c->dir_fd, dirs[i], 0755) < 0)
			return error_sys(err, "mkdir", "%s/%s", c->path, dirs[i]);
	return 0;
}

int container_new(struct store *store, const struct container_record *record,
		  struct container *c, struct error *err)
{
	/* Held while names are looked at and until the record claims one. */
	cleanup_close int lock_fd =
		openat(store->containers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	*c = (struct container)CONTAINER_INIT;
	c->store = store;
	c->record = *record;
	c->record.chain_ids = NULL;
	c->record.n_chain_ids = 0;
	for (size_t i = 0; i < record->n_chain_ids; i++)
		list_add(&c->arena, &c->record.chain_ids, &c->record.n_chain_ids,
			 record->chain_ids[i]);
	if (lock_fd < 0 || flock(lock_fd, LOCK_EX) < 0)
		return error_sys(err, "flock", "%s/containers", store->path);
	(void)for_each_id(store, clean_unfinished, NULL, err);
	r = record->name ? check_name(store, record->name, err) : 0;
	if (r == 0)
		r = choose_id(c, err);
	if (r < 0)
		return r;
	c->record.created = document_strdup(&c->arena, timestamp_now().s);
	c->record.status = CONTAINER_CREATED;
	c->path = xasprintf("%s/containers/%s", store->path, c->record.id);
	r = make_dirs(c, err);
	if (r == 0)
		r = container_save(c, err);
	if (r < 0) {
		struct error ignored = ERROR_INIT;

		(void)container_remove(c, &ignored);
		container_release(c);
	}
	return r;
}

int container_remove(struct container *c, struct error *err)
{
	cleanup_free char *rootfs = container_path(c, "rootfs");
	cleanup_close int upper_fd = openat(c->dir_fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	/* Whoever commits it has it locked. */
	if (upper_fd >= 0 && flock(upper_fd, LOCK_EX) < 0)
		return error_sys(err, "flock", "%s/upper", c->path);
	r = overlay_detach(rootfs, err);
	/* Without its record it is nobody's: what fails below is taken up later. */
	if (r == 0 && c->dir_fd >= 0 && unlinkat(c->dir_fd, "record.json", 0) < 0 &&
	    errno != ENOENT)
		r = error_sys(err, "unlink", "%s/record.json", c->path);
	if (r == 0)
		r = file_remove_tree_at(c->store->containers_fd, c->record.id, err);
	return r;
}
