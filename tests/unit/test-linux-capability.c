/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <sys/capability.h>
#include <unistd.h>

#include "base/log.h"
#include "libocispec/runtime.h"
#include "linux/capability.h"
#include "linux/credential.h"

static int n_warnings;

static void count_warning(enum log_level level, const char *msg)
{
	(void)msg;
	if (level == LOG_LEVEL_WARNING)
		n_warnings++;
}

static uint64_t bit(int number)
{
	return UINT64_C(1) << number;
}

static void test_names(void)
{
	ok_int(capability_from_name("CAP_CHOWN"), CAP_CHOWN);
	ok_int(capability_from_name("cap_net_raw"), CAP_NET_RAW);
	ok_int(capability_from_name("NET_RAW"), CAP_NET_RAW);
	ok_int(capability_from_name("CAP_CHECKPOINT_RESTORE"), CAP_CHECKPOINT_RESTORE);
	ok(capability_from_name("CAP_NONSENSE") < 0);
	ok(capability_from_name("7") < 0);
	ok(capability_from_name("CAP_7") < 0);
	ok(capability_from_name("") < 0);
	ok(capability_from_name("CAP_") < 0);
	ok(capability_from_name("CAP_A_NAME_FAR_LONGER_THAN_ANY_CAPABILITY_HAS") < 0);
}

static void test_list(void)
{
	cleanup_strvec struct strvec list = STRVEC_INIT;

	capability_list(&list);
	ok(list.n > 37);
	ok_str(list.v[0], "CAP_CHOWN");
	for (size_t i = 0; i < list.n; i++)
		if (capability_from_name(list.v[i]) < 0)
			ok_named(false, "%s of the list is a name", list.v[i]);
}

/* All that the kernel headers of this build know. */
static void test_table(void)
{
	int n_same = 0;

	for (int number = 0; number <= CAP_LAST_CAP; number++) {
		char *name = cap_to_name(number);

		n_same += capability_from_name(name) == number;
		(void)cap_free(name);
	}
	ok_named(n_same > CAP_LAST_CAP, "the names are libcap's");
}

static void test_parse(void)
{
	char *known[] = { "CAP_CHOWN", "CAP_KILL", "CAP_MADE_UP", NULL };
	char *chown[] = { "CAP_CHOWN", NULL };
	char *kill[] = { "CAP_KILL", NULL };
	struct oci_capabilities caps = {
		.bounding = known, .n_bounding = 3,
		.permitted = chown, .n_permitted = 1,
		.effective = kill, .n_effective = 1,
		.inheritable = kill, .n_inheritable = 1,
		.ambient = kill, .n_ambient = 1,
	};
	struct capability_sets sets;

	capability_parse(NULL, UINT64_MAX, &sets);
	ok(!sets.bounding && !sets.permitted && !sets.effective && !sets.ambient);
	n_warnings = 0;
	capability_parse(&caps, UINT64_MAX, &sets);
	ok_int((long long)sets.bounding, (long long)(bit(CAP_CHOWN) | bit(CAP_KILL)));
	ok(sets.permitted == bit(CAP_CHOWN) && sets.inheritable == bit(CAP_KILL));
	ok_named(!sets.effective && !sets.ambient, "nothing beyond the permitted set");
	ok_named(n_warnings == 3, "one warning for the name, one for each set cut down");

	n_warnings = 0;
	capability_parse(&caps, bit(CAP_CHOWN), &sets);
	ok_named(sets.bounding == bit(CAP_CHOWN) && !sets.inheritable,
		 "what cannot be granted is left out");
	ok(n_warnings > 0);
}

static void test_add(void)
{
	struct capability_sets sets = { .bounding = 0 };
	int n_before;

	capability_add(&sets, "CAP_NET_ADMIN");
	ok(sets.effective == bit(CAP_NET_ADMIN) && sets.bounding == sets.permitted);
	ok_named(!sets.inheritable && !sets.ambient, "exec --cap never makes it inheritable");
	n_before = n_warnings;
	capability_add(&sets, "CAP_NET_ADMINX");
	ok(n_warnings == n_before + 1 && sets.effective == bit(CAP_NET_ADMIN));
}

/* What the kernel says we have, by libcap. */
static uint64_t flag_set(cap_flag_t flag)
{
	cap_t now = cap_get_proc();
	uint64_t set = 0;

	for (int number = 0; number < (int)cap_max_bits(); number++) {
		cap_flag_value_t value = CAP_CLEAR;

		(void)cap_get_flag(now, number, flag, &value);
		if (value == CAP_SET)
			set |= bit(number);
	}
	(void)cap_free(now);
	return set;
}

static int lose_most(void)
{
	struct capability_sets sets = {
		.bounding = bit(CAP_CHOWN) | bit(CAP_NET_RAW),
		.permitted = bit(CAP_CHOWN) | bit(CAP_NET_RAW),
		.effective = bit(CAP_CHOWN),
		.inheritable = bit(CAP_NET_RAW),
		.ambient = bit(CAP_NET_RAW),
	};
	struct credential cred = { .uid = 12345, .gid = 12345 };
	struct error err = ERROR_INIT;

	if (capability_apply_bounding(&sets, cred.uid != 0, &err) < 0 || credential_apply(&cred, &err) < 0 ||
	    capability_apply(&sets, &err) < 0)
		return 1;
	if (flag_set(CAP_PERMITTED) != (bit(CAP_CHOWN) | bit(CAP_NET_RAW)) ||
	    flag_set(CAP_EFFECTIVE) != bit(CAP_CHOWN) ||
	    flag_set(CAP_INHERITABLE) != bit(CAP_NET_RAW))
		return 2;
	if (cap_get_bound(CAP_SYS_ADMIN) != 0 || cap_get_bound(CAP_CHOWN) != 1)
		return 3;
	if (cap_get_ambient(CAP_NET_RAW) != 1 || cap_get_ambient(CAP_CHOWN) != 0)
		return 4;
	/* A second time, without CAP_SETPCAP: what is gone already is no error. */
	if (capability_apply_bounding(&sets, false, &err) < 0)
		return 5;
	sets.bounding = 0;
	return capability_apply_bounding(&sets, false, &err) == -EPERM ? 0 : 6;
}

int main(void)
{
	log_set_sink(count_warning, LOG_LEVEL_WARNING);
	test_names();
	test_list();
	test_table();
	test_parse();
	test_add();
	ok(capability_grantable(true) >= capability_grantable(false));
	ok(capability_grantable(true) & bit(CAP_CHECKPOINT_RESTORE));
	if (geteuid() == 0)
		ok_int(tap_in_child(lose_most), 0);
	else
		tap_skip("apply", "needs root");
	return tap_done();
}
