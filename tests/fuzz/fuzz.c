/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/write.h"

static char *write_document(const struct oci_object *table, const void *object, size_t *len)
{
	struct oci_error err = OCI_ERROR_INIT;
	char *text = NULL;

	if (oci_write(table, object, OCI_WRITE_INDENT, &text, len, &err) < 0) {
		(void)fprintf(stderr, "read, but not written: %s\n", err.msg);
		abort();
	}
	return text;
}

static void check_round_trip(const struct oci_object *table, const void *object)
{
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_arena arena = OCI_ARENA_INIT;
	void *again = oci_arena_alloc(&arena, table->size);
	char *first, *second;
	size_t n_first, n_second;

	first = write_document(table, object, &n_first);
	/* Escapes and indentation may carry a text over the limit it came in under. */
	if (oci_read(&arena, table, first, n_first, "written", again, &err) == 0) {
		second = write_document(table, again, &n_second);
		DEMAND(n_first == n_second && memcmp(first, second, n_first) == 0);
		free(second);
	} else {
		DEMAND(err.code == -EFBIG);
	}
	free(first);
	oci_arena_release(&arena);
}

void *fuzz_document(struct oci_arena *arena, const struct oci_object *table,
		    const uint8_t *data, size_t size)
{
	void *object = oci_arena_alloc(arena, table->size);
	struct oci_error err = OCI_ERROR_INIT;
	/* Of just that size, so that a read beyond it is seen. */
	char *text = malloc(size ? size : 1);
	int r;

	DEMAND(object && text);
	if (size > 0)
		memcpy(text, data, size);
	r = oci_read(arena, table, text, size, "f", object, &err);
	free(text);
	if (r < 0) {
		DEMAND(err.code == r && strncmp(err.msg, "f:", 2) == 0);
		DEMAND(err.line > 0 && err.column > 0);
		return NULL;
	}
	DEMAND(r == 0);
	check_round_trip(table, object);
	return object;
}

char *fuzz_line(const uint8_t **rest, size_t *size)
{
	const uint8_t *end;
	size_t len;
	char *line;

	if (*size == 0)
		return NULL;
	end = memchr(*rest, '\n', *size);
	len = end ? (size_t)(end - *rest) : *size;
	line = strndup((const char *)*rest, len);
	DEMAND(line);
	len += end ? 1 : 0;
	*rest += len;
	*size -= len;
	return line;
}

uint8_t *fuzz_seal_tar(const uint8_t *data, size_t size)
{
	enum { BLOCK = 512, CHECKSUM = 148, CHECKSUM_LEN = 8, MAGIC = 257 };
	uint8_t *tar = malloc(size ? size : 1);

	DEMAND(tar);
	if (size > 0)
		memcpy(tar, data, size);
	for (uint8_t *block = tar; size - (size_t)(block - tar) >= BLOCK; block += BLOCK) {
		unsigned int sum = 0;
		char text[CHECKSUM_LEN];

		if (memcmp(block + MAGIC, "ustar", 5) != 0)
			continue;
		memset(block + CHECKSUM, ' ', CHECKSUM_LEN);
		for (size_t i = 0; i < BLOCK; i++)
			sum += block[i];
		(void)snprintf(text, sizeof(text), "%06o", sum);
		memcpy(block + CHECKSUM, text, CHECKSUM_LEN - 1);
	}
	return tar;
}
