/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that reads what strangers wrote: what it may do, what it may not, what
 * /proc says of it, and how it ends.  The directory of the test has "in" to be written
 * to, "below" to be read, and "outside", which nothing may reach.
 */
#include "image/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/tree.h"
#include "linux/capability.h"
#include "tests/unit/layers.h"
#include "tests/unit/tap.h"

/* What the processes get, by the numbers that they have on both sides. */
static int in_fd, below_fd, secret_fd, up_fd, down_fd;
/* The other ends of the two pipes. */
static int up_end, down_end;

static int open_below(int dir, const char *path, int flags)
{
	return openat(dir, path, flags | O_CLOEXEC, 0600);
}

/* --- what it may not do ------------------------------------------------------------ */

static int try_absolute(void)
{
	return open_below(AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static int try_upwards(void)
{
	return open_below(in_fd, "../outside/file", O_RDONLY);
}

static int try_upwards_for_writing(void)
{
	return open_below(in_fd, "../outside/new", O_CREAT | O_WRONLY);
}

static int try_chmod_upwards(void)
{
	return fchmodat(in_fd, "../outside/file", 04777, 0);
}

static int try_chown_upwards(void)
{
	return fchownat(in_fd, "../outside/file", 1, 1, 0);
}

static int try_unlink_upwards(void)
{
	return unlinkat(in_fd, "../outside/file", 0);
}

static int try_upwards_from_below(void)
{
	return open_below(below_fd, "../outside/file", O_RDONLY);
}

static int try_other_fd(void)
{
	return fcntl(secret_fd, F_GETFD);
}

static int try_fd_by_root(void)
{
	cleanup_free char *path = xasprintf("/%d", secret_fd);

	return open_below(AT_FDCWD, path, O_RDONLY);
}

static int try_write_below(void)
{
	return open_below(below_fd, "new", O_CREAT | O_WRONLY);
}

static int try_chmod_below(void)
{
	return fchmodat(below_fd, "file", 0777, 0);
}

static int try_device(void)
{
	if (mknodat(in_fd, "null", S_IFCHR | 0666, makedev(1, 3)) < 0)
		return 0;
	return open_below(in_fd, "null", O_RDWR);
}

static int try_exec(void)
{
	static char *argv[] = { (char *)"true", NULL };

	return (int)syscall(SYS_execve, "/bin/true", argv, argv + 1);
}

static int try_exec_fd(void)
{
	static char *argv[] = { (char *)"true", NULL };

	return (int)syscall(SYS_execveat, below_fd, "file", argv, argv + 1, 0);
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static int try_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int try_signal(void)
{
	return kill(getppid(), 0);
}

static int try_signal_by_file(void)
{
	return fcntl(in_fd, F_SETOWN, 1);
}

static int try_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int try_mount(void)
{
	return mount("none", "/", "tmpfs", 0, NULL);
}

static int try_clone_mount(void)
{
	return open_tree(in_fd, ".", OPEN_TREE_CLONE);
}

static int try_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int try_chroot(void)
{
	return chroot(".");
}

static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? -1
		       : 0;
}

static int try_ioctl(void)
{
	return (int)syscall(SYS_ioctl, STDERR_FILENO, 0x5412 /* TIOCSTI */, "x");
}

static int try_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

#define TRY(name) { #name, try_##name }
static const struct attempt {
	const char *name;
	int (*function)(void);
} attempts[] = {
	TRY(absolute), TRY(upwards), TRY(upwards_for_writing), TRY(chmod_upwards),
	TRY(chown_upwards), TRY(unlink_upwards), TRY(upwards_from_below), TRY(other_fd),
	TRY(fd_by_root), TRY(write_below), TRY(chmod_below), TRY(device), TRY(exec),
	TRY(exec_fd), TRY(fork), TRY(inet), TRY(unix), TRY(signal), TRY(signal_by_file),
	TRY(ptrace), TRY(mount), TRY(clone_mount), TRY(namespace), TRY(chroot), TRY(code),
	TRY(ioctl), TRY(bpf),
};

enum { N_ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]) };

static int attempt_all(void *ctx, struct strbuf *result, struct error *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; i < N_ATTEMPTS; i++)
		strbuf_addch(result, attempts[i].function() < 0);
	return 0;
}

/* --- what it must do --------------------------------------------------------------- */

static bool write_file(void)
{
	cleanup_close int fd = open_below(in_fd, "file", O_CREAT | O_EXCL | O_WRONLY);

	return write(fd, "x", 1) == 1 && fchmod(fd, 06755) == 0 && fchown(fd, 5, 6) == 0 &&
	       fsetxattr(fd, "trusted.x", "y", 1, 0) == 0;
}

static bool mark_opaque(void)
{
	cleanup_free char *path = tree_path(in_fd, "dir");

	return mkdirat(in_fd, "dir", 0755) == 0 &&
	       lsetxattr(path, "trusted.overlay.opaque", "y", 1, 0) == 0;
}

static bool make_others(void)
{
	return mknodat(in_fd, "dir/dev", S_IFBLK | 0600, makedev(8, 1)) == 0 &&
	       mknodat(in_fd, "dir/hidden", S_IFCHR, makedev(0, 0)) == 0 &&
	       symlinkat("/etc", in_fd, "link") == 0 &&
	       linkat(in_fd, "file", in_fd, "dir/hard", 0) == 0;
}

static bool read_below(void)
{
	cleanup_close int fd = open_below(below_fd, "file", O_RDONLY);
	char c;

	return read(fd, &c, 1) == 1 && c == 'b';
}

static int use_it(void *ctx, struct strbuf *result, struct error *err)
{
	(void)ctx;
	(void)err;
	strbuf_addch(result, write_file());
	strbuf_addch(result, mark_opaque());
	strbuf_addch(result, make_others());
	strbuf_addch(result, read_below());
	return 0;
}

/* --- the tests --------------------------------------------------------------------- */

static struct confinement usual(void)
{
	return (struct confinement){ .name = "a test", .write_dir = in_fd,
				     .read_dir = below_fd,
				     .fds = { up_fd, down_fd, -EBADF, -EBADF } };
}

static void test_attempts(void)
{
	struct confinement confinement = usual();
	char failed[N_ATTEMPTS] = { 0 };
	struct error err = ERROR_INIT;

	ok_int(confine_run_sized(&confinement, attempt_all, NULL,
				 &(struct confined_result){ failed, N_ATTEMPTS }, &err), 0);
	for (size_t i = 0; i < N_ATTEMPTS; i++)
		ok_named(failed[i], "it cannot: %s", attempts[i].name);
}

static void test_uses(void)
{
	static const char *const names[] = { "a file with all attributes", "an opaque directory",
					     "devices, whiteouts, links", "reading below" };
	struct confinement confinement = usual();
	char worked[4] = { 0 };
	struct error err = ERROR_INIT;

	ok_int(confine_run_sized(&confinement, use_it, NULL,
				 &(struct confined_result){ worked, sizeof(worked) }, &err), 0);
	for (size_t i = 0; i < sizeof(worked); i++)
		ok_named(worked[i], "it can: %s", names[i]);
}

static bool reads_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
}

/*
 * Without mounts of its own there is Landlock, which knows of files, not of their modes,
 * and keeps nobody from a device that he made.
 */
static bool needs_mounts(const struct attempt *attempt)
{
	return attempt->function == try_chmod_upwards || attempt->function == try_chown_upwards ||
	       attempt->function == try_chmod_below || attempt->function == try_device;
}

static int without_mounts(void)
{
	uint64_t held = capability_grantable(false) & ~(1ULL << CAP_SYS_ADMIN);
	struct capability_sets sets = { .bounding = held, .permitted = held, .effective = held };
	struct confinement confinement = usual();
	char failed[N_ATTEMPTS] = { 0 };
	struct error err = ERROR_INIT;

	if (capability_apply(&sets, &err) < 0 ||
	    confine_run_sized(&confinement, attempt_all, NULL,
			      &(struct confined_result){ failed, N_ATTEMPTS }, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 100;
	}
	for (size_t i = 0; i < N_ATTEMPTS; i++)
		if (!failed[i] && !needs_mounts(&attempts[i]))
			return (int)i + 1;
	return 0;
}

static int report_and_wait(void *ctx, struct strbuf *result, struct error *err)
{
	pid_t pid = getpid();
	char c;

	(void)ctx;
	(void)result;
	(void)err;
	(void)!write(up_fd, &pid, sizeof(pid));
	return read(down_fd, &c, 1) == 1 ? 0 : -EIO;
}

static void show_line(const char *status, const char *key, const char *want)
{
	cleanup_free char *start = xasprintf("\n%s:\t", key);
	const char *line = strstr(status, start);
	cleanup_free char *value = NULL;

	line = line ? line + strlen(start) : "";
	value = xstrndup(line, strcspn(line, "\n"));
	ok_named(streq(value, want), "%s in /proc/PID/status is %s: %s", key, want, value);
}

/* What the kernel says of it while it works. */
static void test_status(void)
{
	struct confinement confinement = usual();
	cleanup_close int shared = memfd_create("status", MFD_CLOEXEC);
	struct error err = ERROR_INIT;
	char status[8192] = "", want[32];
	uint64_t kept = capability_grantable(false) &
			(1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER |
			 1ULL << CAP_FSETID | 1ULL << CAP_MKNOD | 1ULL << CAP_SETFCAP |
			 1ULL << CAP_SYS_ADMIN);
	pid_t observer = fork();

	if (observer == 0) {
		cleanup_free char *path = NULL;
		cleanup_close int fd = -EBADF;
		pid_t pid;

		if (read(up_end, &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		path = xasprintf("/proc/%d/status", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		(void)!write(shared, status, (size_t)read(fd, status, sizeof(status) - 1));
		_exit(write(down_end, "x", 1) != 1);
	}
	ok_int(confine_run(&confinement, report_and_wait, NULL, NULL, &err), 0);
	(void)waitpid(observer, NULL, 0);
	ok(pread(shared, status, sizeof(status) - 1, 0) > 0);
	(void)snprintf(want, sizeof(want), "%016llx", (unsigned long long)kept);
	show_line(status, "CapEff", want);
	show_line(status, "CapPrm", want);
	show_line(status, "CapInh", "0000000000000000");
	show_line(status, "CapAmb", "0000000000000000");
	show_line(status, "NoNewPrivs", "1");
	show_line(status, "Seccomp", "2");
}

/* --- its ends ---------------------------------------------------------------------- */

static int die(void *ctx, struct strbuf *result, struct error *err)
{
	(void)ctx;
	(void)result;
	(void)err;
	(void)signal(SIGSEGV, SIG_DFL);
	__builtin_trap();
}

static int fail(void *ctx, struct strbuf *result, struct error *err)
{
	strbuf_adds(result, "half of it");
	(void)error_set(err, ENOSPC, "no room for %s", (const char *)ctx);
	return error_hint(err, "make some");
}

static int say_much(void *ctx, struct strbuf *result, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < *(size_t *)ctx; i++)
		strbuf_addch(result, (char)(i % 251));
	return 0;
}

static int say_nothing(void *ctx, struct strbuf *result, struct error *err)
{
	(void)ctx;
	(void)result;
	(void)err;
	_exit(0);
}

static void test_ends(void)
{
	struct confinement confinement = usual();
	cleanup_strbuf struct strbuf result = STRBUF_INIT;
	struct error err = ERROR_INIT;
	size_t n = 1000003, wrong = 0;

	ok_int(confine_run(&confinement, die, NULL, NULL, &err), -EIO);
	ok(str_skip_prefix(err.msg, "a test: the process that reads it was killed by SIG") != NULL);
	error_clear(&err);
	ok_int(confine_run(&confinement, fail, (void *)"you", &result, &err), -ENOSPC);
	ok_str(err.msg, "no room for you");
	ok_str(err.hint, "make some");
	ok_int((int)result.len, 0);
	error_clear(&err);
	ok_int(confine_run(&confinement, say_nothing, NULL, NULL, &err), -EIO);
	ok_str(err.msg, "a test: the process that reads it ended without a word");
	error_clear(&err);
	ok_int(confine_run(&confinement, say_much, &n, &result, &err), 0);
	ok_int((long long)result.len, (long long)n);
	for (size_t i = 0; i < result.len; i++)
		wrong += result.buf[i] != (char)(i % 251);
	ok_int((long long)wrong, 0);
	ok_int(confine_run_sized(&confinement, say_much, &n,
				 &(struct confined_result){ &wrong, sizeof(wrong) }, &err), -EIO);
	ok_str(err.msg, "a test: the process that read it told nonsense");
}

/* A parent that is killed takes it along: its end of the pipe closes. */
static void test_orphan(void)
{
	struct pollfd ended = { .events = POLLIN };
	int pipe_fds[2];
	pid_t parent, pid;

	if (pipe(pipe_fds) < 0)
		return;
	ended.fd = pipe_fds[0];
	parent = fork();
	if (parent == 0) {
		struct confinement confinement = usual();
		struct error err = ERROR_INIT;

		confinement.fds[2] = pipe_fds[1];
		(void)close(pipe_fds[0]);
		_exit(confine_run(&confinement, report_and_wait, NULL, NULL, &err) < 0);
	}
	(void)close(pipe_fds[1]);
	ok(read(up_end, &pid, sizeof(pid)) == sizeof(pid));
	(void)kill(parent, SIGKILL);
	(void)waitpid(parent, NULL, 0);
	ok_named(poll(&ended, 1, 30000) == 1 && ended.revents & POLLHUP, "it dies with its parent");
	(void)close(pipe_fds[0]);
}

static int make_dir(int at, const char *name, const char *content)
{
	int fd, file_fd;

	if (mkdirat(at, name, 0755) < 0)
		exit(1);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file_fd = open_below(fd, "file", O_CREAT | O_WRONLY);
	if (content && write(file_fd, content, strlen(content)) < 0)
		exit(1);
	(void)close(file_fd);
	if (!content)
		(void)unlinkat(fd, "file", 0);
	return fd;
}

int main(void)
{
	const char *scratch = test_scratch();
	int root_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fds[2], n;
	struct stat st;

	in_fd = make_dir(root_fd, "in", NULL);
	below_fd = make_dir(root_fd, "below", "b");
	(void)close(make_dir(root_fd, "outside", "secret"));
	secret_fd = openat(root_fd, "outside/file", O_RDONLY | O_CLOEXEC);
	if (pipe(fds) < 0)
		return 1;
	up_end = fds[0], up_fd = fds[1];
	if (pipe(fds) < 0)
		return 1;
	down_fd = fds[0], down_end = fds[1];
	n = tap_count_fds();
	test_attempts();
	ok(fstatat(root_fd, "outside/file", &st, 0) == 0 && st.st_uid == 0 &&
	   (st.st_mode & 07777) == 0600);
	test_uses();
	test_status();
	if (reads_landlock())
		ok_int(tap_in_child(without_mounts), 0);
	else
		tap_skip("without mounts of its own", "this kernel has no Landlock");
	test_ends();
	test_orphan();
	ok_int(tap_count_fds(), n);
	(void)umount2(scratch, MNT_DETACH);
	(void)rmdir(scratch);
	return tap_done();
}
