/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's index.json: which manifests there are and what they are called.
 *
 * A name stands in the annotation org.opencontainers.image.ref.name, without
 * ":latest", so that other tools find "oci:STORE:debian".  What containerd and
 * docker write, io.containerd.image.name, is read as well and goes before it.
 */
#pragma once

#include "base/error.h"
#include "image/digest.h"
#include "image/store.h"
#include "libocispec/arena.h"
#include "libocispec/image.h"

struct index {
	struct oci_arena arena;
	struct oci_index document;
};

#define INDEX_INIT { .arena = OCI_ARENA_INIT }

int index_read(struct store *store, struct index *index, struct error *err);
void index_release(struct index *index);
#define cleanup_index __attribute__((cleanup(index_release)))

/* Replaces index.json; with the lock held since it was read. */
int index_write(struct store *store, const struct index *index, struct error *err);

/* The name as it stands there, or NULL. */
const char *index_entry_name(const struct oci_descriptor *descriptor);

/* "debian:latest" for "debian": how names are shown and compared. The caller's to free(). */
char *index_full_name(const char *name);

/* The entry of that NAME, which may lack "docker.io/library/", "docker.io/" or "localhost/". */
struct oci_descriptor *index_find(const struct index *index, const char *name);

/*
 * Gives NAME (NULL: none) to the manifest DESCRIPTOR.  Whoever had that name
 * loses it, but stays in the index.
 */
void index_add(struct index *index, const struct oci_descriptor *descriptor, const char *name);

/* Takes entry I out. */
void index_remove(struct index *index, size_t i);

/* How many entries there are for that manifest. */
size_t index_count(const struct index *index, const char *digest);
