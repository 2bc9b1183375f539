/* SPDX-License-Identifier: Apache-2.0 */
/* Everything works on fixed buffers: a container's init may fail too, and must not allocate. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void format_once(char *buf, size_t size, const char *fmt, va_list ap)
{
	if (buf[0] == '\0')
		(void)vsnprintf(buf, size, fmt, ap);
}

void error_clear(struct error *err)
{
	err->code = 0;
	err->exit_status = 0;
	err->syscall[0] = '\0';
	err->phase[0] = '\0';
	err->step[0] = '\0';
	err->path[0] = '\0';
	err->pointer[0] = '\0';
	err->hint[0] = '\0';
	err->msg[0] = '\0';
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	error_clear(err);
	err->code = code > 0 ? -code : code;
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return err->code;
}

/*
 * The newest call that nothing works without, mount_setattr(2), came with Linux 5.12.  A
 * newer kernel says ENOSYS where somebody's seccomp filter has never heard of a call.
 */
static int explain_missing(struct error *err)
{
	return error_hint(err, "dabba needs Linux 5.12 or newer, and no seccomp filter around it "
			       "that hides %s", err->syscall);
}

int error_sys(struct error *err, const char *syscall, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t n;

	error_clear(err);
	err->code = -saved;
	(void)snprintf(err->syscall, sizeof(err->syscall), "%s", syscall);
	n = (size_t)snprintf(err->msg, sizeof(err->msg), "%s ", err->syscall);
	va_start(ap, fmt);
	(void)vsnprintf(err->msg + n, sizeof(err->msg) - n, fmt, ap);
	va_end(ap);
	n = strlen(err->msg);
	(void)snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", strerror(saved));
	return saved == ENOSYS ? explain_missing(err) : err->code;
}

int error_file(struct error *err, const char *syscall, const char *path)
{
	(void)error_sys(err, syscall, "%s", path);
	return error_path(err, "%s", path);
}

int error_context(struct error *err, const char *fmt, ...)
{
	char outer[sizeof(err->msg)];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	(void)vsnprintf(outer, sizeof(outer) - 2, fmt, ap);
	va_end(ap);
	n = strlen(outer);
	(void)snprintf(outer + n, sizeof(outer) - n, ": %s", err->msg);
	memcpy(err->msg, outer, strlen(outer) + 1);
	return err->code;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_once(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return err->code;
}

int error_pointer(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_once(err->pointer, sizeof(err->pointer), fmt, ap);
	va_end(ap);
	return err->code;
}

int error_path(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_once(err->path, sizeof(err->path), fmt, ap);
	va_end(ap);
	return err->code;
}

int error_step(struct error *err, const char *phase, const char *step)
{
	if (!err->phase[0]) {
		(void)snprintf(err->phase, sizeof(err->phase), "%s", phase);
		(void)snprintf(err->step, sizeof(err->step), "%s", step);
	}
	return err->code;
}
