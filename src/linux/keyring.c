/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/keyring.h"

#include <linux/keyctl.h>
#include <stdio.h>

#include "base/log.h"
#include "base/syscall.h"
#include "linux/label.h"

/*
 * What the kernel gives a session keyring (all to its possessor; view, read
 * and link to its user) and the right to find it by name, so that exec can join.
 * Values: KEY_POS_ALL and friends of the kernel's linux/key.h, see keyctl(2).
 */
enum {
	KEYRING_PERM = 0x3f130000,
	KEYRING_USER_SEARCH = 0x00080000,
	KEYRING_OTHER_SEARCH = 0x00000008,
};

static int explain_refusal(const char *name, struct error *err)
{
	int code = errno;

	if (code == ENOSYS || code == EOPNOTSUPP) {
		log_debug("this kernel has no keyrings");
		return 0;
	}
	if (code == EPERM) {
		log_warning("keyctl is forbidden here: the container shares the session keyring "
			    "of its caller");
		return 0;
	}
	errno = code;
	(void)error_sys(err, "keyctl", "join session keyring \"%s\"", name);
	if (code == EDQUOT)
		(void)error_hint(err, "the user has too many keys: raise kernel.keys.maxkeys or "
				      "kernel.keys.root_maxkeys, or use --no-new-keyring");
	return err->code;
}

static int join(const char *id, bool other_user_ns, struct error *err)
{
	unsigned long perm = KEYRING_PERM |
			     (other_user_ns ? KEYRING_OTHER_SEARCH : KEYRING_USER_SEARCH);
	char name[256];
	long key;

	(void)snprintf(name, sizeof(name), "_ses.%s", id);
	key = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
	if (key < 0)
		return explain_refusal(name, err);
	/* We are in it already. */
	if (key == 0)
		return 0;
	/* EACCES: somebody else's, found by its name, who has set this already. */
	if (sys_keyctl(KEYCTL_SETPERM, (unsigned long)key, perm, 0, 0) < 0 && errno != EACCES)
		return error_sys(err, "keyctl", "set permissions of keyring \"%s\"", name);
	return 0;
}

int keyring_join(const char *id, const char *label, bool other_user_ns, struct error *err)
{
	int r = 0;

	if (label && label[0])
		r = label_apply_keycreate(label, err);
	if (r < 0)
		return r;
	r = join(id, other_user_ns, err);
	if (r == 0 && label && label[0])
		r = label_apply_keycreate("", err);
	return r;
}
