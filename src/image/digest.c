/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hashing is libcrypto's, which uses the processor's SHA instructions: its plain
 * functions, which OpenSSL 3 would rather see replaced by EVP.  They cannot fail,
 * while EVP reads openssl.cnf and fetches all algorithms before the first of them.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "image/digest.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

union hash_state {
	SHA256_CTX sha256;
	SHA512_CTX sha512;
};

static void sha256_init(union hash_state *state)
{
	(void)SHA256_Init(&state->sha256);
}

static void sha256_add(union hash_state *state, const void *data, size_t n)
{
	(void)SHA256_Update(&state->sha256, data, n);
}

static void sha256_finish(union hash_state *state, unsigned char *raw)
{
	(void)SHA256_Final(raw, &state->sha256);
}

static void sha512_init(union hash_state *state)
{
	(void)SHA512_Init(&state->sha512);
}

static void sha512_add(union hash_state *state, const void *data, size_t n)
{
	(void)SHA512_Update(&state->sha512, data, n);
}

static void sha512_finish(union hash_state *state, unsigned char *raw)
{
	(void)SHA512_Final(raw, &state->sha512);
}

static const struct hash_algorithm {
	const char *name;
	size_t hex_len;
	void (*init)(union hash_state *state);
	void (*add)(union hash_state *state, const void *data, size_t n);
	void (*finish)(union hash_state *state, unsigned char *raw);
} algorithms[] = {
	{ "sha256", 2 * SHA256_DIGEST_LENGTH, sha256_init, sha256_add, sha256_finish },
	{ "sha512", 2 * SHA512_DIGEST_LENGTH, sha512_init, sha512_add, sha512_finish },
};

static const struct hash_algorithm *find_algorithm(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (strlen(algorithms[i].name) == len &&
		    memcmp(algorithms[i].name, name, len) == 0)
			return &algorithms[i];
	return NULL;
}

int digest_parse(const char *text, struct digest *digest, struct error *err)
{
	const char *colon = strchr(text, ':');
	const struct hash_algorithm *algorithm;

	if (!colon)
		return error_set(err, EINVAL,
				 "\"%.80s\" is not a digest such as sha256:<64 hex digits>",
				 text);
	algorithm = find_algorithm(text, (size_t)(colon - text));
	if (!algorithm)
		return error_set(
			err, EINVAL,
			"digest \"%.160s\": unknown algorithm (known are sha256 and sha512)",
			text);
	if (strspn(colon + 1, "0123456789abcdef") != algorithm->hex_len ||
	    colon[1 + algorithm->hex_len] != '\0')
		return error_set(
			err, EINVAL,
			"digest \"%.160s\": expected %zu lower case hex digits after \"%s:\"",
			text, algorithm->hex_len, algorithm->name);
	(void)snprintf(digest->s, sizeof(digest->s), "%s", text);
	return 0;
}

const char *digest_hex(const struct digest *digest)
{
	const char *colon = strchr(digest->s, ':');

	return colon ? colon + 1 : "";
}

size_t digest_algorithm_len(const struct digest *digest)
{
	return strcspn(digest->s, ":");
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return streq(a->s, b->s);
}

void hasher_open(struct hasher *hasher, const struct digest *like)
{
	hasher->algorithm = &algorithms[0];
	if (like && like->s[0])
		hasher->algorithm = find_algorithm(like->s, digest_algorithm_len(like));
	hasher->state = xcalloc(1, sizeof(*hasher->state));
	hasher->algorithm->init(hasher->state);
}

void hasher_add(struct hasher *hasher, const void *data, size_t n)
{
	hasher->algorithm->add(hasher->state, data, n);
}

void hasher_finish(struct hasher *hasher, struct digest *digest)
{
	const struct hash_algorithm *algorithm = hasher->algorithm;
	unsigned char raw[SHA512_DIGEST_LENGTH];
	int len;

	algorithm->finish(hasher->state, raw);
	len = snprintf(digest->s, sizeof(digest->s), "%s:", algorithm->name);
	for (size_t i = 0; i < algorithm->hex_len / 2; i++)
		len += snprintf(digest->s + len, sizeof(digest->s) - (size_t)len, "%02x", raw[i]);
	hasher_release(hasher);
}

void hasher_release(struct hasher *hasher)
{
	free(hasher->state);
	hasher->state = NULL;
}

void digest_of(const void *data, size_t n, struct digest *digest)
{
	struct hasher hasher;

	hasher_open(&hasher, NULL);
	hasher_add(&hasher, data, n);
	hasher_finish(&hasher, digest);
}

void digest_chain(const struct digest *parent, const struct digest *diff_id,
		  struct digest *chain_id)
{
	struct hasher hasher;
	struct digest chain;

	if (!parent || !parent->s[0]) {
		*chain_id = *diff_id;
		return;
	}
	hasher_open(&hasher, NULL);
	hasher_add(&hasher, parent->s, strlen(parent->s));
	hasher_add(&hasher, " ", 1);
	hasher_add(&hasher, diff_id->s, strlen(diff_id->s));
	hasher_finish(&hasher, &chain);
	*chain_id = chain;
}
