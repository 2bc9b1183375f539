/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles: what the parser refuses, and that the kernel takes the filters and
 * does what they say.  test-linux-seccomp-filter.c is about their verdicts.
 */
#include "tests/unit/tap.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/runtime.h"
#include "linux/seccomp.h"
#include "tests/unit/seccomp-data.h"

/* What a profile of one rule (unless N_ARGS says more) is refused for. */
static void refused(const struct oci_seccomp *seccomp, const char *pointer)
{
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	ok_int(seccomp_compile(seccomp, &program, &err) < 0, true);
	ok_str(err.pointer, pointer);
	seccomp_program_fini(&program);
}

static void test_refusals(void)
{
	static const uint32_t number = 1, large = 4096;
	char *names[] = { "getpid", "write", NULL };
	struct oci_seccomp_arg arg = { .index = 6, .op = OCI_SECCOMP_OPERATOR_EQ };
	struct oci_seccomp_syscall rule = { .names = names, .n_names = 1,
					    .action = OCI_SECCOMP_ACTION_ERRNO };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ALLOW,
				       .syscalls = &rule, .n_syscalls = 1 };

	seccomp.default_errno_ret = &number;
	refused(&seccomp, "linux.seccomp.defaultErrnoRet");
	seccomp.default_errno_ret = NULL;
	rule.errno_ret = &large;
	refused(&seccomp, "linux.seccomp.syscalls[0].errnoRet");
	rule.errno_ret = &number;
	rule.action = OCI_SECCOMP_ACTION_KILL;
	refused(&seccomp, "linux.seccomp.syscalls[0].errnoRet");
	rule.errno_ret = NULL;
	rule.args = &arg;
	rule.n_args = 1;
	refused(&seccomp, "linux.seccomp.syscalls[0].args[0].index");
	rule.n_args = 0;
	rule.action = OCI_SECCOMP_ACTION_NOTIFY;
	refused(&seccomp, "linux.seccomp.listenerPath");
	seccomp.listener_path = "relative";
	refused(&seccomp, "linux.seccomp.listenerPath");
	seccomp.listener_path = "/run/agent.sock";
	rule.n_names = 2;
	refused(&seccomp, "linux.seccomp.syscalls[0].names[1]");
	rule.n_names = 1;
	seccomp.default_action = OCI_SECCOMP_ACTION_NOTIFY;
	refused(&seccomp, "linux.seccomp.defaultAction");
	seccomp.default_action = OCI_SECCOMP_ACTION_ALLOW;
	rule.action = OCI_SECCOMP_ACTION_ERRNO;
	seccomp.listener_path = NULL;
	seccomp.listener_metadata = "{}";
	refused(&seccomp, "linux.seccomp.listenerMetadata");
}

/* More than the kernel takes is refused with the number; calls of one rule share their code. */
static void test_length(void)
{
	enum { N = 900 };
	static struct oci_seccomp_arg args[N];
	static struct oci_seccomp_syscall rules[N];
	char *name[] = { "getpid", NULL };
	char *names[] = { "read",  "readv",  "pread64", "open",	 "openat", "close", "fstat",
			  "lstat", "fcntl",  "ioctl",	"mmap",	 "munmap", "dup",   "dup2",
			  "pipe",  "select", "poll",	"lseek", "brk",	   "mkdir", NULL };
	struct oci_seccomp_syscall shared = { .names = names, .n_names = ARRAY_SIZE(names) - 1,
					      .action = OCI_SECCOMP_ACTION_ALLOW, .args = args,
					      .n_args = 200 };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ERRNO,
				       .syscalls = rules, .n_syscalls = N };
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < N; i++) {
		args[i] = (struct oci_seccomp_arg){ .op = OCI_SECCOMP_OPERATOR_GT,
						    .value = i << 30 };
		rules[i] = (struct oci_seccomp_syscall){ .names = name, .n_names = 1,
							 .action = OCI_SECCOMP_ACTION_ALLOW,
							 .args = &args[i], .n_args = 1 };
	}
	ok_int(seccomp_compile(&seccomp, &program, &err), -E2BIG);
	ok_named(strstr(err.msg, " instructions, but the kernel takes 4096 at most") != NULL,
		 "%s", err.msg);
	ok_str(err.pointer, "linux.seccomp.syscalls");
	seccomp = (struct oci_seccomp){ .default_action = OCI_SECCOMP_ACTION_ERRNO,
					.syscalls = &shared, .n_syscalls = 1 };
	ok_int(seccomp_compile(&seccomp, &program, &err), 0);
	ok_named(program.n_filter < 1300, "20 calls share 200 conditions: %u instructions",
		 program.n_filter);
	seccomp_program_fini(&program);
}

static struct oci_arena real_arena;
static struct oci_seccomp real;

/* The kernel takes the filter and gives the verdicts the interpreter gave. */
static int live_under_real(void)
{
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	if (seccomp_compile(&real, &program, &err) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(&program, NULL, &err) < 0)
		return 1;
	if (syscall(SYS_acct, NULL) != -1 || errno != EPERM)
		return 2;
	if (syscall(SYS_socket, 16, 2, 9) != -1 || errno != EINVAL)
		return 3;
	if (syscall(SYS_socket, 16, 3, 0) < 0 || syscall(SYS_getpid) != getpid())
		return 4;
	return syscall(5000) == -1 && errno == ENOSYS ? 0 : 5;
}

static int kill_process(void)
{
	char *names[] = { "getppid", NULL };
	struct oci_seccomp_syscall rule = { .names = names, .n_names = 1,
					    .action = OCI_SECCOMP_ACTION_KILL_PROCESS };
	enum oci_seccomp_flag flags[] = { OCI_SECCOMP_FLAG_LOG, OCI_SECCOMP_FLAG_SPEC_ALLOW,
					  OCI_SECCOMP_FLAG_TSYNC,
					  OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ALLOW,
				       .syscalls = &rule, .n_syscalls = 1,
				       .flags = flags, .n_flags = ARRAY_SIZE(flags) };
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	if (seccomp_compile(&seccomp, &program, &err) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(&program, NULL, &err) < 0)
		return 1;
	(void)syscall(SYS_getppid);
	return 2;
}

/* The child's getppid() is answered here; what the agent is sent goes through a socket. */
static int answer(int listener_fd)
{
	struct seccomp_notif request = { .id = 0 };
	struct seccomp_notif_resp response = { .val = 4711 };

	if (ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0 ||
	    request.data.nr != SYS_getppid)
		return -1;
	response.id = request.id;
	return ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int notified(const struct seccomp_program *program, const char *path)
{
	int listener_fd = -EBADF;
	struct error err = ERROR_INIT;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(program, &listener_fd, &err) < 0 || listener_fd < 0 ||
	    seccomp_send_listener(path, "{\"fds\":[\"seccompFd\"]}", listener_fd, &err) < 0)
		return 1;
	return syscall(SYS_getppid) == 4711 ? 0 : 2;
}

static int notify(void)
{
	char *names[] = { "getppid", NULL };
	struct oci_seccomp_syscall rule = { .names = names, .n_names = 1,
					    .action = OCI_SECCOMP_ACTION_NOTIFY };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ALLOW,
				       .syscalls = &rule, .n_syscalls = 1 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[64] = "", dir[] = "/tmp/test-linux-seccomp.XXXXXX";
	struct seccomp_program program;
	struct error err = ERROR_INIT;
	int server, client, listener_fd = -EBADF, status;
	size_t n_fds = 1;

	if (!mkdtemp(dir))
		return 10;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/agent", dir);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server, 1) < 0)
		return 11;
	seccomp.listener_path = address.sun_path;
	if (seccomp_compile(&seccomp, &program, &err) < 0 || !program.notifies)
		return 12;
	if (fork() == 0)
		_exit(notified(&program, address.sun_path));
	client = accept(server, NULL, NULL);
	(void)unlink(address.sun_path);
	(void)rmdir(dir);
	if (sock_recv(client, text, sizeof(text), &listener_fd, &n_fds, &err) <= 0 || n_fds != 1)
		return 13;
	if (strcmp(text, "{\"fds\":[\"seccompFd\"]}") != 0 || answer(listener_fd) < 0)
		return 14;
	(void)wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 15;
}

static void test_support(void)
{
	ok(seccomp_supports_action(OCI_SECCOMP_ACTION_ERRNO));
	ok(seccomp_supports_action(OCI_SECCOMP_ACTION_NOTIFY));
	ok(seccomp_supports_arch(OCI_SECCOMP_ARCH_AARCH64));
	ok(seccomp_supports_flag(OCI_SECCOMP_FLAG_LOG));
	ok(seccomp_supports_flag(OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV));
}

int main(void)
{
	test_refusals();
	test_length();
	test_support();
	ok_int(tap_in_child(kill_process), 128 + SIGSYS);
	ok_int(tap_in_child(notify), 0);
	if (ok(read_profile("seccomp-podman.json", &real_arena, &real)))
		ok_int(tap_in_child(live_under_real), 0);
	oci_arena_release(&real_arena);
	return tap_done();
}
