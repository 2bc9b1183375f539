/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <string.h>

#include "base/mem.h"
#include "image/digest.h"
#include "image/human.h"
#include "image/index.h"
#include "image/ref.h"
#include "image/timestamp.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_parse(void)
{
	static const char *const bad[] = {
		"",
		"sha256",
		"sha256:",
		":" HEX64,
		HEX64,
		"sha256:" HEX64 "0",
		"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:../../../../../../../../../../../../../../../../../../../etc/passwd0",
		"SHA256:" HEX64,
		"md5:d41d8cd98f00b204e9800998ecf8427e",
		"sha512:" HEX64,
	};
	struct error err = ERROR_INIT;
	struct digest digest;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_named(digest_parse(bad[i], &digest, &err) == -EINVAL && err.msg[0],
			 "\"%.20s\" is refused", bad[i]);
	ok(digest_parse("sha256:" HEX64, &digest, &err) == 0);
	ok_str(digest_hex(&digest), HEX64);
	ok_int(digest_algorithm_len(&digest), 6);
	ok(digest_parse("sha512:" HEX64 HEX64, &digest, &err) == 0);
	ok_str(digest_hex(&digest), HEX64 HEX64);
}

static void test_hash(void)
{
	struct digest digest, chain, like = { "sha512:" HEX64 HEX64 };
	struct hasher hasher = { .state = NULL };

	digest_of("", 0, &digest);
	ok_str(digest.s, "sha256:" HEX64);
	hasher_open(&hasher, NULL);
	hasher_add(&hasher, "ab", 2);
	hasher_add(&hasher, "c", 1);
	hasher_finish(&hasher, &digest);
	ok_str(digest.s,
	       "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hasher_release(&hasher);
	hasher_open(&hasher, &like);
	hasher_finish(&hasher, &digest);
	ok(strncmp(digest.s, "sha512:cf83e1357eefb8bd", 23) == 0);

	/* The lowest layer's chain is its diffID; printf '%s %s' A A | sha256sum. */
	digest_of("", 0, &digest);
	digest_chain(NULL, &digest, &chain);
	ok(digest_equal(&chain, &digest));
	digest_chain(&digest, &digest, &chain);
	ok_str(chain.s,
	       "sha256:de9d9016b852e46e9f3973e20d3a6d17e120f7144931d50cd6e2a8ad53e81960");
}

static void test_ref(void)
{
	static const struct {
		const char *text;
		const char *full;
	} names[] = {
		{ "debian", "debian:latest" },
		{ "debian:12", "debian:12" },
		{ "a/b_c/d__e/f-g.h", "a/b_c/d__e/f-g.h:latest" },
		{ "host:5000/app", "host:5000/app:latest" },
		{ "host:5000/app:V1.0_x", "host:5000/app:V1.0_x" },
		{ "Registry.Example.com/app", "Registry.Example.com/app:latest" },
		{ "localhost/app", "localhost/app:latest" },
		{ "", NULL },
		{ "Debian", NULL },
		{ ":12", NULL },
		{ "debian:", NULL },
		{ "debian:-x", NULL },
		{ "/debian", NULL },
		{ "a//b", NULL },
		{ "a/", NULL },
		{ "a..b", NULL },
		{ "a___b", NULL },
		{ "-a", NULL },
		{ "a b", NULL },
		{ "a\n", NULL },
		{ "../x", NULL },
		{ "debian@sha256:" HEX64, NULL },
		{ "host:port/app", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct error err = ERROR_INIT;
		cleanup_free char *full = image_ref_normalize(names[i].text, &err);

		ok_str(full, names[i].full);
		if (!full)
			ok_named(err.code == -EINVAL && err.msg[0], "\"%s\" has a reason",
				 names[i].text);
	}
}

static void test_human(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{ 0, "0B" },
		{ 999, "999B" },
		{ 1000, "1kB" },
		{ 1234, "1.23kB" },
		{ 123456789, "123MB" },
		{ 999999, "1000kB" },
		{ 1500000000, "1.5GB" },
		{ UINT64_MAX, "18.4EB" },
	};
	static const struct {
		time_t seconds;
		const char *text;
	} durations[] = {
		{ -5, "Less than a second" },
		{ 0, "Less than a second" },
		{ 1, "1 second" },
		{ 59, "59 seconds" },
		{ 60, "About a minute" },
		{ 120, "2 minutes" },
		{ 3600, "About an hour" },
		{ 7200, "2 hours" },
		{ 47 * 3600, "47 hours" },
		{ 48 * 3600, "2 days" },
		{ 14 * 86400, "2 weeks" },
		{ 60 * 86400, "2 months" },
		{ 730 * 86400, "2 years" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		ok_str(human_size(sizes[i].bytes).s, sizes[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		ok_str(human_duration(durations[i].seconds).s, durations[i].text);
	ok_str(human_since(NULL).s, "N/A");
	ok_str(human_since("yesterday").s, "N/A");
}

static void test_timestamp(void)
{
	struct timespec time;

	ok(timestamp_parse("1970-01-01T00:00:01.5Z", &time) && time.tv_sec == 1 &&
	   time.tv_nsec == 500000000);
	ok(timestamp_parse("1970-01-01T02:00:00+01:30", &time) && time.tv_sec == 1800);
	ok(timestamp_parse("1969-12-31T23:00:00-01:00", &time) && time.tv_sec == 0);
	ok(!timestamp_parse("1970-01-01", &time));
	ok(!timestamp_parse("1970-01-01T00:00:00", &time));
	ok(!timestamp_parse("1970-01-01T00:00:00Zx", &time));
	ok_str(timestamp_format(&(struct timespec){ .tv_sec = 86400 }).s, "1970-01-02T00:00:00Z");
	(void)setenv("SOURCE_DATE_EPOCH", "60", 1);
	ok_str(timestamp_now().s, "1970-01-01T00:01:00Z");
	(void)unsetenv("SOURCE_DATE_EPOCH");
	ok(timestamp_parse(timestamp_now().s, &time) && time.tv_sec > 1700000000);
}

static struct oci_descriptor manifest(const char *digest)
{
	return (struct oci_descriptor){ .media_type = OCI_MEDIA_TYPE_MANIFEST,
					.digest = digest,
					.size = 2 };
}

static void test_index(void)
{
	cleanup_index struct index index = INDEX_INIT;
	const struct oci_descriptor a = manifest("sha256:a"), b = manifest("sha256:b");
	struct oci_string_pair pairs[] = { { "io.containerd.image.name",
					     "docker.io/library/x:1" },
					   { OCI_ANNOTATION_REF_NAME, "1" } };
	struct oci_descriptor c = manifest("sha256:c");

	index_add(&index, &a, NULL);
	ok(index.document.n_manifests == 1 && !index_find(&index, "app"));
	index_add(&index, &a, NULL);
	ok_int(index_count(&index, "sha256:a"), 1);
	/* A name replaces the entry without one. */
	index_add(&index, &a, "app:latest");
	ok_int(index.document.n_manifests, 1);
	ok_str(index_entry_name(&index.document.manifests[0]), "app");
	ok(index_find(&index, "app") && index_find(&index, "app:latest"));
	ok(!index_find(&index, "app:1") && !index_find(&index, "ap"));
	index_add(&index, &a, "app:1");
	ok_int(index_count(&index, "sha256:a"), 2);
	/* The name moves; its old owner has another. */
	index_add(&index, &b, "app");
	ok_str(index_find(&index, "app")->digest, "sha256:b");
	ok_int(index_count(&index, "sha256:a"), 1);
	/* The last name moves: the image stays, nameless. */
	index_add(&index, &b, "app:1");
	ok_int(index_count(&index, "sha256:a"), 1);
	ok_str(index_entry_name(&index.document.manifests[0]), NULL);

	c.annotations = (struct oci_string_map){ .items = pairs, .n = 2 };
	ok_str(index_entry_name(&c), "docker.io/library/x:1");
	index_add(&index, &c, index_entry_name(&c));
	ok(index_find(&index, "x:1") && !index_find(&index, "x"));
	index_remove(&index, 0);
	ok_int(index_count(&index, "sha256:a"), 0);
	ok(index_find(&index, "docker.io/library/x:1"));
}

int main(void)
{
	test_parse();
	test_hash();
	test_ref();
	test_human();
	test_timestamp();
	test_index();
	return tap_done();
}
