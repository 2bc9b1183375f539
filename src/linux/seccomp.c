/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sock.h"
#include "libocispec/runtime.h"
#include "linux/seccomp-names.h"
#include "linux/seccomp-profile.h"
#include "linux/seccomp-tree.h"

int seccomp_compile(const struct oci_seccomp *seccomp, struct seccomp_program *out,
		    struct error *err)
{
	struct seccomp_profile profile = SECCOMP_PROFILE_INIT;
	int r;

	*out = (struct seccomp_program)SECCOMP_PROGRAM_INIT;
	if (!seccomp)
		return 0;
	r = seccomp_profile_parse(seccomp, &profile, err);
	if (r == 0)
		r = seccomp_tree_compile(&profile, out, err);
	out->flags = profile.flags;
	out->notifies = profile.notifies;
	seccomp_profile_fini(&profile);
	return r < 0 ? error_context(err, "seccomp") : 0;
}

void seccomp_program_fini(struct seccomp_program *program)
{
	free(program->filter);
	*program = (struct seccomp_program)SECCOMP_PROGRAM_INIT;
}

static int explain(const struct seccomp_program *program, struct error *err)
{
	int code = errno;

	(void)error_sys(err, "seccomp", "load a filter of %u instructions", program->n_filter);
	if (code == EACCES)
		(void)error_hint(err, "without process.noNewPrivileges it needs CAP_SYS_ADMIN");
	else if (code == EINVAL)
		(void)error_hint(err, "this kernel may not know a flag of linux.seccomp.flags");
	else if (code == EBUSY)
		(void)error_hint(err, "a filter with SCMP_ACT_NOTIFY is in force already");
	return err->code;
}

int seccomp_install(const struct seccomp_program *program, int *listener_fd,
		    struct error *err)
{
	struct sock_fprog fprog = { .len = program->n_filter, .filter = program->filter };
	long r;

	if (program->n_filter == 0)
		return 0;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &fprog);
	if (r < 0)
		return explain(program, err);
	if (program->notifies && listener_fd)
		*listener_fd = (int)r;
	return 0;
}

int seccomp_send_listener(const char *path, const char *state, int listener_fd,
			  struct error *err)
{
	cleanup_close int socket_fd = sock_connect(path, SOCK_STREAM, err);
	int r = socket_fd < 0 ? socket_fd
			      : sock_send(socket_fd, state, strlen(state), &listener_fd, 1, err);

	if (r == 0)
		return 0;
	(void)error_pointer(err, "linux.seccomp.listenerPath");
	return error_context(err, "hand the seccomp listener to %s", path);
}

bool seccomp_supports_action(enum oci_seccomp_action action)
{
	uint32_t word = seccomp_profile_action(action);

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &word) == 0;
}

bool seccomp_supports_arch(enum oci_seccomp_arch arch)
{
	return seccomp_names_arch(arch) != NULL;
}

/* No filter at all: a kernel that knows the flag gets as far as EFAULT. */
bool seccomp_supports_flag(enum oci_seccomp_flag flag)
{
	unsigned int bits = seccomp_profile_flag(flag);

	if (bits & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		bits |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, bits, NULL) < 0 && errno == EFAULT;
}
