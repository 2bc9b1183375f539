/* SPDX-License-Identifier: Apache-2.0 */
/* The mount options and the planning of mounts: no system call changes anything here. */
#include "tests/unit/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/idmap.h"
#include "linux/mount-entry.h"
#include "linux/mount-options.h"
#include "linux/mount.h"

static void test_table(void)
{
	const char *previous = "", *name;
	size_t n = 0;
	bool sorted = true, found = true;

	for (; (name = mount_options_name(n)); previous = name, n++) {
		struct mount_options o = { 0 };

		sorted &= strcmp(previous, name) < 0;
		found &= mount_options_add(&o, name);
	}
	ok(n == 62);
	ok_named(sorted, "the option table is sorted");
	ok_named(found, "every option is found");
}

/* Every option that runtime-spec 1.3 says a runtime MUST or SHOULD know. */
static void test_spec_list(void)
{
	static const char *const names[] = {
		"async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec",
		"iversion", "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime", "noexec",
		"noiversion", "nolazytime", "nomand", "norelatime", "nostrictatime", "nosuid",
		"nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime",
		"remount", "rexec", "rnoatime", "rnodiratime", "rnoexec", "rnorelatime",
		"rnostrictatime", "rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro",
		"rrw", "rshared", "rslave", "rstrictatime", "rsuid", "rsymfollow", "runbindable",
		"rw", "shared", "silent", "slave", "strictatime", "suid", "symfollow", "sync",
		"unbindable", "idmap", "ridmap", "tmpcopyup", "rnodev",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct mount_options o = { 0 };

		if (!mount_options_add(&o, names[i]))
			ok_named(false, "\"%s\" is known", names[i]);
	}
	ok(ARRAY_SIZE(names) == 62);
}

static struct mount_options parse(const char *list)
{
	cleanup_free char *copy = xstrdup(list);
	struct mount_options o = { 0 };

	for (char *save = NULL, *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save))
		if (!mount_options_add(&o, s))
			abort();
	return o;
}

static void test_meaning(void)
{
	struct mount_options o = parse("ro,nosuid,rw,nodev,dev");

	ok(o.attr_set == MOUNT_ATTR_NOSUID);
	ok(o.attr_clr == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV));
	ok(o.sb_set == 0 && o.sb_clr == MS_RDONLY);

	/* An access time policy always comes with the whole field cleared first. */
	o = parse("noatime");
	ok(o.attr_set == MOUNT_ATTR_NOATIME && o.attr_clr == MOUNT_ATTR__ATIME);
	o = parse("noatime,strictatime");
	ok(o.attr_set == MOUNT_ATTR_STRICTATIME && o.attr_clr == MOUNT_ATTR__ATIME);
	o = parse("strictatime,relatime");
	ok(o.attr_set == 0 && o.attr_clr == MOUNT_ATTR__ATIME);
	o = parse("rnoatime,nodiratime");
	ok(o.rec_set == MOUNT_ATTR_NOATIME && o.attr_set == MOUNT_ATTR_NODIRATIME);

	o = parse("rslave,shared");
	ok(o.propagation == MS_SHARED && !(o.flags & MOUNT_REC_PROPAGATION));
	o = parse("rbind,shared,rprivate");
	ok(o.propagation == MS_PRIVATE && o.flags & MOUNT_REC_PROPAGATION);
	ok((o.flags & (MOUNT_BIND | MOUNT_RBIND)) == (MOUNT_BIND | MOUNT_RBIND));
	o = parse("defaults,silent,loud");
	ok(o.attr_set == 0 && o.attr_clr == 0 && o.flags == 0 && o.sb_set == 0);
	ok(!mount_options_add(&o, "size=5m") && !mount_options_add(&o, ""));
	ok(!mount_options_add(&o, "RO"));
}

/* One mount in a config with a new mount namespace. */
struct one_mount {
	struct oci_namespace namespaces[2];
	struct oci_linux lin;
	struct oci_mount mount;
	char *options[8];
	struct oci_config config;
};

static void init_one(struct one_mount *m, const char *dest, const char *type, const char *source,
		     const char *options)
{
	static char text[256];

	memset(m, 0, sizeof(*m));
	m->namespaces[0].type = OCI_NAMESPACE_MOUNT;
	m->namespaces[1].type = OCI_NAMESPACE_USER;
	m->lin.namespaces = m->namespaces;
	m->lin.n_namespaces = 1;
	m->mount = (struct oci_mount){ .destination = dest, .type = type, .source = source,
				       .options = m->options };
	(void)snprintf(text, sizeof(text), "%s", options);
	for (char *save = NULL, *s = strtok_r(text, " ", &save); s; s = strtok_r(NULL, " ", &save))
		m->options[m->mount.n_options++] = s;
	m->config = (struct oci_config){ .linux = &m->lin, .mounts = &m->mount, .n_mounts = 1 };
}

static int plan(const struct one_mount *m, struct mount_plan **out, struct error *err)
{
	struct mount_env env = MOUNT_ENV_INIT;

	env.bundle = "/bundle";
	return mount_plan_new(&m->config, &env, out, err);
}

static void test_refused(void)
{
	static const struct {
		const char *dest, *type, *source, *options, *pointer;
	} cases[] = {
		{ "", "tmpfs", NULL, "", "mounts[0].destination" },
		{ "/x", NULL, "/s", "", "mounts[0]" },
		{ "/x", "bind", "/s", "ro", "mounts[0]" },
		{ "/x", "bind", NULL, "bind", "mounts[0].source" },
		{ "/x", "bind", "/s", "bind size=5m", "mounts[0].options[1]" },
		{ "/proc", "tmpfs", "tmpfs", "", "mounts[0].destination" },
		{ "/x/..//./proc/", "tmpfs", "tmpfs", "", "mounts[0].destination" },
		{ "/proc/sys", "bind", "/s", "bind", "mounts[0].destination" },
		{ "proc/self/attr", "bind", "/s", "rbind", "mounts[0].destination" },
		{ "/proc/uptime", "tmpfs", "tmpfs", "", "mounts[0].destination" },
		{ "/x", "bind", "/s", "bind idmap", "mounts[0]" },
		{ "/x", "tmpfs", NULL, "idmap", "mounts[0]" },
		{ "/x", "bind", "/s", "bind tmpcopyup", "mounts[0]" },
		{ "/x", "proc", "/s", "tmpcopyup", "mounts[0]" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = ERROR_INIT;
		struct mount_plan *p = NULL;
		struct one_mount m;

		init_one(&m, cases[i].dest, cases[i].type, cases[i].source, cases[i].options);
		ok_named(plan(&m, &p, &err) < 0 && !p, "%s %s %s is refused", cases[i].dest,
			 cases[i].type ? cases[i].type : "-", cases[i].options);
		ok_str(err.pointer, cases[i].pointer);
	}
}

static void test_accepted(void)
{
	static const struct {
		const char *dest, *type, *source, *options, *clean;
	} cases[] = {
		{ "/proc", "proc", "proc", "", "/proc" },
		{ "/proc", NULL, "/proc", "rbind", "/proc" },
		{ "/proc/uptime", "bind", "/s", "bind ro", "/proc/uptime" },
		{ "/proc/sys/kernel/ns_last_pid", "bind", "/s", "bind",
		  "/proc/sys/kernel/ns_last_pid" },
		{ "/process", "tmpfs", "tmpfs", "", "/process" },
		{ "x/../..//y/./", "tmpfs", "tmpfs", "", "/y" },
		{ "/", "tmpfs", "tmpfs", "", "/" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = ERROR_INIT;
		struct mount_plan *p = NULL;
		struct one_mount m;

		init_one(&m, cases[i].dest, cases[i].type, cases[i].source, cases[i].options);
		ok_named(plan(&m, &p, &err) == 0, "%s is accepted (%s)", cases[i].dest, err.msg);
		if (p)
			ok_str(p->entries[0].clean, cases[i].clean);
		(void)mount_plan_free(p);
	}
}

static void test_data(void)
{
	struct error err = ERROR_INIT;
	struct mount_plan *p = NULL;
	struct one_mount m;

	init_one(
		&m, "/x", "tmpfs", "tmpfs",
		"nosuid mode=755,size=64k,ro,,nr_inodes=4 context=\"a:b:c0,c1\" lowerdir=/a\\,b:/c");
	ok(plan(&m, &p, &err) == 0);
	ok(p->entries[0].n_data == 5);
	ok(p->entries[0].options.attr_set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY));
	ok(p->entries[0].late_readonly);
	ok_str(p->entries[0].data[0].key, "mode");
	ok_str(p->entries[0].data[0].value, "755");
	ok_int(p->entries[0].data[2].option, 1);
	ok_str(p->entries[0].data[2].key, "nr_inodes");
	ok_str(p->entries[0].data[3].value, "a:b:c0,c1");
	ok_str(p->entries[0].data[4].value, "/a\\,b:/c");
	ok(p->entries[0].joined_data == NULL);
	(void)mount_plan_free(p);
}

static void test_long_data(void)
{
	struct error err = ERROR_INIT;
	struct mount_plan *p = NULL;
	struct one_mount m;
	char lower[300] = "lowerdir=";

	init_one(&m, "/x", "overlay", "overlay", "ro userxattr");
	memset(lower + 9, 'a', sizeof(lower) - 10);
	m.options[m.mount.n_options++] = lower;
	ok(plan(&m, &p, &err) == 0);
	ok(p && p->entries[0].joined_data && strlen(p->entries[0].joined_data) == 299 + 10);
	ok(str_skip_prefix(p->entries[0].joined_data, "userxattr,lowerdir=aaa") != NULL);
	(void)mount_plan_free(p);
}

static void test_label(void)
{
	struct mount_env env = { .bundle = "/b",
				 .mount_label = "u:r:t:s0:c1,c2",
				 .userns_fd = -EBADF };
	struct error err = ERROR_INIT;
	struct mount_plan *p = NULL;
	struct one_mount m;

	init_one(&m, "/x", "tmpfs", "tmpfs", "size=1m");
	ok(mount_plan_new(&m.config, &env, &p, &err) == 0);
	ok(p->entries[0].n_data == 2);
	ok_str(p->entries[0].data[1].key, "context");
	ok_str(p->entries[0].data[1].value, "u:r:t:s0:c1,c2");
	p = mount_plan_free(p);
	init_one(&m, "/x", "tmpfs", "tmpfs", "rootcontext=x");
	ok(mount_plan_new(&m.config, &env, &p, &err) == 0 && p->entries[0].n_data == 1);
	p = mount_plan_free(p);
	init_one(&m, "/proc", "proc", "proc", "");
	ok(mount_plan_new(&m.config, &env, &p, &err) == 0 && p->entries[0].n_data == 0);
	(void)mount_plan_free(p);
}

static void test_namespaces(void)
{
	struct oci_id_mapping map = { 0, 1000, 10 }, none = { 0, 0, 0 };
	struct error err = ERROR_INIT;
	struct mount_plan *p = NULL;
	struct one_mount m;

	/* In a joined namespace no name of an fd is used, so there is no mount(2). */
	init_one(&m, "/x", "tmpfs", "tmpfs", "mode=755");
	ok(plan(&m, &p, &err) == 0 && p->entries[0].joined_data);
	p = mount_plan_free(p);
	m.namespaces[0].path = "/proc/1/ns/mnt";
	ok(plan(&m, &p, &err) == 0 && !p->entries[0].joined_data);
	p = mount_plan_free(p);
	m.lin.n_namespaces = 0;
	ok(plan(&m, &p, &err) == 0 && p->entries[0].joined_data);
	p = mount_plan_free(p);

	init_one(&m, "/x", NULL, "/s", "bind ridmap");
	m.lin.n_namespaces = 2;
	ok(plan(&m, &p, &err) == 0 && p->userns);
	p = mount_plan_free(p);

	/* A mapping of its own needs both sides, and no namespace. */
	init_one(&m, "/x", NULL, "s", "bind");
	m.mount.uid_mappings = &map;
	m.mount.n_uid_mappings = 1;
	ok(plan(&m, &p, &err) < 0);
	ok_str(err.pointer, "mounts[0].gidMappings");
	m.mount.gid_mappings = &none;
	m.mount.n_gid_mappings = 1;
	ok(plan(&m, &p, &err) < 0);
	ok_str(err.pointer, "mounts[0].gidMappings[0]");
	m.mount.gid_mappings = &map;
	ok(plan(&m, &p, &err) == 0 && p->entries[0].options.flags & MOUNT_IDMAP);
	ok_str(p->entries[0].source, "/bundle/s");
	p = mount_plan_free(p);

	init_one(&m, "/dev", NULL, "/dev", "rbind");
	ok(plan(&m, &p, &err) == 0 && !mount_plan_owns_dev(p));
	p = mount_plan_free(p);
	init_one(&m, "/dev/", "tmpfs", "tmpfs", "");
	ok(plan(&m, &p, &err) == 0 && mount_plan_owns_dev(p));
	p = mount_plan_free(p);
}

static void test_idmap_check(void)
{
	struct oci_id_mapping good[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };
	struct oci_id_mapping overlap[] = { { 0, 1000, 2 }, { 1, 100000, 65536 } };
	struct oci_id_mapping beyond[] = { { 10, UINT32_MAX - 5, 6 } };
	struct idmap map = { good, good, 2, 2 }, other = { good, good, 2, 1 };
	struct error err = ERROR_INIT;

	ok(idmap_check(&map, "linux", &err) == 0);
	ok(idmap_equal(&map, &map) && !idmap_equal(&map, &other));
	map.gids = overlap;
	ok(idmap_check(&map, "linux", &err) < 0);
	ok_str(err.pointer, "linux.gidMappings[1]");
	map = (struct idmap){ beyond, good, 1, 2 };
	ok(idmap_check(&map, "linux", &err) < 0);
	ok_str(err.pointer, "linux.uidMappings[0]");
	map.n_uids = 0;
	ok(idmap_check(&map, "linux", &err) < 0);
	ok_str(err.pointer, "linux.uidMappings");
}

int main(void)
{
	test_table();
	test_spec_list();
	test_meaning();
	test_refused();
	test_accepted();
	test_data();
	test_long_data();
	test_label();
	test_namespaces();
	test_idmap_check();
	return tap_done();
}
