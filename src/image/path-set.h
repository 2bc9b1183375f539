/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of paths of which it keeps no more than 80 bits of a hash: about 10
 * bytes for each, however long they are.  The key is random, so that nobody
 * can make two paths meet; among 4 million in the set and as many that are
 * asked for, the odds that any two do by chance are one to 70 thousand million.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct path_set {
	/* By the first 16 bits of the hash; NULL until something is in it. */
	struct path_bucket {
		uint64_t *rest;
		size_t n;
	} *buckets;
	unsigned char key[16];
};

void path_set_release(struct path_set *set);

/* Whether the LEN bytes at PATH are in it. */
bool path_set_has_n(const struct path_set *set, const char *path, size_t len);
void path_set_add_n(struct path_set *set, const char *path, size_t len);
/* Whether a directory above PATH is in it; "" is above all but itself. */
bool path_set_has_parent(const struct path_set *set, const char *path);

bool path_set_has(const struct path_set *set, const char *path);
void path_set_add(struct path_set *set, const char *path);
void path_set_remove(struct path_set *set, const char *path);
