/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes with a name: directories in "volumes/" of the store, which containers share
 * and which stay when these go.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "image/collect.h"
#include "image/store.h"

/* Letters, digits, "_", "." and "-", not one of the last three first; else -EINVAL. */
int volume_check_name(const char *name, struct error *err);

/*
 * An fd: until it is closed no volume goes.  Whoever makes a container holds it from the first
 * volume_take() until config.json, by which a volume is known to be used, is written.
 */
int volume_hold(struct store *store, struct error *err);

/*
 * Its path, to be freed; one that is not there yet is made, with a copy of what
 * FROM_FD, a directory of the image, holds.
 */
int volume_take(struct store *store, const char *name, int from_fd, char **path,
		struct error *err);

/* The names of all, sorted. */
int volume_list(struct store *store, struct strvec *names, struct error *err);

/* What all of them take on the disk; those that no container has are garbage. */
int volume_sum(struct store *store, struct garbage_sum *sum, struct error *err);

/* Waits for whoever holds them.  -ENOENT, or -EBUSY with the name of a container that has it. */
int volume_remove(struct store *store, const char *name, struct error *err);
