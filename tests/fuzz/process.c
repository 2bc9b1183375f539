/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/process.h"

#include "base/error.h"
#include "linux/capability.h"
#include "linux/credential.h"
#include "linux/rlimit.h"
#include "linux/schedule.h"
#include "tests/fuzz/fuzz.h"

static void check_user(const struct oci_process *process)
{
	struct error err = ERROR_INIT;
	struct credential cred;
	int r = credential_check(process->user, &cred, &err);

	DEMAND(r == 0 || (r == err.code && err.msg[0]));
	if (r == 0)
		DEMAND(cred.uid != (uid_t)-1 && cred.gid != (gid_t)-1 && cred.umask <= 0777);
}

static void check_limits(const struct oci_process *process)
{
	struct error err = ERROR_INIT;
	struct rlimit_set limits = { 0 };

	if (rlimit_parse(process->rlimits, process->n_rlimits, &limits, &err) < 0)
		DEMAND(err.msg[0]);
	else
		DEMAND(limits.present < 1U << RLIM_NLIMITS);
}

static void check_schedule(const struct oci_process *process)
{
	struct schedule_affinity affinity = { 0 };
	struct schedule schedule = SCHEDULE_INIT;
	struct error err = ERROR_INIT;

	if (schedule_parse(process->scheduler, process->io_priority, NULL, &schedule, &err) < 0)
		DEMAND(err.msg[0]);
	error_clear(&err);
	if (schedule_parse_affinity(process->exec_cpu_affinity, &affinity, &err) < 0)
		DEMAND(err.msg[0]);
}

void fuzz_process(const struct oci_process *process)
{
	struct capability_sets caps = { 0 };
	const uint64_t grantable = 0x1ffffffffff;

	check_user(process);
	check_limits(process);
	check_schedule(process);
	capability_parse(process->capabilities, grantable, &caps);
	DEMAND(((caps.bounding | caps.permitted | caps.inheritable) & ~grantable) == 0);
	DEMAND((caps.effective & ~caps.permitted) == 0);
	DEMAND((caps.ambient & ~(caps.permitted & caps.inheritable)) == 0);
}
