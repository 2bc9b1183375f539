/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hashing is libcrypto's, which uses the processor's SHA instructions; its
 * failures are those of memory, so that hashing itself cannot fail here.
 */
#include "image/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static const struct algorithm {
	const char *name;
	size_t hex_len;
} algorithms[] = {
	{ "sha256", 64 },
	{ "sha512", 128 },
};

static const struct algorithm *find_algorithm(const char *name, size_t len)
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
	const struct algorithm *algorithm;

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

static void __attribute__((noreturn)) out_of_memory(void)
{
	(void)fputs("libcrypto: out of memory\n", stderr);
	_exit(1);
}

void hasher_open(struct hasher *hasher, const struct digest *like)
{
	const struct algorithm *algorithm = &algorithms[0];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (like && like->s[0])
		algorithm = find_algorithm(like->s, digest_algorithm_len(like));
	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_get_digestbyname(algorithm->name), NULL))
		out_of_memory();
	hasher->ctx = ctx;
	hasher->algorithm = algorithm->name;
}

void hasher_add(struct hasher *hasher, const void *data, size_t n)
{
	if (!EVP_DigestUpdate(hasher->ctx, data, n))
		out_of_memory();
}

void hasher_finish(struct hasher *hasher, struct digest *digest)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	int len;

	if (!EVP_DigestFinal_ex(hasher->ctx, raw, &n))
		out_of_memory();
	len = snprintf(digest->s, sizeof(digest->s), "%s:", hasher->algorithm);
	for (unsigned int i = 0; i < n; i++)
		len += snprintf(digest->s + len, sizeof(digest->s) - (size_t)len, "%02x", raw[i]);
	hasher_release(hasher);
}

void hasher_release(struct hasher *hasher)
{
	EVP_MD_CTX_free(hasher->ctx);
	hasher->ctx = NULL;
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
