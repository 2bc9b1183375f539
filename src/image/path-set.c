/* SPDX-License-Identifier: Apache-2.0 */
/* See digest.c for why these are not the functions that OpenSSL 3 recommends. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "image/path-set.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

/* A bucket holds 61 of 4 million: one that grows in small steps wastes little. */
enum { BUCKETS = 1 << 16, STEP = 8 };

struct path_hash {
	uint16_t bucket;
	uint64_t rest;
};

static struct path_hash hash_path(const struct path_set *set, const char *path, size_t len)
{
	unsigned char raw[SHA256_DIGEST_LENGTH];
	struct path_hash hash;
	SHA256_CTX state;

	(void)SHA256_Init(&state);
	(void)SHA256_Update(&state, set->key, sizeof(set->key));
	(void)SHA256_Update(&state, path, len);
	(void)SHA256_Final(raw, &state);
	memcpy(&hash.bucket, raw, sizeof(hash.bucket));
	memcpy(&hash.rest, raw + sizeof(hash.bucket), sizeof(hash.rest));
	return hash;
}

void path_set_release(struct path_set *set)
{
	for (size_t i = 0; set->buckets && i < BUCKETS; i++)
		free(set->buckets[i].rest);
	free(set->buckets);
	*set = (struct path_set){ 0 };
}

/* The place of REST in the bucket, or its end. */
static size_t find(const struct path_bucket *bucket, uint64_t rest)
{
	size_t i = 0;

	while (i < bucket->n && bucket->rest[i] != rest)
		i++;
	return i;
}

bool path_set_has_n(const struct path_set *set, const char *path, size_t len)
{
	const struct path_bucket *bucket;
	struct path_hash hash;

	if (!set->buckets)
		return false;
	hash = hash_path(set, path, len);
	bucket = &set->buckets[hash.bucket];
	return find(bucket, hash.rest) < bucket->n;
}

void path_set_add_n(struct path_set *set, const char *path, size_t len)
{
	struct path_bucket *bucket;
	struct path_hash hash;

	if (!set->buckets) {
		set->buckets = xcalloc(BUCKETS, sizeof(*set->buckets));
		/* So few bytes are never refused, getrandom(2). */
		(void)getrandom(set->key, sizeof(set->key), 0);
	}
	hash = hash_path(set, path, len);
	bucket = &set->buckets[hash.bucket];
	if (find(bucket, hash.rest) < bucket->n)
		return;
	if (bucket->n % STEP == 0)
		bucket->rest = xrealloc(bucket->rest, bucket->n + STEP, sizeof(*bucket->rest));
	bucket->rest[bucket->n++] = hash.rest;
}

bool path_set_has(const struct path_set *set, const char *path)
{
	return path_set_has_n(set, path, strlen(path));
}

bool path_set_has_parent(const struct path_set *set, const char *path)
{
	for (const char *p = path; *p; p++)
		if ((*p == '/' || p == path) && path_set_has_n(set, path, (size_t)(p - path)))
			return true;
	return false;
}

void path_set_add(struct path_set *set, const char *path)
{
	path_set_add_n(set, path, strlen(path));
}

void path_set_remove(struct path_set *set, const char *path)
{
	struct path_bucket *bucket;
	struct path_hash hash;
	size_t i;

	if (!set->buckets)
		return;
	hash = hash_path(set, path, strlen(path));
	bucket = &set->buckets[hash.bucket];
	i = find(bucket, hash.rest);
	if (i < bucket->n)
		bucket->rest[i] = bucket->rest[--bucket->n];
}
