/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one root directory of images and containers:
 *
 *	oci-layout, index.json, blobs/sha256/    an OCI image layout, byte for byte
 *	layers/<hex of the chainID>/record.json  what is known about a layer
 *	layers/<hex of the chainID>/fs/          the layer unpacked in overlay shape
 *	containers/                              the container side's own
 *	volumes/NAME/                            volumes, see volume.h
 *	tmp/                                     what is not finished yet
 *	lock, use.lock                           see below
 *
 * "lock" is held (flock) from reading index.json to replacing it.  "use.lock"
 * is held shared by whoever adds or uses blobs and layers, so that collecting
 * garbage (exclusive) never takes away what is not yet or no longer named.
 * Everything new is written in tmp/ and renamed into place after its digests
 * were checked; tmp/ is emptied by the next one who finds itself alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct store {
	/* Absolute. */
	char *path;
	/* The root directory, and the directories in it. */
	int fd;
	int blobs_fd;
	int layers_fd;
	int containers_fd;
	int tmp_fd;
	/* "use.lock", held shared while the store is open. */
	int use_fd;
};

#define STORE_INIT \
	{ .fd = -EBADF, .blobs_fd = -EBADF, .layers_fd = -EBADF, \
	  .containers_fd = -EBADF, .tmp_fd = -EBADF, .use_fd = -EBADF }

/*
 * Opens the store at ROOT, made if missing; NULL is /var/lib/dabba-image for
 * root and $XDG_DATA_HOME/dabba-image (~/.local/share/dabba-image) for others.
 */
int store_open(struct store *store, const char *root, struct error *err);
void store_close(struct store *store);
#define cleanup_store __attribute__((cleanup(store_close)))

/*
 * Gives "use.lock" back early: for whoever goes on for long, and needs only
 * what index.json or a container's record names.
 */
void store_leave(struct store *store);

/* An fd that holds "lock" until it is closed. Waits for its turn. */
int store_lock(struct store *store, struct error *err);

/* flock(2) that waits, until a signal ends the wait with an error. */
int store_flock(int fd, int operation, const char *name, struct error *err);

/* One syncfs(2): call it before what was written is named in index.json. */
int store_sync(struct store *store, struct error *err);

/* A name in tmp/ that nobody else uses. */
struct store_temp {
	char name[48];
};
struct store_temp store_temp_name(void);

/*
 * The file PATH below DFD, made in tmp/ and renamed: nothing is left of a process that is
 * killed meanwhile.  Not synced.
 */
int store_replace(struct store *store, int dfd, const char *path, const void *data, size_t n,
		  struct error *err);
