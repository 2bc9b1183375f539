/* SPDX-License-Identifier: Apache-2.0 */
#include "image/confine-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "base/str.h"
#include "libocispec/runtime.h"

/* Files by fds, memory, threads, and the end.  Where a number has an older form, both. */
static char *allowed[] = {
	/* Files that are open. */
	"read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "_llseek", "close",
	"close_range", "copy_file_range", "sendfile", "sendfile64", "fstat", "fstat64", "fstatfs",
	"fstatfs64", "ftruncate", "ftruncate64", "fallocate", "fadvise64", "fadvise64_64",
	"getdents64", "fchmod", "fchown", "fchown32", "fgetxattr", "flistxattr", "fsetxattr",
	"fremovexattr",
	/* Files by name: all of it below the directories that are left. */
	"openat", "openat2", "newfstatat", "fstatat64", "statx", "faccessat", "faccessat2",
	"readlinkat", "mkdirat", "mknodat", "linkat", "symlinkat", "unlinkat", "fchmodat",
	"fchmodat2", "fchownat", "utimensat", "utimensat_time64", "lgetxattr", "llistxattr",
	"lsetxattr", "lremovexattr", "getxattrat", "listxattrat", "setxattrat", "removexattrat",
	"umask",
	/* Memory. */
	"brk", "munmap", "mremap", "madvise", "sysinfo",
	/* Threads of one process. */
	"futex", "futex_time64", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "getpid", "gettid",
	"getrandom", "clock_gettime", "clock_gettime64", "clock_nanosleep",
	"clock_nanosleep_time64", "nanosleep", "restart_syscall", "exit", "exit_group",
};

#define NAMES(name) .names = (char *[]){ (name), NULL }, .n_names = 1
#define ALLOW(name, i, operator, v, w)                                                     \
	{ NAMES(name), .action = OCI_SECCOMP_ACTION_ALLOW,                                 \
	  .args = &(struct oci_seccomp_arg){ .index = (i), .value = (v), .value_two = (w), \
					     .op = OCI_SECCOMP_OPERATOR_##operator },      \
	  .n_args = 1 }

static const uint32_t no_such_call = ENOSYS;
static const uint32_t not_permitted = EPERM;

static struct oci_seccomp_arg thread_flag = {
	.value = CLONE_THREAD,
	.value_two = CLONE_THREAD,
	.op = OCI_SECCOMP_OPERATOR_MASKED_EQ,
};

static struct oci_seccomp_syscall rules[] = {
	{ .names = allowed, .n_names = ARRAY_SIZE(allowed), .action = OCI_SECCOMP_ACTION_ALLOW },
	/* Never new code. */
	ALLOW("mmap", 2, MASKED_EQ, PROT_EXEC, 0),
	ALLOW("mmap2", 2, MASKED_EQ, PROT_EXEC, 0),
	ALLOW("mprotect", 2, MASKED_EQ, PROT_EXEC, 0),
	/* F_SETOWN would send signals. */
	ALLOW("fcntl", 1, EQ, F_DUPFD_CLOEXEC, 0),
	ALLOW("fcntl", 1, EQ, F_GETFD, 0),
	ALLOW("fcntl", 1, EQ, F_SETFD, 0),
	ALLOW("fcntl", 1, EQ, F_GETFL, 0),
	ALLOW("fcntl64", 1, EQ, F_DUPFD_CLOEXEC, 0),
	ALLOW("fcntl64", 1, EQ, F_GETFD, 0),
	ALLOW("fcntl64", 1, EQ, F_SETFD, 0),
	ALLOW("fcntl64", 1, EQ, F_GETFL, 0),
	/* A thread, no process. */
	{ NAMES("clone"), .action = OCI_SECCOMP_ACTION_ALLOW, .args = &thread_flag, .n_args = 1 },
	/* Its flags are in memory, out of a filter's sight: libc falls back to clone(2). */
	{ NAMES("clone3"), .action = OCI_SECCOMP_ACTION_ERRNO, .errno_ret = &no_such_call },
};

const struct oci_seccomp *confine_filter(void)
{
	static struct oci_seccomp profile = {
		.default_action = OCI_SECCOMP_ACTION_ERRNO,
		.default_errno_ret = &not_permitted,
		.syscalls = rules,
		.n_syscalls = ARRAY_SIZE(rules),
	};
	struct utsname host;

	/* clone(2): there the stack comes before the flags. */
	if (uname(&host) == 0 && streq(host.machine, "s390x"))
		thread_flag.index = 1;
	return &profile;
}
