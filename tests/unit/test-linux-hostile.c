/* SPDX-License-Identifier: Apache-2.0 */
/* Images that try to have the runtime mount or write where they want. Needs root. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "linux/label.h"
#include "tests/unit/box.h"
#include "tests/unit/tap.h"

static void expect_refusal(const char *where, const struct simple_mount *mounts, size_t n,
			   const char *message, const char *pointer)
{
	struct box b;
	int r;

	box_init(&b, mounts, n);
	r = box_prepare(&b);
	if (r == 0 && unshare(CLONE_NEWNS) < 0)
		_exit(94);
	if (r == 0)
		r = box_become_init(&b);
	check_in(where, r < 0, "is refused");
	if (!check_in(where, strstr(b.err.msg, message) != NULL, message))
		(void)fprintf(stderr, "# got: %s\n", b.err.msg);
	if (!check_in(where, streq(b.err.pointer, pointer), pointer))
		(void)fprintf(stderr, "# got: %s\n", b.err.pointer);
}

static void case_dev_symlink(void)
{
	put_dir("outside");
	put_link("../outside", "rootfs/dev");
	expect_refusal(__func__, NULL, 0, "/dev: Too many levels of symbolic links", "");
	CHECK(is_empty(BOX_BASE "/outside"));
}

static void case_dev_symlink_inside(void)
{
	static const struct simple_mount mounts[] = { { "/dev", "tmpfs", "tmpfs", "" } };

	put_dir("rootfs/elsewhere");
	put_link("/elsewhere", "rootfs/dev");
	expect_refusal(__func__, mounts, 1, "/dev: Too many levels of symbolic links", "");
}

static void case_proc_symlink(void)
{
	static const struct simple_mount mounts[] = { { "/proc", "proc", "proc", "" } };

	put_dir("rootfs/fake");
	put_link("/fake", "rootfs/proc");
	expect_refusal(__func__, mounts, 1, "Too many levels of symbolic links", "mounts[0]");
}

static void case_sys_parent_symlink(void)
{
	static const struct simple_mount mounts[] = { { "/a/sys", "sysfs", "sysfs", "" } };

	put_dir("rootfs/b");
	put_link("b", "rootfs/a");
	expect_refusal(__func__, mounts, 1, "Too many levels of symbolic links", "mounts[0]");
}

static void case_proc_file(void)
{
	static const struct simple_mount mounts[] = { { "/proc", "proc", "proc", "" } };

	put_file("rootfs/proc", "");
	expect_refusal(__func__, mounts, 1, "Not a directory", "mounts[0]");
}

/* A volume whose target the image leads into procfs. */
static void case_into_proc(void)
{
	static const struct simple_mount mounts[] = {
		{ "/proc", "proc", "proc", "" },
		{ "/data", "bind", "volume", "bind" },
	};

	put_dir("volume");
	put_link("/proc/sys/kernel", "rootfs/data");
	expect_refusal(__func__, mounts, 2, "inside a proc file system", "mounts[1]");
}

static void case_fake_proc(void)
{
	static const struct simple_mount mounts[] = { { "/proc", "bind", "volume", "rbind" } };

	put_dir("volume");
	expect_refusal(__func__, mounts, 1, "not the root of a proc file system",
		       "mounts[0].source");
}

static void case_missing_source(void)
{
	static const struct simple_mount mounts[] = { { "/data", "bind", "/nowhere", "rbind" } };

	expect_refusal(__func__, mounts, 1, "/nowhere: No such file or directory",
		       "mounts[0].source");
}

static void case_bad_data(void)
{
	static const struct simple_mount mounts[] = { { "/x", "tmpfs", "tmpfs", "ro sizes=1" } };

	expect_refusal(__func__, mounts, 1, "sizes=1 (tmpfs: Unknown parameter 'sizes')",
		       "mounts[0].options[1]");
}

static void case_bad_type(void)
{
	static const struct simple_mount mounts[] = { { "/x", "nosuchfs", "x", "" } };

	expect_refusal(__func__, mounts, 1, "fsopen nosuchfs: No such device", "mounts[0].type");
}

static void case_file_on_directory(void)
{
	static const struct simple_mount mounts[] = { { "/x", "bind", "file", "bind" } };

	put_file("file", "");
	put_dir("rootfs/x");
	expect_refusal(__func__, mounts, 1, "Not a directory", "mounts[0]");
}

static void case_wrong_null(void)
{
	put_dir("rootfs/dev");
	put_file("rootfs/dev/null", "evil");
	expect_refusal(__func__, NULL, 0, "device /dev/null: something else is there already", "");
}

/* A mask must not be skipped because the image made its path unusable. */
static void case_mask_magic_link(void)
{
	char *paths[] = { "/x", NULL };
	static const struct simple_mount mounts[] = { { "/proc", "proc", "proc", "" } };
	struct box b;

	put_link("/proc/self/root", "rootfs/x");
	box_init(&b, mounts, 1);
	b.lin.masked_paths = paths;
	b.lin.n_masked_paths = 1;
	CHECK(box_enter(&b) == -ELOOP);
	CHECK(streq(b.err.pointer, "linux.maskedPaths[0]"));
}

static void case_escaping_targets(void)
{
	static const struct simple_mount mounts[] = {
		{ "/up", "tmpfs", "tmpfs", "mode=711" },
		{ "../../dots", "tmpfs", "tmpfs", "" },
		{ "/dangling", "bind", "file", "bind" },
		{ "/deep/er", "bind", "volume", "bind" },
	};
	struct box b;

	put_dir("outside");
	put_dir("volume");
	put_dir("volume/seen");
	put_file("file", "content");
	put_link("../../../../../../tmp/test-box/outside", "rootfs/up");
	put_link("/tmp/made", "rootfs/dangling");
	put_link("/run", "rootfs/deep");
	box_init(&b, mounts, ARRAY_SIZE(mounts));
	put_dir("rootfs/tmp");
	put_dir("rootfs/tmp/test-box");
	put_dir("rootfs/tmp/test-box/outside");
	if (!CHECK(box_prepare(&b) == 0 && unshare(CLONE_NEWNS) == 0 && box_build(&b) == 0)) {
		(void)fprintf(stderr, "# %s\n", b.err.msg);
		return;
	}
	CHECK(is_empty(BOX_BASE "/outside"));
	CHECK(access("/tmp/made", F_OK) < 0);
	CHECK(same_fs(BOX_BASE, BOX_BASE "/outside"));
	CHECK(rootfs_pivot(&b.rootfs, &b.err) == 0);
	CHECK(!same_fs("/tmp", BOX_BASE "/outside"));
	CHECK(!same_fs("/", "/dots"));
	CHECK(has_text("/tmp/made", "content"));
	CHECK(access("/run/er/seen", F_OK) == 0);
}

static void exchange_forever(const char *a, const char *b)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

/* A process that turns a directory on the way into a symlink and back, as fast as it can. */
static void case_racing_renamer(void)
{
	static const struct simple_mount mounts[] = {
		{ "/data/tmp", "tmpfs", "tmpfs", "" },
		{ "/data/volume", "bind", "volume", "bind" },
		{ "/data/file", "bind", "hosts", "bind" },
	};
	enum { ROUNDS = 3000, SECONDS = 15 };
	const time_t end = time(NULL) + SECONDS;
	int status, escaped = 0, built = 0;
	pid_t renamer;

	put_dir("outside");
	put_dir("volume");
	put_file("hosts", "");
	put_dir("rootfs/data");
	put_link(BOX_BASE "/outside", "rootfs/link");
	renamer = fork();
	if (renamer == 0)
		exchange_forever("rootfs/data", "rootfs/link");
	for (int i = 0; i < ROUNDS && time(NULL) < end; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct box b;
			bool done;

			box_init(&b, mounts, ARRAY_SIZE(mounts));
			done = box_prepare(&b) == 0 && unshare(CLONE_NEWNS) == 0 &&
			       box_build(&b) == 0;
			_exit(is_empty(BOX_BASE "/outside") ? done : 2);
		}
		(void)waitpid(pid, &status, 0);
		escaped += WEXITSTATUS(status) == 2;
		built += WEXITSTATUS(status) == 1;
	}
	(void)kill(renamer, SIGKILL);
	(void)waitpid(renamer, NULL, 0);
	CHECK(escaped == 0);
	CHECK(is_empty("outside"));
	/* Directory or symlink, the mounts went somewhere inside. */
	CHECK(built > 0);
}

/* CVE-2019-16884, CVE-2025-52881, CVE-2025-62596: what init writes to /proc, behind the container's own. */
static void case_fake_attr(void)
{
	struct error err = ERROR_INIT;
	struct stat st;

	CHECK(proc_fd(&err) >= 0);
	put_dir("rootfs/proc");
	put_dir("rootfs/proc/42");
	put_dir("rootfs/proc/42/attr");
	put_file("rootfs/proc/42/attr/exec", "");
	put_file("rootfs/proc/42/oom_score_adj", "");
	put_link("42", "rootfs/proc/self");
	if (!CHECK(chroot("rootfs") == 0 && chdir("/") == 0))
		return;
	/* Without SELinux the kernel refuses the context, but it must be the kernel. */
	(void)label_apply_exec("evil_t", NULL, &err);
	error_clear(&err);
	(void)proc_write_self("oom_score_adj", "1000", &err);
	CHECK(stat("/proc/42/attr/exec", &st) == 0 && st.st_size == 0);
	CHECK(stat("/proc/42/oom_score_adj", &st) == 0 && st.st_size == 0);
}

static void case_console_symlink(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct box b;

	put_dir("rootfs/dev");
	put_file("victim", "");
	put_link("/victim", "rootfs/dev/console");
	box_init(&b, NULL, 0);
	CHECK(box_prepare(&b) == 0 && unshare(CLONE_NEWNS) == 0 && box_build(&b) == 0);
	CHECK(device_make_console(b.rootfs.fd, null_fd, &b.err) == -EEXIST);
}

int main(void)
{
	box_require_root();
	RUN(case_dev_symlink);
	RUN(case_dev_symlink_inside);
	RUN(case_proc_symlink);
	RUN(case_sys_parent_symlink);
	RUN(case_proc_file);
	RUN(case_into_proc);
	RUN(case_fake_proc);
	RUN(case_missing_source);
	RUN(case_bad_data);
	RUN(case_bad_type);
	RUN(case_file_on_directory);
	RUN(case_wrong_null);
	RUN(case_mask_magic_link);
	RUN(case_escaping_targets);
	RUN(case_racing_renamer);
	RUN(case_fake_attr);
	RUN(case_console_symlink);
	return tap_done();
}
