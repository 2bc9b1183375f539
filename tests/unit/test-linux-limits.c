/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits, OOM score, personality, host name: the small ones. */
#include "tests/unit/tap.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "libocispec/runtime.h"
#include "linux/credential.h"
#include "linux/hostname.h"
#include "linux/oom.h"
#include "linux/personality.h"
#include "linux/rlimit.h"

static void test_rlimit(void)
{
	struct oci_rlimit limits[] = {
		{ OCI_RLIMIT_NOFILE, 10, 20 },
		{ OCI_RLIMIT_CORE, 0, UINT64_MAX },
		{ OCI_RLIMIT_NOFILE, 10, 20 },
	};
	struct error err = ERROR_INIT;
	struct rlimit_set set = { .present = 99 };

	ok_int(rlimit_parse(limits, 3, &set, &err), -EINVAL);
	ok_str(err.pointer, "process.rlimits[2]");
	ok_str(err.msg, "RLIMIT_NOFILE is given twice");
	ok_named(set.present == 99, "nothing is given back on failure");
	ok(rlimit_parse(limits, 2, &set, &err) == 0);
	ok(set.present == (1u << RLIMIT_NOFILE | 1u << RLIMIT_CORE));
	ok(set.limit[RLIMIT_CORE].rlim_max == RLIM_INFINITY);
	limits[0].soft = 21;
	ok_int(rlimit_parse(limits, 1, &set, &err), -EINVAL);
	for (unsigned int type = 1; type < oci_rlimit_names.n; type++) {
		struct oci_rlimit one = { type, 0, 1 };

		ok_named(rlimit_parse(&one, 1, &set, &err) == 0, "%s is known",
			 oci_name(&oci_rlimit_names, type));
	}
}

static int limit(void)
{
	struct rlimit_set set = { .present = 1u << RLIMIT_NOFILE };
	struct credential nobody = { .uid = 65534, .gid = 65534 };
	struct error err = ERROR_INIT;
	struct rlimit now;

	set.limit[RLIMIT_NOFILE] = (struct rlimit){ 100, 200 };
	if (rlimit_apply(0, &set, &err) < 0 || getrlimit(RLIMIT_NOFILE, &now) < 0)
		return 1;
	if (now.rlim_cur != 100 || now.rlim_max != 200)
		return 2;
	if (geteuid() == 0 && credential_apply(&nobody, &err) < 0)
		return 3;
	set.limit[RLIMIT_NOFILE].rlim_max = 201;
	if (rlimit_apply(0, &set, &err) != -EPERM || !err.hint[0])
		return 4;
	return strstr(err.msg, "from 200 to 201") ? 0 : 5;
}

static int score(void)
{
	struct credential nobody = { .uid = 65534, .gid = 65534 };
	struct error err = ERROR_INIT;
	FILE *file;
	int now = 0;

	if (oom_write(0, 500, &err) < 0 || oom_write(getpid(), 600, &err) < 0)
		return 1;
	file = fopen("/proc/self/oom_score_adj", "re");
	if (!file || fscanf(file, "%d", &now) != 1 || now != 600)
		return 2;
	(void)fclose(file);
	if (geteuid() == 0 && credential_apply(&nobody, &err) < 0)
		return 3;
	return oom_write(getpid(), -500, &err) == -EACCES ? 0 : 4;
}

static void test_oom(void)
{
	struct error err = ERROR_INIT;

	ok(oom_check(-1000, &err) == 0 && oom_check(1000, &err) == 0);
	ok_int(oom_check(1001, &err), -EINVAL);
	ok_str(err.pointer, "process.oomScoreAdj");
	ok_int(tap_in_child(score), 0);
}

static int be_32_bit(void)
{
	struct error err = ERROR_INIT;

	return personality_apply(PER_LINUX32, &err) == 0 && personality(~0ul) == PER_LINUX32
		       ? 0
		       : 1;
}

static void test_personality(void)
{
	char *flags[] = { "ADDR_NO_RANDOMIZE", NULL };
	struct oci_personality personality = { .domain = OCI_PERSONALITY_DOMAIN_LINUX32 };
	struct error err = ERROR_INIT;
	unsigned long domain = 0;

	ok(personality_parse(&personality, &domain, &err) == 0 && domain == PER_LINUX32);
	personality.flags = flags;
	personality.n_flags = 1;
	ok_int(personality_parse(&personality, &domain, &err), -EINVAL);
	ok_str(err.pointer, "linux.personality.flags[0]");
	ok_int(tap_in_child(be_32_bit), 0);
}

static int name_host(void)
{
	struct error err = ERROR_INIT;
	char name[65], domain[65];

	if (unshare(CLONE_NEWUTS) < 0 || hostname_apply("h", "d.example", &err) < 0)
		return 1;
	if (gethostname(name, sizeof(name)) < 0 || getdomainname(domain, sizeof(domain)) < 0)
		return 2;
	return strcmp(name, "h") == 0 && strcmp(domain, "d.example") == 0 ? 0 : 3;
}

static void test_hostname(void)
{
	struct error err = ERROR_INIT;
	char name[66];

	memset(name, 'n', sizeof(name));
	name[64] = '\0';
	ok(hostname_check(NULL, NULL, false, &err) == 0);
	ok(hostname_check(name, NULL, true, &err) == 0);
	ok_int(hostname_check("h", NULL, false, &err), -EINVAL);
	ok(err.hint[0] != '\0');
	name[64] = 'n';
	name[65] = '\0';
	ok_int(hostname_check(NULL, name, true, &err), -ENAMETOOLONG);
	ok_str(err.pointer, "domainname");
	if (geteuid() == 0)
		ok_int(tap_in_child(name_host), 0);
	else
		tap_skip("hostname_apply", "needs root");
}

int main(void)
{
	test_rlimit();
	ok_int(tap_in_child(limit), 0);
	test_oom();
	test_personality();
	test_hostname();
	return tap_done();
}
