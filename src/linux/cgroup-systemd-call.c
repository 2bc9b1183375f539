/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsystemd is a shared library and brings others along: it is loaded by a
 * program of its own, which runs only where systemd is asked for something.
 * The request is that program's arguments and its answer what it prints; so
 * what the dynamic linker has to say when it fails is seen as well.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/syscall.h"
#include "linux/cgroup-systemd.h"
#include "linux/self-exe.h"

#define HELPER "dabba-systemd"

enum { MAX_ANSWER = 1 << 16 };

/* What the helper prints, each text ended by '\0' (src/systemd/main.c). */
struct answer {
	const char *word;
	/* "ok": of the unit. */
	const char *cgroup;
	/* "error": the method, the D-Bus name of the error, its message. */
	const char *method, *name, *message;
};

/* The whole range of ids, as the first user namespace has it. */
static bool maps_all_users(void)
{
	cleanup_strbuf struct strbuf map = STRBUF_INIT;
	cleanup_close int fd = -EBADF;
	struct error ignored;
	unsigned long inside, outside, size;

	fd = proc_open_self("uid_map", O_RDONLY, &ignored);
	return fd >= 0 && file_read_fd(fd, "uid_map", 1 << 16, &map, &ignored) == 0 &&
	       sscanf(map.buf, "%lu %lu %lu", &inside, &outside, &size) == 3 &&
	       size == UINT32_MAX;
}

/* Root of a user namespace has a system manager only if pid 1 is inside as well. */
bool systemd_is_user(void)
{
	struct stat own, first;

	if (geteuid() != 0)
		return true;
	if (maps_all_users())
		return false;
	return stat("/proc/self/ns/user", &own) < 0 || stat("/proc/1/ns/user", &first) < 0 ||
	       own.st_dev != first.st_dev || own.st_ino != first.st_ino;
}

/* Beside the runtime, as in the build tree; else where it is installed. */
static int find_helper(char **out, struct error *err)
{
	cleanup_free char *beside = xasprintf("%s/" HELPER, self_exe_dir());

	if (access(beside, X_OK) == 0) {
		*out = take_ptr(beside);
		return 0;
	}
	if (access(PKGLIBEXECDIR "/" HELPER, X_OK) == 0) {
		*out = xstrdup(PKGLIBEXECDIR "/" HELPER);
		return 0;
	}
	(void)error_set(err, ENOTSUP, "the systemd cgroup manager needs the program " HELPER
			", which is neither %s nor " PKGLIBEXECDIR "/" HELPER, beside);
	return error_hint(err, "it is built where libsystemd is found (apt-get install "
			       "libsystemd-dev); or use --cgroup-manager=cgroupfs");
}

static void make_argv(struct strvec *argv, const char *verb, const char *unit)
{
	strvec_push(argv, HELPER);
	strvec_push(argv, systemd_is_user() ? "user" : "system");
	strvec_push(argv, verb);
	strvec_push(argv, unit);
}

static void add_properties(struct strvec *argv, const struct systemd_properties *props)
{
	for (size_t i = 0; i < props->n; i++) {
		strvec_push(argv, props->v[i].name);
		strvec_push(argv, props->v[i].signature);
		strvec_pushv(argv, props->v[i].values.v);
	}
}

static void __attribute__((noreturn)) exec_helper(const char *path, char **argv, int out_fd)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(out_fd, STDERR_FILENO) >= 0)
		(void)execv(path, argv);
	dprintf(out_fd, "execve: %s", strerror(errno));
	_exit(127);
}

static int run_helper(const char *path, char **argv, struct strbuf *answer, int *status,
		      struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	int pair[2], r;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return error_sys(err, "pipe2", "for %s", path);
	read_fd = pair[0];
	write_fd = pair[1];
	pid = sys_clone3(&args);
	if (pid < 0)
		return error_sys(err, "clone3", "for %s", path);
	if (pid == 0)
		exec_helper(path, argv, write_fd);
	fd_close(&write_fd);
	r = file_read_fd(read_fd, HELPER, MAX_ANSWER, answer, err);
	if (TEMP_FAILURE_RETRY(waitpid(pid, status, 0)) < 0)
		*status = 0;
	return r;
}

/* The N-th text of the answer, "" if there are less. */
static const char *nth(const struct strbuf *answer, size_t n)
{
	const char *at = answer->buf, *end = answer->buf + answer->len;

	while (n-- > 0 && at < end)
		at += strlen(at) + 1;
	return at < end ? at : "";
}

static void add_hint(const struct answer *a, struct error *err)
{
	if (streq(a->method, "connect") && systemd_is_user())
		(void)error_hint(err, "the user's own systemd must run (loginctl enable-linger "
				 "USER) and XDG_RUNTIME_DIR name its directory; or use "
				 "--cgroup-manager=cgroupfs");
	else if (streq(a->method, "connect"))
		(void)error_hint(err, "is systemd pid 1 of this machine? otherwise use "
				 "--cgroup-manager=cgroupfs");
	else if (str_has_suffix(a->name, ".UnitExists"))
		(void)error_hint(err, "\"systemctl status\" shows whose it is; give each container "
				 "a linux.cgroupsPath of its own");
	/* A value of another type than the property has: systemd does not say which. */
	else if (str_has_suffix(a->name, ".ENXIO"))
		(void)error_hint(err, "the value of an annotation org.systemd.property.* has the "
				 "wrong type: sizes and times are \"uint64 N\"");
	else if (str_has_suffix(a->name, ".PropertyReadOnly") ||
		 str_has_suffix(a->name, ".InvalidArgs"))
		(void)error_hint(err, "properties come from linux.resources and from annotations "
				 "org.systemd.property.*; systemd may be too old for one");
}

static int code_of(const char *name)
{
	static const struct {
		const char *suffix;
		int code;
	} codes[] = {
		{ ".UnitExists", EEXIST },	{ ".NoSuchUnit", ENOENT },
		{ ".AccessDenied", EACCES },	{ ".PropertyReadOnly", EINVAL },
		{ ".InvalidArgs", EINVAL },	{ ".InvalidSignature", EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (str_has_suffix(name, codes[i].suffix))
			return codes[i].code;
	return EIO;
}

static int explain(const char *path, const char *unit, const struct strbuf *text, int status,
		   struct error *err)
{
	struct answer a = {
		.word = nth(text, 0),
		.method = nth(text, 1),
		.name = nth(text, 2),
		.message = nth(text, 3),
	};

	if (!streq(a.word, "error"))
		return error_set(err, EIO, "%s ended with status %d: \"%.*s\"", path,
				 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
				 (int)strcspn(a.word, "\n"), a.word);
	if (streq(a.method, "connect"))
		(void)error_set(err, ENOTCONN, "cannot connect to the systemd of this %s for unit "
				"%s: %s", systemd_is_user() ? "user" : "machine", unit, a.message);
	else
		(void)error_set(err, code_of(a.name), "systemd: %s: unit %s: %s (%s)", a.method,
				unit, a.message, a.name);
	add_hint(&a, err);
	return err->code;
}

/* UNIT is in ARGV, too. */
static int call(const struct strvec *argv, const char *unit, char **cgroup, struct error *err)
{
	cleanup_strbuf struct strbuf answer = STRBUF_INIT;
	cleanup_free char *path = NULL;
	int status, r = find_helper(&path, err);

	if (r == 0)
		r = run_helper(path, argv->v, &answer, &status, err);
	if (r < 0)
		return r;
	if (!streq(nth(&answer, 0), "ok"))
		return explain(path, unit, &answer, status, err);
	if (cgroup)
		*cgroup = xstrdup(nth(&answer, 1));
	return 0;
}

int systemd_start(const char *unit, const struct systemd_properties *props, char **cgroup,
		  struct error *err)
{
	cleanup_strvec struct strvec argv = STRVEC_INIT;

	make_argv(&argv, "start", unit);
	add_properties(&argv, props);
	return call(&argv, unit, cgroup, err);
}

int systemd_set(const char *unit, const struct systemd_properties *props, struct error *err)
{
	cleanup_strvec struct strvec argv = STRVEC_INIT;

	make_argv(&argv, "set", unit);
	add_properties(&argv, props);
	return call(&argv, unit, NULL, err);
}

int systemd_attach(const char *unit, const char *below, pid_t pid, struct error *err)
{
	cleanup_strvec struct strvec argv = STRVEC_INIT;

	make_argv(&argv, "attach", unit);
	strvec_push(&argv, below);
	strvec_pushf(&argv, "%d", (int)pid);
	return call(&argv, unit, NULL, err);
}

int systemd_stop(const char *unit, struct error *err)
{
	cleanup_strvec struct strvec argv = STRVEC_INIT;

	make_argv(&argv, "stop", unit);
	return call(&argv, unit, NULL, err);
}
