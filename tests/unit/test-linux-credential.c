/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "libocispec/runtime.h"
#include "linux/credential.h"

static void test_parse_user(void)
{
	static const char *const bad[] = {
		"",   "x",   "1:",	 ":1",	"-1",  "1:-1", " 1",	   "1 ",
		"+1", "1:x", "1:2:3", "0x1", "1.", "4294967295", "1:4294967295", "root",
		"111111111111111111111", "99999999999", ":", "1::2",
	};
	struct credential_user user = { .uid = 77 };
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_named(credential_parse_user(bad[i], &user, &err) == -EINVAL && user.uid == 77,
			 "\"%s\" is refused", bad[i]);
	ok(credential_parse_user("1", &user, &err) == 0 && user.uid == 1 && !user.has_gid);
	ok(credential_parse_user("0:4294967294", &user, &err) == 0 && user.uid == 0);
	ok(user.has_gid && user.gid == 4294967294u);
	ok(credential_parse_user("1000:100", &user, &err) == 0 && user.uid == 1000 &&
	   user.gid == 100);
}

static void test_check(void)
{
	uint32_t groups[] = { 5, UINT32_MAX }, umask = 01000;
	struct oci_user user = { .uid = 1, .additional_gids = groups, .n_additional_gids = 2 };
	struct error err = ERROR_INIT;
	struct credential cred;

	ok(credential_check(NULL, &cred, &err) == 0 && cred.uid == 0 && cred.umask == 0022);
	ok_int(credential_check(&user, &cred, &err), -EINVAL);
	ok_str(err.pointer, "process.user.additionalGids[1]");
	user.n_additional_gids = 1;
	user.umask = &umask;
	ok_int(credential_check(&user, &cred, &err), -EINVAL);
	ok_str(err.pointer, "process.user.umask");
	umask = 0;
	ok(credential_check(&user, &cred, &err) == 0 && cred.umask == 0 && cred.n_groups == 1);
	user.gid = UINT32_MAX;
	ok_int(credential_check(&user, &cred, &err), -EINVAL);
	ok_str(err.pointer, "process.user.gid");
}

static int become(void)
{
	gid_t groups[] = { 11, 12 }, got[4];
	struct credential cred = { .uid = 1001, .gid = 1002, .umask = 027, .groups = groups,
				   .n_groups = 2 };
	struct error err = ERROR_INIT;

	if (credential_apply(&cred, &err) < 0 || getuid() != 1001 || getegid() != 1002)
		return 1;
	if (getgroups(4, got) != 2 || got[0] != 11 || got[1] != 12)
		return 2;
	if (umask(0) != 027)
		return 3;
	return credential_apply(&cred, &err) == -EPERM ? 0 : 4;
}

static int lose_groups(void)
{
	struct credential cred = { .uid = 0 };
	struct error err = ERROR_INIT;
	gid_t groups[] = { 11, 12 };

	if (setgroups(2, groups) < 0 || credential_apply(&cred, &err) < 0)
		return 1;
	return getgroups(0, NULL) == 0 ? 0 : 2;
}

/* As rootless engines find it: one id mapped, setgroups denied. */
static int denied(void)
{
	gid_t groups[] = { 0 };
	struct credential cred = { .uid = 0 };
	struct error err = ERROR_INIT;

	if (setgroups(0, NULL) < 0 || setgid(1000) < 0 || setuid(1000) < 0 ||
	    unshare(CLONE_NEWUSER) < 0)
		return 1;
	/* A change of uid leaves our own /proc files to root. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0 || proc_write_self("uid_map", "0 1000 1", &err) < 0 ||
	    proc_write_self("setgroups", "deny", &err) < 0 ||
	    proc_write_self("gid_map", "0 1000 1", &err) < 0)
		return 2;
	if (credential_apply(&cred, &err) < 0)
		return 3;
	cred.groups = groups;
	cred.n_groups = 1;
	if (credential_apply(&cred, &err) != -EPERM || !err.hint[0] || !err.pointer[0])
		return 4;
	cred.n_groups = 0;
	cred.uid = 5;
	return credential_apply(&cred, &err) == -EINVAL && err.hint[0] ? 0 : 5;
}

int main(void)
{
	test_parse_user();
	test_check();
	if (geteuid() != 0) {
		tap_skip("apply", "needs root");
		return tap_done();
	}
	ok_int(tap_in_child(become), 0);
	ok_int(tap_in_child(lose_groups), 0);
	ok_int(tap_in_child(denied), 0);
	return tap_done();
}
