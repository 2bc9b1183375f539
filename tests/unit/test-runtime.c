/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of runtime/, and the protocol over a socket pair. */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/proc.h"
#include "runtime/container.h"
#include "runtime/hooks.h"
#include "runtime/store.h"
#include "runtime/sync.h"
#include "runtime/validate.h"

static void test_version(void)
{
	static const char *const good[] = { "1.0.0", "1.3.0", "1.0.2-dev", "1.1.0-rc.1",
					    "1.2.3+build.5", "1.0.0-a-b+c" };
	static const char *const bad[] = { "",	      "1",	"1.0",	  "2.0.0",
					   "1.0.0.0", "1.0.",	"v1.0.0", "1.0.0-",
					   "1.01.0",  "1.0.0 ", "1.0.0+", "1..0" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ok_named(validate_version(good[i]), "version \"%s\" is taken", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_named(!validate_version(bad[i]), "version \"%s\" is refused", bad[i]);
}

static void test_id(void)
{
	static const char *const bad[] = { "", ".", "..", ".a", "a/b", "a b", "a\n", "ä" };
	struct error err = ERROR_INIT;
	char longest[257];

	ok(store_check_id("a-B_1+2.3", &err) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_named(store_check_id(bad[i], &err) == -EINVAL, "id \"%s\" is refused", bad[i]);
	memset(longest, 'a', 256);
	longest[256] = '\0';
	ok_int(store_check_id(longest, &err), -EINVAL);
	longest[255] = '\0';
	ok_int(store_check_id(longest, &err), 0);
}

static void test_sync(void)
{
	struct error err = ERROR_INIT, failure = ERROR_INIT;
	int before = tap_count_fds();
	struct sync_message msg = { 0 };
	int pair[2], passed_fd;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		exit(1);
	ok_int(sync_send(pair[0], SYNC_SECCOMP, 7, &err), 0);
	ok_int(sync_receive(pair[1], &msg, NULL, &err), 1);
	ok(msg.type == SYNC_SECCOMP && msg.value == 7);

	ok_int(sync_send_fd(pair[0], SYNC_CONSOLE, 5, STDIN_FILENO, &err), 0);
	ok_int(sync_receive(pair[1], &msg, &passed_fd, &err), 1);
	ok(msg.type == SYNC_CONSOLE && msg.value == 5 && passed_fd >= 0);
	fd_close(&passed_fd);

	ok_int(sync_send(pair[0], SYNC_READY, 0, &err), 0);
	ok_int(sync_expect(pair[1], SYNC_PROCEED, &err), -EPROTO);

	error_set(&failure, EACCES, "mounts[2]: no");
	error_hint(&failure, "try again");
	failure.exit_status = 126;
	sync_send_error(pair[0], &failure);
	ok_int(sync_receive(pair[1], &msg, NULL, &err), -EACCES);
	ok_str(err.msg, "mounts[2]: no");
	ok_str(err.hint, "try again");
	ok_int(err.exit_status, 126);

	/* A hostile init cannot make us run over the end of a message. */
	memset(failure.msg, 'x', sizeof(failure.msg));
	sync_send_error(pair[0], &failure);
	ok_int(sync_receive(pair[1], &msg, NULL, &err), -EACCES);
	ok_int((int)strlen(err.msg), sizeof(err.msg) - 1);
	(void)!write(pair[0], "x", 1);
	ok_int(sync_receive(pair[1], &msg, NULL, &err), -EPROTO);

	fd_close(&pair[0]);
	ok_int(sync_receive(pair[1], &msg, NULL, &err), 0);
	/* An init that died must not take the runtime with it by SIGPIPE. */
	ok_int(sync_send(pair[1], SYNC_PROCEED, 0, &err), -EPIPE);
	fd_close(&pair[1]);
	ok_int(tap_count_fds(), before);
}

/* R16, CVE-2021-43784: a message is as long as its kind says, whatever the sender says. */
static void test_message_sizes(void)
{
	struct error err = ERROR_INIT;
	struct sync_message msg = { .type = SYNC_READY };
	static char big[70000];
	int pair[2], passed_fd;
	ssize_t n;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		exit(1);
	memset(big, 'x', sizeof(big));
	memcpy(big, &msg, sizeof(msg));
	n = write(pair[0], big, sizeof(big));
	ok_named(n == (ssize_t)sizeof(big) && sync_receive(pair[1], &msg, NULL, &err) == -EMSGSIZE,
		 "R16: a message that is too long");
	n = write(pair[0], big, sizeof(msg) - 1);
	ok_named(n > 0 && sync_receive(pair[1], &msg, &passed_fd, &err) == -EPROTO,
		 "R16: a message that is too short");
	/* A code that would be one, if it were there. */
	memset(big, 0xff, sizeof(big));
	msg.type = SYNC_ERROR;
	memcpy(big, &msg, sizeof(msg));
	n = write(pair[0], big, sizeof(msg) + sizeof(err) / 2);
	ok_named(n > 0 && sync_receive(pair[1], &msg, NULL, &err) == -EPROTO,
		 "R16: half an error record");
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* "run" tells init to go on before it asks; an init that fails first is heard all the same. */
static void test_sync_unread(void)
{
	struct error err = ERROR_INIT, failure = ERROR_INIT;
	struct sync_message msg = { 0 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		exit(1);
	ok_int(sync_send(pair[0], SYNC_START, 0, &err), 0);
	error_set(&failure, EACCES, "no");
	sync_send_error(pair[1], &failure);
	fd_close(&pair[1]);
	ok_int(sync_receive(pair[0], &msg, NULL, &err), -EACCES);
	ok_str(err.msg, "no");
	ok_int(sync_receive(pair[0], &msg, NULL, &err), 0);
	fd_close(&pair[0]);
}

/* The same when it has ended already, so that nothing can be sent. */
static void test_sync_gone(void)
{
	struct error err = ERROR_INIT, failure = ERROR_INIT;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		exit(1);
	ok_int(sync_send(pair[1], SYNC_READY, 0, &err), 0);
	error_set(&failure, EACCES, "no");
	sync_send_error(pair[1], &failure);
	fd_close(&pair[1]);
	ok_int(sync_send(pair[0], SYNC_START, 0, &err), -EACCES);
	ok_str(err.msg, "no");
	ok_int(sync_send(pair[0], SYNC_START, 0, &err), -EPIPE);
	fd_close(&pair[0]);
}

static int run_shell(const char *script, int32_t timeout, const char *state, struct error *err)
{
	char *args[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	struct oci_hook hook = { .path = "/bin/sh", .args = args, .n_args = 3 };
	struct hook_list list = {
		.name = "prestart", .hooks = &hook, .n = 1, .default_env = environ
	};

	if (timeout)
		hook.timeout = &timeout;
	return hooks_run(&list, state, err);
}

static void test_hooks(void)
{
	struct error err = ERROR_INIT;
	int before = tap_count_fds();

	ok_int(run_shell("test \"$(cat)\" = '{\"id\":1}'", 0, "{\"id\":1}", &err), 0);
	ok_int(run_shell("exit 0", 0, "not read", &err), 0);
	ok_int(run_shell("echo one; echo two >&2; exit 3", 0, "", &err), -ECANCELED);
	ok_str(err.msg, "prestart hook #0: /bin/sh exited with status 3: one two");
	ok_str(err.pointer, "hooks.prestart[0]");
	ok_int(run_shell("kill -9 $$", 0, "", &err), -ECANCELED);
	ok_str(err.msg, "prestart hook #0: /bin/sh was killed by signal 9");
	ok_int(run_shell("exec sleep 60", 1, "", &err), -ETIMEDOUT);
	ok_int(tap_count_fds(), before);
}

static void test_store(void)
{
	struct container c = CONTAINER_INIT, other = CONTAINER_INIT, loaded = CONTAINER_INIT;
	char root[] = "/tmp/test-runtime.XXXXXX";
	struct strvec ids = STRVEC_INIT;
	struct error err = ERROR_INIT;
	/* base/proc.h keeps its fd of /proc. */
	bool primed = proc_fd(&err) >= 0;
	int before = tap_count_fds();
	enum oci_status status = 0;
	char deep[64];

	if (!primed || !mkdtemp(root))
		exit(1);
	(void)snprintf(deep, sizeof(deep), "%s/a/b", root);
	ok_int(store_create(&c, deep, "one", &err), 0);
	ok_int(store_create(&other, deep, "one", &err), -EEXIST);
	container_fini(&other);
	ok_int(store_create(&other, deep, "another", &err), 0);

	/* Before state.json: created by a live process, then by one that died. */
	ok_int(container_load(&loaded, deep, "one", &err), 0);
	ok_int(container_status(&loaded, &status, &err), 0);
	ok_int(status, OCI_STATUS_CREATING);
	ok_int(container_lock(&loaded, false, &err), -EBUSY);

	c.record.oci_version = "1.0.0";
	c.record.id = c.id;
	c.record.bundle = "/bundle";
	ok_int(store_save(&c, &err), 0);
	container_fini(&c);
	container_fini(&loaded);
	ok_int(container_load(&loaded, deep, "one", &err), 0);
	ok_str(loaded.record.bundle, "/bundle");
	ok_int(container_status(&loaded, &status, &err), 0);
	ok_int(status, OCI_STATUS_STOPPED);
	container_fini(&loaded);

	/* A pid that is alive, but not since then, is another process. */
	ok_int(container_load(&loaded, deep, "another", &err), 0);
	loaded.record.pid = getpid();
	loaded.record.pid_start_time = 1;
	ok_int(container_status(&loaded, &status, &err), 0);
	ok_int(status, OCI_STATUS_STOPPED);
	ok_int(container_open_pidfd(&loaded, &err), -ESRCH);
	container_fini(&loaded);

	ok_int(store_list(deep, &ids, &err), 0);
	ok(ids.n == 2 && streq(ids.v[0], "another") && streq(ids.v[1], "one"));
	strvec_release(&ids);
	ok_int(container_load(&loaded, deep, "one", &err), 0);
	ok_int(mkdirat(loaded.dir_fd, "left by a killed create", 0700), 0);
	ok_int(store_remove(&loaded, deep, &err), 0);
	container_fini(&loaded);
	ok_int(container_load(&loaded, deep, "one", &err), -ENOENT);
	ok_str(err.msg, "container does not exist: \"one\"");
	container_fini(&loaded);
	container_fini(&other);
	ok_int(file_remove_tree_at(AT_FDCWD, root, &err), 0);
	ok_int(tap_count_fds(), before);
}

int main(void)
{
	test_version();
	test_id();
	test_sync();
	test_message_sizes();
	test_sync_unread();
	test_sync_gone();
	test_hooks();
	test_store();
	return tap_done();
}
