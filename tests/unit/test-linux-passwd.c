/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "linux/passwd.h"

static int root_fd;

static void put(const char *path, const char *text)
{
	struct error err = ERROR_INIT;

	if (file_replace_at(root_fd, path, text, strlen(text), 0644, &err) < 0)
		exit(1);
}

static void test_users(void)
{
	struct passwd_user user = { .uid = 0 };
	struct error err = ERROR_INIT;
	char *home = NULL;

	put("etc/passwd", "# comment\nroot:x:0:0:root:/root:/bin/sh\nbad:x:y:0::/bad:\n"
			  "neg:x:-1:0::/n:\nbig:x:4294967295:0::/b:\n"
			  "app:x:1000:100:An, App::/bin/app:more\nshort:x:7:8\nlast:x:9:9::/last");
	ok_int(passwd_find_user(root_fd, "app", &user, &err), 1);
	ok(user.uid == 1000 && user.gid == 100);
	ok_str(user.home, "");
	ok_str(user.shell, "/bin/app");
	passwd_user_fini(&user);
	ok(passwd_find_user(root_fd, "bad", &user, &err) == 0 && !user.name);
	ok_int(passwd_find_user(root_fd, "neg", &user, &err), 0);
	ok_int(passwd_find_uid(root_fd, UINT32_MAX, &user, &err), 0);
	ok_int(passwd_find_uid(root_fd, 7, &user, &err), 1);
	ok_str(user.home, "");
	passwd_user_fini(&user);

	ok(passwd_home(root_fd, 0, &home, &err) == 0);
	ok_str(home, "/root");
	free(home);
	ok(passwd_home(root_fd, 9, &home, &err) == 0);
	ok_str(home, "/last");
	free(home);
	ok(passwd_home(root_fd, 1000, &home, &err) == 0);
	ok_str(home, "/");
	free(home);
	ok(passwd_home(root_fd, 5555, &home, &err) == 0);
	ok_str(home, "/");
	free(home);
}

static void test_groups(void)
{
	struct passwd_group group = { .gid = 0 };
	struct error err = ERROR_INIT;
	gid_t *gids = NULL;
	size_t n = 99;

	ok_named(passwd_user_groups(root_fd, "app", &gids, &n, &err) == 0 && n == 0,
		 "no group file is no groups");
	put("etc/group", "root:x:0:\nadm:x:4:app,other\nx:x:no:app\nwheel:x:10:other\n"
			 "dev:x:20:other,app\nlast:x:30:app");
	ok_int(passwd_find_group(root_fd, "wheel", &group, &err), 1);
	ok(group.gid == 10);
	passwd_group_fini(&group);
	ok_int(passwd_find_group(root_fd, "none", &group, &err), 0);
	ok(passwd_user_groups(root_fd, "app", &gids, &n, &err) == 0 && n == 3);
	ok(gids && gids[0] == 4 && gids[1] == 20 && gids[2] == 30);
	free(gids);
}

/* An image whose /etc/passwd wants to be something else. */
static void test_hostile(void)
{
	struct passwd_user user = { .uid = 0 };
	struct error err = ERROR_INIT;
	int fd;

	(void)unlinkat(root_fd, "etc/passwd", 0);
	(void)symlinkat("/../../../etc/passwd", root_fd, "etc/passwd");
	ok_named(passwd_find_user(root_fd, "root", &user, &err) < 0 || !user.name,
		 "a link out of the root stays inside (and loops)");
	(void)unlinkat(root_fd, "etc/passwd", 0);
	(void)mkfifoat(root_fd, "etc/passwd", 0644);
	ok_int(passwd_find_user(root_fd, "root", &user, &err), -EINVAL);
	(void)unlinkat(root_fd, "etc/passwd", 0);
	fd = openat(root_fd, "etc/passwd", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	ok(fd >= 0 && ftruncate(fd, 1 << 30) == 0);
	fd_close(&fd);
	ok_int(passwd_find_user(root_fd, "root", &user, &err), -EFBIG);
}

int main(void)
{
	char dir[] = "/tmp/test-linux-passwd.XXXXXX";
	struct error err = ERROR_INIT;
	int before;

	if (!mkdtemp(dir))
		return 1;
	before = tap_count_fds();
	root_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(root_fd, "etc", 0755);
	test_users();
	test_groups();
	test_hostile();
	fd_close(&root_fd);
	ok_int(tap_count_fds(), before);
	(void)file_remove_tree_at(AT_FDCWD, dir, &err);
	return tap_done();
}
