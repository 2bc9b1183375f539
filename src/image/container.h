/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container made from an image, and what is kept of it:
 *
 *	containers/ID/record.json   struct container_record, replaced atomically
 *	containers/ID/config.json   with rootfs/, the bundle that the runtime gets
 *	containers/ID/rootfs/       where the overlay is mounted while it runs
 *	containers/ID/init/         mount points, a layer between image and upper
 *	containers/ID/upper/ work/  the writable layer
 *	containers/ID/volumes/N/    one for each volume of the image
 *	containers/ID/pid, log      of the last run
 *
 * Whoever runs the container holds a lock (flock) on its directory: a free
 * lock and a status of "running" mean that its keeper was killed.  A directory
 * without a record was never finished, and is taken away by the next creation.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "image/store.h"
#include "libocispec/arena.h"
#include "libocispec/image.h"

enum container_status {
	CONTAINER_CREATED = 1,
	CONTAINER_RUNNING,
	CONTAINER_EXITED,
};
extern const struct oci_names container_status_names;

struct container_record {
	/* 64 hex digits. */
	const char *id;
	const char *name;
	/* RFC 3339, UTC. */
	const char *created;
	/* The image as it was named, and its ID. */
	const char *image;
	const char *image_id;
	/* Its documents, so that a commit needs neither. */
	struct oci_manifest *manifest;
	struct oci_image_config *config;
	/* Of the layers, lowest first. */
	char **chain_ids;
	size_t n_chain_ids;
	/* What was given in place of the image's Cmd. */
	char **command;
	size_t n_command;
	/* The program that runs it, and its global options. */
	const char *runtime;
	char **runtime_flags;
	size_t n_runtime_flags;
	bool terminal;
	enum container_status status;
	/* When it began to run; NULL before. */
	const char *started;
	/* When EXITED: -1 if nobody was there to see. */
	int64_t exit_code;
	const char *finished;
};

struct container {
	struct store *store;
	/* Absolute. */
	char *path;
	int dir_fd;
	/* By us. */
	bool locked;
	struct oci_arena arena;
	struct container_record record;
};

#define CONTAINER_INIT { .dir_fd = -EBADF }

void container_release(struct container *c);
#define cleanup_container __attribute__((cleanup(container_release)))

/* A digit for each hex digit of an ID's short form. */
enum { CONTAINER_SHORT_ID = 12 };

/*
 * Makes the directory of a new container from RECORD, whose id, created and,
 * when NULL, name are chosen here; a name in use is -EEXIST.  *C has the lock,
 * and shares RECORD's memory but for the chain_ids.
 */
int container_new(struct store *store, const struct container_record *record,
		  struct container *c, struct error *err);

/* Opens the container of that name, ID, or beginning of an ID; -ENOENT, -ENOTUNIQ. */
int container_open(struct store *store, const char *name, struct container *c,
		   struct error *err);

/* The IDs of all containers, oldest first. */
int container_list(struct store *store, struct strvec *ids, struct error *err);

/* Writes the record. */
int container_save(struct container *c, struct error *err);

/* Takes the lock, waiting for up to SECONDS; -EBUSY when it stays taken. */
int container_lock(struct container *c, unsigned int seconds, struct error *err);

/* Whether somebody holds the lock: it runs, or is about to. */
bool container_is_busy(struct container *c);

/* An absolute path below the container's directory: the caller's to free. */
char *container_path(const struct container *c, const char *name);

/* Takes the mount and the directory away, after a commit at work.  Needs the lock. */
int container_remove(struct container *c, struct error *err);
