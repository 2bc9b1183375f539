/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content digests, "sha256:<64 hex>" or "sha512:<128 hex>", and the hashing
 * that makes them.  Reference: image-spec descriptor.md, "Digests".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct digest {
	/* The text form; "" is no digest. */
	char s[sizeof("sha512:") + 128];
};

/*
 * TEXT in lower case hex with a known algorithm, or -EINVAL with a sentence.
 * Whatever passes is safe as a file name.
 */
int digest_parse(const char *text, struct digest *digest, struct error *err);

/* The part after the colon; "" for no digest. */
const char *digest_hex(const struct digest *digest);

/* The algorithm's name and length, for directories: "sha256". */
size_t digest_algorithm_len(const struct digest *digest);

bool digest_equal(const struct digest *a, const struct digest *b);

struct hasher {
	/* NULL when nothing is being hashed. */
	union hash_state *state;
	const struct hash_algorithm *algorithm;
};

/* Hashes as LIKE is hashed, or by sha256 when LIKE is NULL or none. */
void hasher_open(struct hasher *hasher, const struct digest *like);
void hasher_add(struct hasher *hasher, const void *data, size_t n);
/* Gives the digest; the hasher is released. */
void hasher_finish(struct hasher *hasher, struct digest *digest);
/* Harmless on a finished or zeroed hasher. */
void hasher_release(struct hasher *hasher);

/* The sha256 of N bytes. */
void digest_of(const void *data, size_t n, struct digest *digest);

/*
 * The chainID of a layer upon the chain PARENT (none for the lowest layer).
 * Reference: image-spec config.md, "Layer ChainID".
 */
void digest_chain(const struct digest *parent, const struct digest *diff_id,
		  struct digest *chain_id);
