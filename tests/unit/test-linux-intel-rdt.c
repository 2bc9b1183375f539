/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory stands in for the resctrl file system: what the kernel would put
 * into a new group (its schemata and tasks) is put there by the test.
 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "linux/intel-rdt.h"

static int root_fd;

static void put(const char *path, const char *text)
{
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror(path);
	(void)close(fd);
}

/* The content of PATH, until the next call. */
static const char *get(const char *path)
{
	static char text[512];
	int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? NULL : text;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return fstatat(root_fd, path, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* What mkdir(2) brings with it on the real file system. */
static void fill(const char *group, const char *schemata)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/schemata", group);
	put(path, schemata);
	(void)snprintf(path, sizeof(path), "%s/tasks", group);
	put(path, "");
	(void)snprintf(path, sizeof(path), "%s/mon_groups", group);
	(void)mkdirat(root_fd, path, 0755);
}

/* Directories of a plain file system do not go while something is in them. */
static void empty(const char *group)
{
	static const char *const names[] = { "schemata", "tasks", "mon_groups" };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", group, names[i]);
		(void)unlinkat(root_fd, path, i == 2 ? AT_REMOVEDIR : 0);
	}
}

static int check(struct oci_intel_rdt config, struct error *err)
{
	error_clear(err);
	return intel_rdt_check(&config, err);
}

static void test_check(void)
{
	char *bad[] = { (char *)"no colon", NULL };
	struct error err = ERROR_INIT;

	ok(check((struct oci_intel_rdt){ 0 }, &err) == 0);
	ok(check((struct oci_intel_rdt){ .clos_id = "gold" }, &err) == 0);
	ok(check((struct oci_intel_rdt){ .clos_id = "/" }, &err) == 0);
	ok(check((struct oci_intel_rdt){ .clos_id = "" }, &err) == -EINVAL);
	ok(check((struct oci_intel_rdt){ .clos_id = "a/b" }, &err) == -EINVAL);
	ok(check((struct oci_intel_rdt){ .clos_id = ".." }, &err) == -EINVAL);
	ok_str(err.pointer, "linux.intelRdt.closID");
	ok(check((struct oci_intel_rdt){ .mem_bw_schema = "L3:0=f" }, &err) == -EINVAL);
	ok(check((struct oci_intel_rdt){ .mem_bw_schema = "MB:0=20\nL3:0=f" }, &err) == -EINVAL);
	ok_str(err.pointer, "linux.intelRdt.memBwSchema");
	ok(check((struct oci_intel_rdt){ .schemata = bad, .n_schemata = 1 }, &err) == -EINVAL);
}

static void test_own_group(void)
{
	struct oci_intel_rdt config = {
		.l3_cache_schema = "L3:0=7f0;1=1f\nMB:0=90",
		.mem_bw_schema = "MB:0=20;1=70",
		.enable_monitoring = false,
	};
	struct intel_rdt group = INTEL_RDT_INIT, again = INTEL_RDT_INIT;
	struct error err = ERROR_INIT;

	ok(intel_rdt_make(root_fd, &config, "box", &group, &err) == 0);
	ok_str(group.group, "box");
	ok(group.made_group && !group.monitor && is_dir("box"));
	fill("box", "");
	ok(intel_rdt_configure(root_fd, &config, &group, &err) == 0);
	ok_str(get("box/schemata"), "L3:0=7f0;1=1f\nMB:0=20;1=70\n");
	ok(intel_rdt_enter(root_fd, "box", NULL, 4321, &err) == 0);
	ok_str(get("box/tasks"), "4321");

	/* A name that is taken belongs to somebody else. */
	ok(intel_rdt_make(root_fd, &config, "box", &again, &err) == -EEXIST);
	ok(!again.made_group && is_dir("box"));
	/* Others are still in it. */
	ok(intel_rdt_remove(root_fd, "box", &err) == 0 && is_dir("box"));
	empty("box");
	ok(intel_rdt_remove(root_fd, "box", &err) == 0 && !is_dir("box"));
	ok(intel_rdt_remove(root_fd, "box", &err) == 0);
	intel_rdt_fini(&group);
	intel_rdt_fini(&again);
}

/* update: what the options name, and the way back. */
static void test_update(void)
{
	struct oci_intel_rdt config = { .l3_cache_schema = "L3:0=f", .mem_bw_schema = "MB:0=30" };
	cleanup_strbuf struct strbuf old = STRBUF_INIT;
	struct error err = ERROR_INIT;

	(void)mkdirat(root_fd, "updated", 0755);
	put("updated/schemata", "    L3:0=ff\n");
	ok(intel_rdt_update(root_fd, &config, "updated", &old, &err) == 0);
	ok_str(old.buf, "    L3:0=ff\n");
	ok_str(get("updated/schemata"), "L3:0=f\nMB:0=30\n");
	put("updated/schemata", "");
	ok(intel_rdt_write(root_fd, "updated", old.buf, &err) == 0);
	ok_str(get("updated/schemata"), "    L3:0=ff\n");
	ok(intel_rdt_update(root_fd, &config, "missing", &old, &err) == -ENOENT);
}

/* The whole schemata come after the two older fields. */
static void test_schemata_last(void)
{
	char *lines[] = { (char *)"L3:0=f", (char *)"L2:0=3", NULL };
	struct oci_intel_rdt config = {
		.clos_id = "gold",
		.l3_cache_schema = "L3:0=ff",
		.schemata = lines,
		.n_schemata = 2,
	};
	struct intel_rdt group = INTEL_RDT_INIT;
	struct error err = ERROR_INIT;

	ok(intel_rdt_make(root_fd, &config, "box", &group, &err) == 0);
	ok_str(group.group, "gold");
	fill("gold", "");
	ok(intel_rdt_configure(root_fd, &config, &group, &err) == 0);
	/* A plain file shows what was written last, over what was there. */
	ok_str(get("gold/schemata"), "L3:0=f\nL2:0=3\n");
	intel_rdt_fini(&group);
}

static int configure_gold(const char *l3, const char *mb)
{
	struct oci_intel_rdt config = {
		.clos_id = "gold", .l3_cache_schema = l3, .mem_bw_schema = mb,
	};
	struct intel_rdt group = INTEL_RDT_INIT;
	struct error err = ERROR_INIT;
	int r = intel_rdt_make(root_fd, &config, "box", &group, &err);

	if (r == 0 && !group.made_group)
		r = intel_rdt_configure(root_fd, &config, &group, &err);
	intel_rdt_fini(&group);
	return r;
}

/* Written as the kernel writes it. */
static const char shared[] = "    L3:0=00007f0;1=0001f\n    MB:0=  20;1=  70\n";

static void test_shared_group(void)
{
	put("gold/schemata", shared);
	ok(configure_gold("L3:0=7f0;1=1f", NULL) == 0);
	ok(configure_gold("L3:1=1F", "MB:1=70;0=20") == 0);
	ok(configure_gold("L3:0=7f1", NULL) == -EINVAL);
	ok(configure_gold("L3:2=7f0", NULL) == -EINVAL);
	ok(configure_gold("L2:0=7f0", NULL) == -EINVAL);
	ok(configure_gold(NULL, "MB:0=30") == -EINVAL);
	ok_str(get("gold/schemata"), shared);
	/* Nothing to compare: joined as it is. */
	ok(configure_gold(NULL, NULL) == 0);
}

static void test_missing_group(void)
{
	struct oci_intel_rdt config = { .clos_id = "silver" };
	struct intel_rdt group = INTEL_RDT_INIT;
	struct error err = ERROR_INIT;

	ok(intel_rdt_make(root_fd, &config, "box", &group, &err) == -ENOENT);
	ok_str(err.pointer, "linux.intelRdt.closID");
	ok(!is_dir("silver") && !group.made_group);
	intel_rdt_fini(&group);
}

static void test_monitoring(void)
{
	struct oci_intel_rdt config = { .clos_id = "gold", .enable_monitoring = true };
	struct intel_rdt group = INTEL_RDT_INIT;
	struct error err = ERROR_INIT;

	ok(intel_rdt_make(root_fd, &config, "box", &group, &err) == 0);
	ok_str(group.monitor, "gold/mon_groups/box");
	ok(is_dir("gold/mon_groups/box") && !group.made_group);
	put("gold/mon_groups/box/tasks", "");
	ok(intel_rdt_enter(root_fd, group.group, group.monitor, 77, &err) == 0);
	ok_str(get("gold/tasks"), "77");
	ok_str(get("gold/mon_groups/box/tasks"), "77");
	(void)unlinkat(root_fd, "gold/mon_groups/box/tasks", 0);
	ok(intel_rdt_remove(root_fd, group.monitor, &err) == 0 && !is_dir(group.monitor));
	intel_rdt_fini(&group);
}

/* "/" is the group that everything is in; it is never made or removed. */
static void test_default_group(void)
{
	struct oci_intel_rdt config = { .clos_id = "/", .enable_monitoring = true };
	struct intel_rdt group = INTEL_RDT_INIT;
	struct error err = ERROR_INIT;

	fill(".", "");
	ok(intel_rdt_make(root_fd, &config, "box", &group, &err) == 0);
	ok_str(group.group, ".");
	ok_str(group.monitor, "./mon_groups/box");
	ok(!group.made_group && is_dir("mon_groups/box"));
	intel_rdt_fini(&group);

	/* No room for a monitoring group: the group that was made for it goes too. */
	config.clos_id = NULL;
	put("mon_groups/other", "");
	ok(intel_rdt_make(root_fd, &config, "solo", &group, &err) == -ENOENT);
	ok(!group.made_group && !group.monitor && !is_dir("solo"));
	ok_str(err.pointer, "linux.intelRdt.enableMonitoring");
	intel_rdt_fini(&group);
}

static void test_refusal_is_explained(void)
{
	struct error err = ERROR_INIT;

	(void)mkdirat(root_fd, "info", 0755);
	put("info/last_cmd_status", "too many tasks\n");
	ok(intel_rdt_enter(root_fd, "nowhere", NULL, 1, &err) < 0);
	ok_str(err.hint, "the kernel says: too many tasks");
}

int main(void)
{
	char dir[] = "/tmp/dabba-rdt-XXXXXX";
	struct error err = ERROR_INIT;

	if (!mkdtemp(dir))
		return 1;
	root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_check();
	test_own_group();
	test_update();
	test_schemata_last();
	test_shared_group();
	test_missing_group();
	test_monitoring();
	test_default_group();
	test_refusal_is_explained();
	(void)close(root_fd);
	ok(file_remove_tree_at(AT_FDCWD, dir, &err) == 0);
	return tap_done();
}
