/* SPDX-License-Identifier: Apache-2.0 */
/* Root file systems in user namespaces, of root and of a user without any privilege. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/mem.h"
#include "base/syscall.h"
#include "linux/idmap.h"
#include "tests/unit/box.h"
#include "tests/unit/tap.h"

static char *masked[] = { "/proc/keys", "/sys/firmware", "/missing", NULL };

struct userns_case {
	uint64_t clone_flags;
	struct oci_id_mapping map;
	const struct simple_mount *mounts;
	size_t n;
	void (*look)(void);
	const char *where;
	bool no_pivot;
};

static void run_in_userns(const struct userns_case *c)
{
	struct oci_id_mapping map = c->map;
	struct idmap idmap = { &map, &map, 1, 1 };
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS | c->clone_flags,
				   .exit_signal = SIGCHLD };
	int go[2], status = -1;
	struct box b;
	pid_t pid;

	if (chown("rootfs", map.host_id, map.host_id) < 0 || pipe2(go, O_CLOEXEC) < 0)
		_exit(89);
	box_init(&b, c->mounts, c->n);
	b.rootfs.no_pivot = c->no_pivot;
	b.namespaces[2].type = OCI_NAMESPACE_USER;
	b.namespaces[3].type = OCI_NAMESPACE_PID;
	b.lin.n_namespaces = c->clone_flags & CLONE_NEWPID ? 4 : 3;
	b.lin.uid_mappings = b.lin.gid_mappings = &map;
	b.lin.n_uid_mappings = b.lin.n_gid_mappings = 1;
	b.lin.masked_paths = masked;
	b.lin.n_masked_paths = ARRAY_SIZE(masked) - 1;
	if (box_prepare(&b) < 0)
		(void)fprintf(stderr, "# %s\n", b.err.msg);
	pid = sys_clone3(&args);
	if (pid == 0) {
		char byte;
		int r;

		if (read(go[0], &byte, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			_exit(2);
		r = box_become_init(&b);
		if (r < 0)
			(void)fprintf(stderr, "# %s\n", b.err.msg);
		if (check_in(c->where, r == 0, "the rootfs in a user namespace"))
			c->look();
		_exit(0);
	}
	check_in(c->where, rootfs_leave(&b.rootfs, &b.err) == 0, "back from the rootfs");
	check_in(c->where, idmap_write(pid, &idmap, &b.err) == 0, "the maps are written");
	(void)write(go[1], "x", 1);
	(void)waitpid(pid, &status, 0);
	check_in(c->where, status == 0, "init ended well");
}

static void look_userns(void)
{
	struct stat st;

	CHECK(is_device("/dev/null", 1, 3, 0666) && !same_fs("/dev", "/dev/null"));
	CHECK(open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && getpid() == 1);
	CHECK(stat("/idmapped/file", &st) == 0 && st.st_uid == 0);
	CHECK(stat("/plain/file", &st) == 0 && st.st_uid == 65534);
	CHECK(has_flags("/sys", ST_NOSUID | ST_NODEV | ST_NOEXEC));
	CHECK(is_empty("/sys/firmware") && is_device("/proc/keys", 1, 3, 0666));
	CHECK(has_text("/proc/self/mountinfo", "/shared rw,relatime shared:"));
	CHECK(has_text("/proc/self/mountinfo", "master:"));
}

static const struct simple_mount userns_mounts[] = {
	{ "/proc", "proc", "proc", "" },
	{ "/dev", "tmpfs", "tmpfs", "mode=755" },
	{ "/sys", "sysfs", "sysfs", "nosuid noexec nodev ro" },
	{ "/idmapped", "bind", "volume", "bind idmap" },
	{ "/plain", "bind", "volume", "bind" },
	{ "/shared", "bind", "volume", "bind shared" },
};

static void case_userns(void)
{
	struct userns_case c = { CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC, { 0, 100000, 65536 },
				 userns_mounts, ARRAY_SIZE(userns_mounts), look_userns, __func__ };

	put_dir("volume");
	put_file("volume/file", "");
	if (mount(NULL, BOX_BASE, NULL, MS_SHARED, NULL) < 0)
		_exit(88);
	run_in_userns(&c);
}

/* The network namespace is the host's: its sysfs stands in for a new one. */
static void case_userns_host_network(void)
{
	struct userns_case c = { CLONE_NEWPID, { 0, 100000, 65536 }, userns_mounts,
				 ARRAY_SIZE(userns_mounts), look_userns, __func__ };

	put_dir("volume");
	put_file("volume/file", "");
	if (mount(NULL, BOX_BASE, NULL, MS_SHARED, NULL) < 0)
		_exit(88);
	run_in_userns(&c);
}

static void look_hidden(void)
{
	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && access(BOX_BASE, F_OK) < 0);
	check_host_hidden();
}

/* The host's mounts are locked here: they cannot be taken away, only covered. */
static void case_userns_no_pivot(void)
{
	struct userns_case c = { CLONE_NEWPID | CLONE_NEWNET,
				 { 0, 100000, 65536 },
				 userns_mounts,
				 2,
				 look_hidden,
				 __func__,
				 .no_pivot = true };

	run_in_userns(&c);
}

static void look_rootless(void)
{
	struct stat st;

	CHECK(is_device("/dev/null", 1, 3, 0666) && open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
	CHECK(stat("/data/file", &st) == 0 && st.st_uid == 0 && has_flags("/data", ST_RDONLY));
	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && getpid() == 1);
	CHECK(access(BOX_BASE, F_OK) < 0);
}

/* A user with nothing but one id: the sources are opened by init. */
static void case_rootless(void)
{
	static const struct simple_mount mounts[] = {
		{ "/proc", "proc", "proc", "" },
		{ "/dev", "tmpfs", "tmpfs", "mode=755" },
		{ "/data", "bind", "volume", "rbind ro" },
	};
	struct userns_case c = { CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC, { 0, 4321, 1 }, mounts,
				 ARRAY_SIZE(mounts), look_rootless, __func__ };

	if (chown(".", 4321, 4321) < 0 || chown("rootfs", 4321, 4321) < 0 ||
	    setresgid(4321, 4321, 4321) < 0 || setresuid(4321, 4321, 4321) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		_exit(87);
	put_dir("volume");
	put_file("volume/file", "");
	run_in_userns(&c);
}

int main(void)
{
	box_require_root();
	RUN(case_userns);
	RUN(case_userns_host_network);
	RUN(case_userns_no_pivot);
	RUN(case_rootless);
	return tap_done();
}
