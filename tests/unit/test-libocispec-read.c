/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the reader and the writer: what is wrong, and where. */
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

#define OCI_1 "\"ociVersion\":\"1.3.0\""
#define DIGITS  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int read_text(struct oci_arena *arena, const struct oci_object *table, const char *text,
		     void *out, struct oci_error *err)
{
	size_t len = strlen(text);
	char *exact = sample_exact_copy(text, len);
	int r = oci_read(arena, table, exact, len, "f", out, err);

	free(exact);
	return r;
}

/* The message for a config.json, or NULL if it is good. */
static const char *complaint(const char *text, struct oci_error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_config config;
	int r = read_text(&arena, &oci_config_object, text, &config, err);

	oci_arena_release(&arena);
	return r < 0 ? err->msg : NULL;
}

static void test_messages(void)
{
	static const struct {
		const char *text;
		const char *msg;
	} cases[] = {
		/* places */
		{ "{" OCI_1 ",\n\"linux\": {\"resources\":\n {\"devices\": [{\"allow\": true},"
		  "{\"allow\": true, \"major\": \"x\"}]}}}",
		  "f:3:56: linux.resources.devices[1].major: expected an integer, got \"x\"" },
		{ "{" OCI_1 ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\\\"\\\\\",\"b\",1]}}",
		  "f:1:64: process.args[2]: expected a string, got 1" },
		{ "{" OCI_1 ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",{}]}}",
		  "f:1:56: process.args[1]: expected a string, got an object" },
		{ "{" OCI_1 ",\"annotations\":{\"org.x/y\":[]}}",
		  "f:1:48: annotations[\"org.x/y\"]: expected a string, got a list" },
		{ "{" OCI_1 ",\"hostname\": \"a\\\"b\\u0000c\"}",
		  "f:1:35: hostname: the string holds a NUL character" },
		{ "{" OCI_1 ",\"hostname\": \"\\udc00\"}",
		  "f:1:35: hostname: the string is not UTF-8, or holds half a surrogate pair" },
		{ "{" OCI_1 ",\"hostname\":\"a\",\n\t\"hostname\":\"b\"}",
		  "f:2:2: hostname: given twice" },
		{ "{" OCI_1 ",\"annotations\":{\"b\":\"\",\"a\":\"\",\"b\":\"\"}}",
		  "f:1:37: annotations: \"b\" is given twice" },
		{ "{" OCI_1 ",\"annotations\":{\"\":\"\"}}", "f:1:38: annotations: an empty key" },
		{ "{" OCI_1 ",\"mounts\":[{\"destination\":\"/\"},{}]}",
		  "f:1:53: mounts[1].destination: missing from the mount" },
		{ "{}", "f:1:1: ociVersion: missing from the config" },
		{ "[]", "f:1:1: expected an object, got a list" },
		{ "null", "f:1:1: expected an object, got null" },
		{ "\"x\"", "f:1:1: expected an object, got \"x\"" },
		/* numbers */
		{ "{" OCI_1 ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-1}}}",
		  "f:1:58: process.user.uid: expected an integer from 0 to 4294967295, got -1" },
		{ "{" OCI_1 ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":4294967296}}}",
		  "f:1:58: process.user.uid: expected an integer from 0 to 4294967295, got "
		  "4294967296" },
		{ "{" OCI_1 ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":1e3}}}",
		  "f:1:58: process.user.uid: expected an integer, got 1e3" },
		{ "{" OCI_1 ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":1.0}}}",
		  "f:1:58: process.user.uid: expected an integer, got 1.0" },
		{ "{" OCI_1
		  ",\"linux\":{\"resources\":{\"pids\":{\"limit\":9223372036854775808}}}}",
		  "f:1:61: linux.resources.pids.limit: expected an integer from "
		  "-9223372036854775808 to 9223372036854775807, got 9223372036854775808" },
		{ "{" OCI_1
		  ",\"linux\":{\"resources\":{\"pids\":{\"limit\":-9223372036854775809}}}}",
		  "f:1:61: linux.resources.pids.limit: expected an integer from "
		  "-9223372036854775808 to 9223372036854775807, got -9223372036854775809" },
		{ "{" OCI_1 ",\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}}",
		  "f:1:67: hooks.poststop[0].timeout: expected an integer from 1 to 2147483647, "
		  "got 0" },
		/* names and forms */
		{ "{" OCI_1 ",\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}",
		  "f:1:54: linux.namespaces[0].type: expected a type of namespace (mount, pid, "
		  "network, uts, ipc, user, cgroup, time), got \"net\"" },
		{ "{" OCI_1 ",\"linux\":{\"namespaces\":[{\"type\":\"\"}]}}",
		  "f:1:54: linux.namespaces[0].type: expected a type of namespace (mount, pid, "
		  "network, uts, ipc, user, cgroup, time), got \"\"" },
		{ "{" OCI_1 ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
		  "\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}}}",
		  "f:1:97: linux.seccomp.syscalls[0].names: the list is empty" },
		/* null is not a value */
		{ "{\"ociVersion\":null}", "f:1:15: ociVersion: expected a string, got null" },
		{ "{" OCI_1 ",\"process\":{\"cwd\":\"/\",\"args\":[null]}}",
		  "f:1:52: process.args[0]: expected a string, got null" },
		/* not JSON */
		{ "", "f:1:1: invalid JSON: premature EOF" },
		{ "{" OCI_1 ",}", "f:1:23: invalid JSON: invalid object key (must be a string)" },
		{ "{" OCI_1 "} x", "f:1:24: invalid JSON: trailing garbage" },
		{ "{" OCI_1 "}{}", "f:1:23: invalid JSON: trailing garbage" },
	};
	struct oci_error err = OCI_ERROR_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!ok_str(complaint(cases[i].text, &err), cases[i].msg))
			printf("# for: %s\n", cases[i].text);
	}
	(void)complaint("{" OCI_1 ",\n \"process\": {\"cwd\": 3}}", &err);
	ok_int(err.code, -EINVAL);
	ok_str(err.path, "process.cwd");
	ok_int(err.line, 2);
	ok_int(err.column, 21);
}

static void test_accepted(void)
{
	static const char *const good[] = {
		/* What Go writes for nil. */
		"{" OCI_1
		",\"process\":null,\"mounts\":null,\"annotations\":null,\"hostname\":null}",
		"{" OCI_1 ",\"linux\":{\"rootfsPropagation\":\"\",\"netDevices\":{}}}",
		/* Unknown members of every form. */
		"{" OCI_1 ",\"x\":{\"y\":[{\"z\":[[]]}],\"ociVersion\":1},\"vm\":{\"a\":1e99},"
		"\"hostname\":\"h\"}",
		"{\"x\":1,\"x\":1," OCI_1 "}",
		" \r\n\t{" OCI_1 "}\n \n",
		"{" OCI_1 ",\"process\":{\"cwd\":\"\",\"user\":{\"uid\":-0,\"gid\":4294967295}}}",
	};
	struct oci_error err = OCI_ERROR_INIT;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok_str(complaint(good[i], &err), NULL);
}

static void test_values(void)
{
	static const char text[] =
		"{" OCI_1 ",\"process\":{\"cwd\":\"/\\u00e9\\ud83d\\ude00\",\"args\":[\"a\",\"b\"],"
		"\"env\":[]},"
		"\"linux\":{\"resources\":{\"memory\":{\"limit\":-9223372036854775808,"
		"\"swappiness\":18446744073709551615},\"cpu\":{\"quota\":9223372036854775807},"
		"\"rdma\":{\"mlx\":{\"hcaHandles\":0}}},\"rootfsPropagation\":\"rslave\"}}";
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error err = OCI_ERROR_INIT;
	const struct oci_resources *resources;
	struct oci_config c;

	if (!ok(read_text(&arena, &oci_config_object, text, &c, &err) == 0))
		return;
	ok_str(c.process->cwd, "/\xc3\xa9\xf0\x9f\x98\x80");
	ok(c.process->n_args == 2 && !c.process->args[2]);
	ok(c.process->env && c.process->n_env == 0 && !c.process->env[0]);
	ok(!c.process->user && !c.process->oom_score_adj && !c.root);
	resources = c.linux->resources;
	ok(*resources->memory->limit == INT64_MIN && !resources->memory->swap);
	ok(*resources->memory->swappiness == UINT64_MAX);
	ok(*resources->cpu->quota == INT64_MAX);
	ok(resources->n_rdma == 1 && *resources->rdma[0].hca_handles == 0);
	ok_str(resources->rdma[0].key, "mlx");
	ok(c.linux->rootfs_propagation == OCI_PROPAGATION_RSLAVE);
	oci_arena_release(&arena);
}

/* What no table knows outlives a read and a write, also deep inside. */
static void test_rest(void)
{
	static const char text[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"x\" : [ 1.50 , {\"a b\":\"c  d\"} ],"
		"\"config\":{\"Cmd\":[],\"Hostname\":\"\\u00e9\\\"\",\"Tty\":false},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null,\"y\":{}},"
		"\"history\":[{\"created_by\":\"sh\",\"z\":null}]}";
	static const char want[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\","
		"\"config\":{\"Cmd\":[],\"Hostname\":\"\\u00e9\\\"\",\"Tty\":false},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[],\"y\":{}},"
		"\"history\":[{\"created_by\":\"sh\",\"z\":null}],\"x\":[1.50,{\"a b\":\"c  d\"}]}";
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_image_config config;
	char *buf = NULL;
	size_t len = 0;

	ok_int(read_text(&arena, &oci_image_config_object, text, &config, &err), 0);
	ok_str(oci_string_map_get(&config.rest, "x"), "[ 1.50 , {\"a b\":\"c  d\"} ]");
	ok_str(oci_string_map_get(&config.config->rest, "Tty"), "false");
	ok_int(oci_write(&oci_image_config_object, &config, 0, &buf, &len, &err), 0);
	ok_str(buf, want);
	free(buf);
	ok_int(read_text(&arena, &oci_layout_object,
			 "{\"imageLayoutVersion\":\"1.0.0\",\"a\":1,\"a\":2}", &config, &err),
	       -EINVAL);
	ok_str(err.msg, "f:1:1: \"a\" is given twice");
	oci_arena_release(&arena);
}

/* VALUE, as no table knows it, after a read and a write; NULL if that fails. */
static char *copy_rest(const char *value, unsigned int flags, struct oci_error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_string_pair pair = { "x", (char *)value };
	struct oci_layout in = { .image_layout_version = "1.0.0", .rest = { &pair, 1 } },
			  out;
	char *text = NULL, *again = NULL;
	size_t len = 0;

	if (oci_write(&oci_layout_object, &in, flags, &text, &len, err) == 0 &&
	    read_text(&arena, &oci_layout_object, text, &out, err) == 0)
		(void)oci_write(&oci_layout_object, &out, flags, &again, &len, err);
	free(text);
	oci_arena_release(&arena);
	return again;
}

static void test_rest_of_any_form(void)
{
	static const struct {
		const char *value;
		unsigned int flags;
		const char *want;
	} cases[] = {
		{ " 18446744073709551616.10e+400 ", 0, "18446744073709551616.10e+400" },
		{ "\"\\ud800 \\\"\\u0000\\\\\"", 0, "\"\\ud800 \\\"\\u0000\\\\\"" },
		{ "[\"\",\"\\/\",true,null]", 0, "[\"\",\"\\/\",true,null]" },
		{ "{\"\\u0061\\\"\" : [ ]}", 0, "{\"a\\\"\":[]}" },
		{ "{ }", OCI_WRITE_TABS, " {}" },
		{ "[{},[ [] ],{\"a\":{}}]", OCI_WRITE_INDENT,
		  " [\n    {},\n    [\n      []\n    ],\n    {\n      \"a\": {}\n    }\n  ]" },
	};
	/* Text that only looks like a value. */
	static const char *const bad[] = { " ",	 "1 2",	       "[1,]",	 "{\"a\"}",
					   "tru", "\"\xff\"", "[1] //", "{\"\\udfff\":1}" };
	struct oci_error err = OCI_ERROR_INIT;
	char want[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = copy_rest(cases[i].value, cases[i].flags, &err);
		const char *got = text ? strstr(text, "\"x\":") : NULL;

		(void)snprintf(want, sizeof(want), "\"x\":%s%s", cases[i].want,
			       cases[i].flags ? "\n}\n" : "}");
		ok_str(got, want);
		free(text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *text = copy_rest(bad[i], 0, &err);

		(void)snprintf(want, sizeof(want), "layout: x: \"%s\" is not JSON", bad[i]);
		ok_str(text ? text : err.msg, want);
		free(text);
	}
}

/* More brackets than the reader lets in, and than yajl's generator has room for. */
static void test_rest_too_deep(void)
{
	char deep[2 * 200 + 1] = "";
	struct oci_error err = OCI_ERROR_INIT;

	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	ok(!copy_rest(deep, 0, &err));
	ok_int(err.code, -EINVAL);
	ok_str(err.msg, "layout: nested too deep");
}

/* What is kept must be fit to be written, also the keys deep inside. */
static void test_rest_keys(void)
{
	static const char nul[] = "{\"imageLayoutVersion\":\"1.0.0\",\"x\":[{\"a\\u0000\":1}]}";
	static const char half[] = "{\"imageLayoutVersion\":\"1.0.0\",\"x\":[{\"\\udc00\":1}]}";
	static const char passed_over[] = "{" OCI_1 ",\"x\":[{\"\\udc00\\u0000\":1}]}";
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_config config;
	struct oci_layout layout;

	ok_int(read_text(&arena, &oci_layout_object, nul, &layout, &err), -EINVAL);
	ok_str(err.msg, "f:1:37: the string holds a NUL character");
	ok_int(read_text(&arena, &oci_layout_object, half, &layout, &err), -EINVAL);
	ok_str(err.msg, "f:1:37: the string is not UTF-8, or holds half a surrogate pair");
	ok_int(read_text(&arena, &oci_config_object, passed_over, &config, &err), 0);
	oci_arena_release(&arena);
}

static void test_digests(void)
{
	static const struct {
		const char *digest;
		bool good;
	} cases[] = {
		{ "sha256:" DIGITS, true },
		{ "sha512:" DIGITS DIGITS, true },
		{ "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", true },
		{ "sha256:" DIGITS "0", false },
		{ "sha256:ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		  false },
		{ "sha512:" DIGITS, false },
		{ "sha256", false },
		{ "", false },
		{ ":", false },
		{ "sha256:", false },
		{ "a:../../etc/passwd", false },
		{ "a/b:c", false },
		{ "a..b:c", false },
		{ "a.:c", false },
		{ "a:b:c", false },
	};
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_descriptor out;
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r;

		(void)snprintf(text, sizeof(text),
			       "{\"mediaType\":\"a/b\",\"size\":1,\"digest\":\"%s\"}",
			       cases[i].digest);
		r = read_text(&arena, &oci_descriptor_object, text, &out, &err);
		ok_named((r == 0) == cases[i].good, "the digest \"%s\" is %s", cases[i].digest,
			 cases[i].good ? "good" : "refused");
	}
	oci_arena_release(&arena);
}

static void test_list(void)
{
	static const char text[] = "[{\"Config\":\"c\",\"RepoTags\":null,\"Layers\":[\"l\"]},"
				   "{\"Config\":\"d\",\"Layers\":[]}]";
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_list list = { NULL, 7 };
	const struct oci_docker_image *images;
	char *buf = NULL;
	size_t len = 0;

	ok_int(oci_read_list(&arena, &oci_docker_image_object, "[{\"Config\":1}]", 14, "m", &list,
			     &err),
	       -EINVAL);
	ok_str(err.msg, "m:1:12: [0].Config: expected a string, got 1");
	ok(list.n == 7);
	ok_int(oci_read_list(&arena, &oci_docker_image_object, text, strlen(text), "m", &list,
			     &err),
	       0);
	images = list.items;
	ok(list.n == 2 && images[1].n_layers == 0);
	ok_str(images[0].layers[0], "l");
	ok_int(oci_write_list(&oci_docker_image_object, &list, 0, &buf, &len, &err), 0);
	ok_str(buf, "[{\"Config\":\"c\",\"Layers\":[\"l\"]},{\"Config\":\"d\",\"Layers\":[]}]");
	free(buf);
	oci_arena_release(&arena);
}

static const char *write_complaint(const struct oci_object *table, const void *obj,
				   struct oci_error *err)
{
	char *buf = NULL;
	size_t len;
	int r = oci_write(table, obj, 0, &buf, &len, err);

	free(buf);
	return r < 0 ? err->msg : NULL;
}

static void test_write_errors(void)
{
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_mount mount = { .destination = NULL };
	struct oci_config config = { .oci_version = "1", .mounts = &mount, .n_mounts = 1 };
	struct oci_state state = { .oci_version = "1", .id = "a", .bundle = "/" };
	struct oci_index index = { .schema_version = 1 };

	ok_str(write_complaint(&oci_config_object, &config, &err),
	       "config: mounts[0].destination: missing from the mount");
	ok_str(err.path, "mounts[0].destination");
	ok_int(err.code, -EINVAL);
	mount.destination = "/\xff";
	ok_str(write_complaint(&oci_config_object, &config, &err),
	       "config: mounts[0].destination: the string is not UTF-8");
	ok_str(write_complaint(&oci_state_object, &state, &err),
	       "state: status: missing from the state");
	state.status = 99;
	ok_str(write_complaint(&oci_state_object, &state, &err),
	       "state: status: 99 does not stand for a state");
	state.status = OCI_STATUS_RUNNING;
	state.pid = -1;
	ok_str(write_complaint(&oci_state_object, &state, &err),
	       "state: pid: -1 is not from 0 to 2147483647");
	ok_str(write_complaint(&oci_index_object, &index, &err),
	       "index: schemaVersion: 1 is not from 2 to 2");
}

static void test_layout_of_text(void)
{
	struct oci_error err = OCI_ERROR_INIT;
	struct oci_string_pair pair = { "k", "v" };
	struct oci_state state = {
		.oci_version = "1",
		.id = "a",
		.status = OCI_STATUS_CREATED,
		.bundle = "/",
		.annotations = { &pair, 1 },
	};
	char *buf = NULL;
	size_t len;

	ok_int(oci_write(&oci_state_object, &state, OCI_WRITE_INDENT, &buf, &len, &err), 0);
	ok_str(buf, "{\n  \"ociVersion\": \"1\",\n  \"id\": \"a\",\n  \"status\": \"created\",\n"
		    "  \"bundle\": \"/\",\n  \"annotations\": {\n    \"k\": \"v\"\n  }\n}\n");
	free(buf);
}

int main(void)
{
	test_messages();
	test_accepted();
	test_values();
	test_rest();
	test_rest_of_any_form();
	test_rest_too_deep();
	test_rest_keys();
	test_digests();
	test_list();
	test_write_errors();
	test_layout_of_text();
	return tap_done();
}
