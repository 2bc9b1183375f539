/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and keyrings; what needs SELinux or AppArmor itself runs in a VM. */
#include "tests/unit/tap.h"

#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/syscall.h"
#include "linux/keyring.h"
#include "linux/label.h"

static void test_mount_data(void)
{
	cleanup_strbuf struct strbuf data = STRBUF_INIT;

	label_add_mount_data(NULL, &data);
	label_add_mount_data("", &data);
	ok_str(data.buf, "");
	label_add_mount_data("system_u:object_r:container_file_t:s0:c1,c2", &data);
	ok_str(data.buf, "context=\"system_u:object_r:container_file_t:s0:c1,c2\"");
	strbuf_reset(&data);
	strbuf_adds(&data, "mode=755");
	label_add_mount_data("a:b:c:s0", &data);
	ok_str(data.buf, "mode=755,context=\"a:b:c:s0\"");
}

static void test_check(void)
{
	struct error err = ERROR_INIT;

	ok(label_check_selinux(NULL, "p", &err) == 0 && label_check_selinux("", "p", &err) == 0);
	ok(label_check_apparmor(NULL, &err) == 0 && label_check_apparmor("", &err) == 0);
	ok(label_apply_exec(NULL, "", &err) == 0);
	if (label_selinux_enabled()) {
		ok_int(label_check_selinux("no such context", "p", &err), -EINVAL);
	} else {
		ok_int(label_check_selinux("a:b:c:s0", "process.selinuxLabel", &err),
		       -EOPNOTSUPP);
		ok_str(err.pointer, "process.selinuxLabel");
	}
	err = (struct error)ERROR_INIT;
	ok_int(label_check_apparmor("no such profile", &err),
	       label_apparmor_enabled() ? -ENOENT : -EOPNOTSUPP);
	ok_str(err.pointer, "process.apparmorProfile");
	ok(err.hint[0] != '\0');
}

static int join(void)
{
	struct error err = ERROR_INIT;
	char text[256] = "";
	long before, after;

	before = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0, 0,
			    0);
	if (before < 0)
		return errno == ENOSYS || errno == EPERM ? 100 : 1;
	if (keyring_join("unit-test", NULL, false, &err) < 0)
		return 2;
	after = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0, 0, 0);
	if (after == before)
		return 3;
	if (sys_keyctl(KEYCTL_DESCRIBE, (unsigned long)after, (unsigned long)text, sizeof(text),
		       0) < 0)
		return 4;
	if (!strstr(text, ";3f1b0000;_ses.unit-test"))
		return 5;
	/* As an exec does: the same one again. */
	if (keyring_join("unit-test", NULL, false, &err) < 0)
		return 6;
	return sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0, 0,
			  0) == after
		       ? 0
		       : 7;
}

int main(void)
{
	int joined;

	test_mount_data();
	test_check();
	joined = tap_in_child(join);
	if (joined == 100)
		tap_skip("keyring_join", "no keyrings here");
	else
		ok_int(joined, 0);
	return tap_done();
}
