/* SPDX-License-Identifier: Apache-2.0 */
#include "base/syscall.h"

#include <sys/syscall.h>
#include <unistd.h>

pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int sys_openat2(int dfd, const char *path, const struct open_how *how)
{
	return (int)syscall(SYS_openat2, dfd, path, how, sizeof(*how));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

long sys_getcwd(char *buf, size_t size)
{
	return syscall(SYS_getcwd, buf, size);
}

long sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c,
		unsigned long d)
{
	return syscall(SYS_keyctl, operation, a, b, c, d);
}
