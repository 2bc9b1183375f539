/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents that somebody broke.  Meant to run under the sanitizers: each text lies in
 * memory of exactly its size, and what is refused must be refused with a reason.
 */
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/arena.h"
#include "libocispec/image.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/runtime.h"
#include "libocispec/write.h"
#include "tests/unit/oci-sample.h"

struct result {
	int code;
	struct oci_error err;
	/* A refusal without a reason, or success with something that cannot be written.
	 */
	bool broken;
};

static void count_problem(void *arg, const struct oci_error *problem)
{
	size_t *n = arg;

	*n += problem->code != 0;
}

/* The same text, read to its end: what is left of it can be written. */
static bool try_all(const char *text, size_t len, bool is_good)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_config config = { 0 };
	char *buf = NULL;
	size_t n, n_problems = 0;
	int r;

	r = oci_read_all(&arena, &oci_config_object, text, len, "f", &config, count_problem,
			 &n_problems);
	if (is_good == (r == 0 && n_problems == 0) &&
	    (r < 0 ? n_problems > 0 : oci_write(&oci_config_object, &config, 0, &buf, &n, &err) == 0))
		r = 1;
	free(buf);
	oci_arena_release(&arena);
	return r == 1;
}

static struct result try_text(const struct oci_object *table, const char *text,
			      size_t len)
{
	struct result result = { .err = OCI_ERROR_INIT };
	struct oci_arena arena = OCI_ARENA_INIT;
	char *exact = sample_exact_copy(text, len), *out = calloc(1, table->size);
	struct oci_error err = OCI_ERROR_INIT;
	char *buf = NULL;
	size_t n;

	result.code = oci_read(&arena, table, exact, len, "f", out, &result.err);
	result.broken = table == &oci_config_object && !try_all(exact, len, result.code == 0);
	free(exact);
	if (result.broken)
		printf("# not read to its end\n");
	else if (result.code == 0)
		result.broken = oci_write(table, out, 0, &buf, &n, &err) != 0;
	else
		result.broken = result.err.code != result.code || result.code > 0 ||
				strncmp(result.err.msg, "f:", 2) != 0 ||
				result.err.line == 0 || result.err.column == 0;
	if (result.broken)
		printf("# %d %s %s: %.*s\n", result.code, result.err.msg, err.msg,
		       (int)(len > 500 ? 500 : len), text);
	free(buf);
	free(out);
	oci_arena_release(&arena);
	return result;
}

static char *sample_text(const struct oci_object *table, unsigned int flags, size_t *len)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error err = OCI_ERROR_INIT;
	char *buf = NULL;

	if (oci_write(table, sample_new(&arena, table, SAMPLE_FULL, 2), flags, &buf, len,
		      &err))
		abort();
	oci_arena_release(&arena);
	return buf;
}

static void test_truncated(const struct oci_object *table)
{
	size_t len, accepted = 0, broken = 0;
	char *text = sample_text(table, 0, &len);

	for (size_t n = 0; n < len; n++) {
		struct result result = try_text(table, text, n);

		accepted += result.code == 0;
		broken += result.broken;
	}
	ok_named(accepted == 0 && broken == 0,
		 "%s: cut anywhere in %zu bytes, it is refused", table->name, len);
	free(text);
}

static void test_mutated(const struct oci_object *table)
{
	static const char bytes[] = "\"\\{}[],:0-e.n \xff\xed";
	size_t len, broken = 0, refused = 0;
	char *text = sample_text(table, OCI_WRITE_TABS, &len);

	for (size_t i = 0; i < len; i++) {
		char saved = text[i];

		/* With the NUL at the end; two of them for each byte keep it short. */
		for (size_t b = i % 8; b < sizeof(bytes); b += 8) {
			struct result result;

			text[i] = bytes[b];
			result = try_text(table, text, len);
			broken += result.broken;
			refused += result.code != 0;
		}
		text[i] = saved;
	}
	ok_named(broken == 0 && refused > len,
		 "%s: %zu of its mutants are refused, with a reason", table->name,
		 refused);
	free(text);
}

/* HEAD, N times MIDDLE, TAIL. */
static char *repeat(const char *head, const char *middle, size_t n, const char *tail)
{
	size_t step = strlen(middle), size = strlen(head) + n * step + strlen(tail) + 1;
	char *text = malloc(size), *p;

	if (!text)
		abort();
	p = stpcpy(text, head);
	for (size_t i = 0; i < n; i++, p += step)
		memcpy(p, middle, step);
	(void)strcpy(p, tail);
	return text;
}

static int try_repeat(const struct oci_object *table, const char *head,
		      const char *middle, size_t n, const char *tail)
{
	char *text = repeat(head, middle, n, tail);
	struct result result = try_text(table, text, strlen(text));

	printf("# %s\n", result.err.msg);
	free(text);
	return result.broken ? 1 : result.code;
}

static void test_limits(void)
{
	const struct oci_object *config = &oci_config_object,
				*image = &oci_image_config_object;
	const char *head = "{\"ociVersion\":\"1\",\"x\":";

	ok_int(try_repeat(config, head, "[", 100000, ""), -EFBIG);
	ok_int(try_repeat(config, head, "{\"a\":", 100000, ""), -EFBIG);
	ok_int(try_repeat(config, "", "[", 100000, ""), -EINVAL);
	ok_int(try_repeat(config, "{\"process\":", "[", 100000, ""), -EINVAL);
	ok_int(try_repeat(config, "{\"ociVersion\":\"", "1", OCI_MAX_SIZE, "\"}"),
	       -EFBIG);
	ok_int(try_repeat(config, "{\"ociVersion\":\"", "1", OCI_MAX_SIZE - 17, "\"}"),
	       0);
	ok_int(try_repeat(image, "{\"history\":[", "{},", 2000000, "{}]}"), -EFBIG);
	/* The limit on depth does not come too soon. */
	ok_int(try_repeat(config,
			  "{\"ociVersion\":\"1\",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
			  "", 0, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
	       0);
	/* Many keys: to find one that is there twice must not take for ever. */
	ok_int(try_repeat(config, "{\"ociVersion\":\"1\",\"annotations\":{\"b\":\"\"",
			  ",\"a\":\"\"", 300000, "}}"),
	       -EINVAL);
	ok_int(try_repeat(image, "{\"a\":1", ",\"b\":1", 300000, "}"), -EINVAL);
	ok_int(try_repeat(config, "{\"ociVersion\":\"1\",\"hostname\":", "9", 100000,
			  "}"),
	       -EINVAL);
	ok_int(try_repeat(config, "{\"ociVersion\":\"1\",\"annotations\":{\"", "k",
			  100000, "\":1}}"),
	       -EINVAL);
}

static void test_encodings(void)
{
	/* Each within a string, unless it begins with "!"; all are refused. */
	static const char *const bad[] = {
		"\xff",
		"\xc0\x80",
		"\x80",
		"\xe2\x82",
		"\\x41",
		"\\u12",
		"\\ud800\\u0041\xff",
		"\\udfff",
		"\\u0000",
		"a\nb",
		"a\x01",
		"!\xef\xbb\xbf{\"ociVersion\":\"1\"}",
		"!{'ociVersion':'1'}",
		"!{\"ociVersion\":\"1\",}",
		"!{\"ociVersion\":\"1\"}//",
		"!{\"ociVersion\":\"1\" /* comment */ }",
		"!{\"ociVersion\":NaN}",
		"!{ociVersion:\"1\"}",
		"!{\"ociVersion\":\"1\"]",
		"!{\"ociVersion\" \"1\"}",
		"!{\"ociVersion\":\"1\" \"hostname\":\"h\"}",
		"!{\"oomScoreAdj\":01,\"ociVersion\":\"1\"}",
		"!{\"x\":+1,\"ociVersion\":\"1\"}",
		"!{\"x\":-,\"ociVersion\":\"1\"}",
		"!{\"x\":1.,\"ociVersion\":\"1\"}",
		"!{\"x\":1e,\"ociVersion\":\"1\"}",
	};
	struct result result;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128];

		if (bad[i][0] == '!')
			(void)snprintf(text, sizeof(text), "%s", bad[i] + 1);
		else
			(void)snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\"}",
				       bad[i]);
		result = try_text(&oci_config_object, text, strlen(text));
		ok_named(result.code == -EINVAL && !result.broken, "case %zu: %s", i,
			 result.err.msg);
	}
	result = try_text(&oci_config_object, "{\"ociVersion\":\"1\0\"}", 19);
	ok_int(result.code, -EINVAL);
	result = try_text(&oci_config_object, "{\"ociVersion\":\"1\"}\0", 19);
	ok_int(result.code, -EINVAL);
}

int main(void)
{
	/* Whole documents: parts of them would be the same again. */
	static const struct oci_object *const documents[] = {
		&oci_config_object,	  &oci_container_process_state_object,
		&oci_features_object,	  &oci_layout_object,
		&oci_index_object,	  &oci_manifest_object,
		&oci_image_config_object, &oci_docker_image_object,
	};

	for (size_t d = 0; d < sizeof(documents) / sizeof(documents[0]); d++) {
		test_truncated(documents[d]);
		test_mutated(documents[d]);
	}
	test_limits();
	test_encodings();
	return tap_done();
}
