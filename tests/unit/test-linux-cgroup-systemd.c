/* SPDX-License-Identifier: Apache-2.0 */
/* What the systemd driver tells systemd: names of units, properties, annotations. */
#include <linux/bpf.h>
#include <stdlib.h>

#include "base/mem.h"
#include "libocispec/runtime.h"
#include "linux/cgroup-resources.h"
#include "linux/cgroup-systemd.h"
#include "linux/device-bpf.h"
#include "tests/unit/tap.h"

static void test_unit_names(void)
{
	static const struct {
		const char *path;
		bool user;
		const char *slice, *name;
	} cases[] = {
		{ NULL, false, "system.slice", "dabba-id.scope" },
		{ "", true, "user.slice", "dabba-id.scope" },
		{ "a-b.slice:pre:name", false, "a-b.slice", "pre-name.scope" },
		{ ":pre:name", false, "system.slice", "pre-name.scope" },
		{ ":pre:name", true, "user.slice", "pre-name.scope" },
		{ "::name", false, "system.slice", "name.scope" },
		{ "-:pre:name", false, "-.slice", "pre-name.scope" },
		{ "-.slice:pre:name", false, "-.slice", "pre-name.scope" },
		{ ":pre:a+b", false, "system.slice", "pre-a\\x2bb.scope" },
		{ "a.slice:pre:a-b.slice", false, NULL, "a-b.slice" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_systemd_unit struct systemd_unit unit = { 0 };
		struct error err = ERROR_INIT;

		ok_int(systemd_unit_parse(cases[i].path, "id", cases[i].user, &unit, &err), 0);
		ok_str(unit.slice, cases[i].slice);
		ok_str(unit.name, cases[i].name);
	}
	ok_str(systemd_unit_of_path("/a.slice/a-b.slice/x.scope"), "x.scope");
	ok_str(systemd_unit_of_path("/system.slice/_memory.scope"), "memory.scope");
}

static void test_bad_unit_names(void)
{
	static const char *const bad[] = {
		"/a/b", "name", "a.slice:name", "a.slice:b:c:d", "a.slice:b:", "a:b:c",
		"a--b.slice:b:c", "-a.slice:b:c", "a-.slice:b:c", "a.slice/x:b:c", "a.slice:b:c/d",
		".slice:b:c", "a.slice:b:-x.slice",
	};
	struct systemd_unit long_unit;
	struct error long_err = ERROR_INIT;
	char name[300];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct systemd_unit unit;
		struct error err = ERROR_INIT;

		ok_named(systemd_unit_parse(bad[i], "id", false, &unit, &err) == -EINVAL,
			 "\"%s\" is refused", bad[i]);
		ok_str(err.pointer, "linux.cgroupsPath");
	}
	memset(name, 'x', sizeof(name));
	memcpy(name, "::", 2);
	name[sizeof(name) - 1] = '\0';
	ok_int(systemd_unit_parse(name, "id", false, &long_unit, &long_err), -ENAMETOOLONG);
}

/* "SIGNATURE value value...", or the error's message. */
static char *parsed(const char *text)
{
	cleanup_strbuf struct strbuf signature = STRBUF_INIT;
	cleanup_strvec struct strvec values = STRVEC_INIT;
	struct error err = ERROR_INIT;

	if (systemd_variant_parse(text, &signature, &values, &err) < 0)
		return xstrdup(err.msg);
	for (size_t i = 0; i < values.n; i++)
		strbuf_addf(&signature, " %s", values.v[i]);
	return strbuf_detach(&signature);
}

static void test_variants(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "true", "b true" },
		{ " false ", "b false" },
		{ "5", "i 5" },
		{ "-0x10", "i -16" },
		{ "uint64 18446744073709551615", "t 18446744073709551615" },
		{ "byte 0xff", "y 255" },
		{ "1.5", "d 1.5" },
		{ "double 2", "d 2" },
		{ "'a \\'b\\' \"c\"'", "s a 'b' \"c\"" },
		{ "\"x\\n\"", "s x\n" },
		{ "objectpath '/a'", "o /a" },
		{ "['a', 'b']", "as 2 a b" },
		{ "[uint32 1, 2]", "au 2 1 2" },
		{ "@as []", "as 0" },
		{ "@at [1,2]", "at 2 1 2" },
		{ "@a(ss) []", "a(ss) 0" },
		{ "[('/dev/null', 'rw'), ('/dev/zero', 'r')]", "a(ss) 2 /dev/null rw /dev/zero r" },
		{ "(1, true)", "(ib) 1 true" },
		{ "(1,)", "(i) 1" },
		{ "@(tas) (1, [])", "(tas) 1 0" },
		{ "[[1], [2, 3]]", "aai 2 1 1 2 2 3" },
		/* What is refused. */
		{ "", "a boolean, number, string, array or tuple expected at the end" },
		{ "yes", "true or false expected at \"yes\"" },
		{ "byte 256", "byte expected at \"256\"" },
		{ "uint64 -1", "uint64 expected at \"-1\"" },
		{ "3000000000", "int32 expected at \"3000000000\"" },
		{ "5 6", "nothing more expected at \"6\"" },
		{ "5s", "int32 expected at \"5s\"" },
		{ "'open", "the closing quote expected at the end" },
		{ "[1, 'a']", "a number expected at \"'a']\"" },
		{ "[1, uint64 2]", "another type than the one before expected at \" 2]\"" },
		{ "[1", "\",\" or \"]\" expected at the end" },
		{ "[]", "an empty array needs its type before it, such as @as []" },
		{ "@a []", "a type and a blank after \"@\" expected at \"a []\"" },
		{ "@as ['a'", "\",\" or \"]\" expected at the end" },
		{ "()", "a tuple with more values expected at the end" },
		{ "<5>", "a boolean, number, string, array or tuple expected at \"<5>\"" },
		{ "[[[[[[[[[1]]]]]]]]]", "less nesting expected at \"[1]]]]]]]]]\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *got = parsed(cases[i].text);

		ok_str(got, cases[i].want);
	}
}

/* "NAME SIGNATURE value...;" for each. */
static char *listed(const struct systemd_properties *props)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < props->n; i++) {
		strbuf_addf(&text, "%s %s", props->v[i].name, props->v[i].signature);
		for (size_t j = 0; j < props->v[i].values.n; j++)
			strbuf_addf(&text, " %s", props->v[i].values.v[j]);
		strbuf_addch(&text, ';');
	}
	return strbuf_detach(&text);
}

static void test_files(void)
{
	static const struct {
		const char *file, *value, *want;
	} cases[] = {
		{ "memory.max", "67108864", "MemoryMax t 67108864;" },
		{ "memory.max", "max\n", "MemoryMax t 18446744073709551615;" },
		{ "memory.high", "64M", "MemoryHigh t 67108864;" },
		{ "memory.swap.max", "0", "MemorySwapMax t 0;" },
		{ "cpu.weight", "59", "CPUWeight t 59;" },
		{ "cpu.idle", "1", "CPUWeight@252 t 0;" },
		{ "cpu.idle", "0", "" },
		{ "cpu.max", "50000", "CPUQuotaPerSecUSec t 500000;" },
		{ "cpu.max", "50000 200000",
		  "CPUQuotaPeriodUSec t 200000;CPUQuotaPerSecUSec t 250000;" },
		/* 42.86 percent: more rather than less. */
		{ "cpu.max", "33333 77777",
		  "CPUQuotaPeriodUSec t 77777;CPUQuotaPerSecUSec t 430000;" },
		{ "cpu.max", "max 100000\n",
		  "CPUQuotaPeriodUSec t 100000;CPUQuotaPerSecUSec t 18446744073709551615;" },
		{ "cpuset.cpus", "0-3,8", "AllowedCPUs ay 2 15 1;" },
		{ "cpuset.mems", "", "AllowedMemoryNodes ay 0;" },
		{ "pids.max", "0", "TasksMax t 1;" },
		{ "pids.max", "33", "TasksMax t 33;" },
		{ "io.weight", "default 500\n8:0 100\n", "IOWeight t 500;" },
		{ "io.weight", "8:0 100", "" },
		{ "io.max", "8:0 rbps=1", "" },
		{ "hugetlb.2MB.max", "0", "" },
	};
	static const struct {
		const char *file, *value;
	} bad[] = {
		{ "memory.max", "much" }, { "memory.max", "-1" }, { "memory.max", "1X" },
		{ "memory.max", "99999999999G" }, { "cpu.weight", "0" }, { "cpu.weight", "10001" },
		{ "cpu.max", "1 0" }, { "cpu.max", "x" }, { "cpuset.cpus", "1-" },
		{ "cpuset.cpus", "3-1" }, { "cpuset.cpus", "a" }, { "cpuset.cpus", "99999" },
		{ "io.weight", "default x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_systemd_properties struct systemd_properties props = { 0 };
		cleanup_free char *got = NULL;
		struct error err = ERROR_INIT;

		ok_int(systemd_properties_from_file(&props, cases[i].file, cases[i].value, &err),
		       0);
		got = listed(&props);
		ok_str(got, cases[i].want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_systemd_properties struct systemd_properties props = { 0 };
		struct error err = ERROR_INIT;

		ok_named(systemd_properties_from_file(&props, bad[i].file, bad[i].value, &err) ==
				 -EINVAL, "%s: %s is refused", bad[i].file, bad[i].value);
	}
}

/* A weight for BFQ is one for all in systemd; "unified" comes last and counts. */
static void test_plan(void)
{
	uint64_t shares = 512;
	struct oci_cpu cpu = { .shares = &shares };
	uint16_t weight = 500;
	struct oci_block_io block_io = { .weight = &weight };
	struct oci_string_pair pair = { .key = (char *)"cpu.weight", .value = (char *)"77" };
	struct oci_resources resources = {
		.cpu = &cpu, .block_io = &block_io, .unified = { .items = &pair, .n = 1 },
	};
	cleanup_systemd_properties struct systemd_properties props = { 0 };
	cleanup_cgroup_plan struct cgroup_plan plan = { 0 };
	struct error err = ERROR_INIT;
	cleanup_free char *got = NULL;

	ok_int(cgroup_plan_make(&resources, &plan, &err), 0);
	ok_int(systemd_properties_from_plan(&props, &plan, &err), 0);
	got = listed(&props);
	ok_str(got, "IOWeight t 4950;CPUWeight t 77;");

	cgroup_plan_fini(&plan);
	pair.value = (char *)"heavy";
	ok_int(cgroup_plan_make(&resources, &plan, &err), 0);
	ok_int(systemd_properties_from_plan(&props, &plan, &err), -EINVAL);
	ok_str(err.pointer, "linux.resources.unified[\"cpu.weight\"]");
}

static void test_devices(void)
{
	enum { R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE, M = BPF_DEVCG_ACC_MKNOD };
	static const struct device_rule rules[] = {
		{ 'c', 9, 9, R, true },
		{ 'a', DEVICE_ANY, DEVICE_ANY, R | W | M, false },
		{ 'c', 1, 3, R | W | M, true },
		{ 'c', 1, 3, W, false },
		{ 'b', 8, DEVICE_ANY, R, true },
		{ 'a', DEVICE_ANY, DEVICE_ANY, M, true },
		{ 'c', 1, 5, R | M, true },
		{ 'c', 1, 5, R | W, true },
	};
	static const struct device_rule everything[] = {
		{ 'c', 1, 3, R, false },
		{ 'a', DEVICE_ANY, DEVICE_ANY, R | W | M, true },
		{ 'c', 1, 5, R, false },
	};
	cleanup_systemd_properties struct systemd_properties all = { 0 }, props = { 0 };
	cleanup_free char *all_got = NULL, *got = NULL;

	systemd_properties_from_devices(&all, everything, ARRAY_SIZE(everything));
	all_got = listed(&all);
	ok_str(all_got, "DevicePolicy s auto;DeviceAllow a(ss) 0;");
	systemd_properties_from_devices(&props, rules, ARRAY_SIZE(rules));
	got = listed(&props);
	ok_str(got, "DevicePolicy s strict;DeviceAllow a(ss) 0;DeviceAllow a(ss) 5 /dev/char/1:3 rwm block-8 r "
		    "block-* m char-* m /dev/char/1:5 rwm;");
}

static void test_annotations(void)
{
	static const struct {
		const char *key, *value, *want;
	} cases[] = {
		{ "org.systemd.property.TimeoutStopSec", "7", "TimeoutStopUSec t 7000000;" },
		{ "org.systemd.property.TimeoutStopSec", "1.5", "TimeoutStopUSec t 1500000;" },
		{ "org.systemd.property.TimeoutStopUSec", "uint64 7", "TimeoutStopUSec t 7;" },
		{ "org.systemd.property.CollectMode", "'inactive'", "CollectMode s inactive;" },
		{ "org.systemd.property.After", "['a.service']", "After as 1 a.service;" },
		{ "org.example.other", "]", "" },
	};
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "org.systemd.property.TimeoutStopSec", "'7'" },
		{ "org.systemd.property.TimeoutStopSec", "-1" },
		{ "org.systemd.property.", "1" },
		{ "org.systemd.property.a b c", "1" },
		{ "org.systemd.property.CPUWeight@1", "1" },
		{ "org.systemd.property.PIDs", "[uint32 1]" },
		{ "org.systemd.property.MemoryMax", "uint64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oci_string_pair pair = { (char *)cases[i].key, (char *)cases[i].value };
		struct oci_string_map map = { &pair, 1 };
		cleanup_systemd_properties struct systemd_properties props = { 0 };
		cleanup_free char *got = NULL;
		struct error err = ERROR_INIT;

		ok_int(systemd_properties_from_annotations(&props, &map, &err), 0);
		got = listed(&props);
		ok_str(got, cases[i].want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct oci_string_pair pair = { (char *)bad[i].key, (char *)bad[i].value };
		struct oci_string_map map = { &pair, 1 };
		cleanup_systemd_properties struct systemd_properties props = { 0 };
		struct error err = ERROR_INIT;

		ok_named(systemd_properties_from_annotations(&props, &map, &err) == -EINVAL &&
			 strstr(err.msg, bad[i].key), "%s: %s is refused", bad[i].key,
			 bad[i].value);
	}
}

int main(void)
{
	test_unit_names();
	test_bad_unit_names();
	test_variants();
	test_files();
	test_plan();
	test_devices();
	test_annotations();
	return tap_done();
}
