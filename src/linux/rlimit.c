/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/rlimit.h"

#include <linux/capability.h>

#include "base/mem.h"
#include "libocispec/runtime.h"
#include "linux/capability.h"

static const int resources[] = {
	[OCI_RLIMIT_AS] = RLIMIT_AS,
	[OCI_RLIMIT_CORE] = RLIMIT_CORE,
	[OCI_RLIMIT_CPU] = RLIMIT_CPU,
	[OCI_RLIMIT_DATA] = RLIMIT_DATA,
	[OCI_RLIMIT_FSIZE] = RLIMIT_FSIZE,
	[OCI_RLIMIT_LOCKS] = RLIMIT_LOCKS,
	[OCI_RLIMIT_MEMLOCK] = RLIMIT_MEMLOCK,
	[OCI_RLIMIT_MSGQUEUE] = RLIMIT_MSGQUEUE,
	[OCI_RLIMIT_NICE] = RLIMIT_NICE,
	[OCI_RLIMIT_NOFILE] = RLIMIT_NOFILE,
	[OCI_RLIMIT_NPROC] = RLIMIT_NPROC,
	[OCI_RLIMIT_RSS] = RLIMIT_RSS,
	[OCI_RLIMIT_RTPRIO] = RLIMIT_RTPRIO,
	[OCI_RLIMIT_RTTIME] = RLIMIT_RTTIME,
	[OCI_RLIMIT_SIGPENDING] = RLIMIT_SIGPENDING,
	[OCI_RLIMIT_STACK] = RLIMIT_STACK,
};

static const char *name_of(int resource)
{
	for (unsigned int type = 1; type < ARRAY_SIZE(resources); type++)
		if (resources[type] == resource)
			return oci_name(&oci_rlimit_names, type);
	return "RLIMIT_?";
}

static int parse_one(const struct oci_rlimit *limit, struct rlimit_set *out, struct error *err)
{
	const char *name = oci_name(&oci_rlimit_names, limit->type);
	int resource = resources[limit->type];

	if (out->present & (1u << resource))
		return error_set(err, EINVAL, "%s is given twice", name);
	if (limit->soft > limit->hard)
		return error_set(err, EINVAL,
				 "%s: the soft limit %llu is above the hard limit %llu", name,
				 (unsigned long long)limit->soft, (unsigned long long)limit->hard);
	out->present |= 1u << resource;
	out->limit[resource] = (struct rlimit){
		.rlim_cur = limit->soft,
		.rlim_max = limit->hard,
	};
	return 0;
}

int rlimit_parse(const struct oci_rlimit *limits, size_t n, struct rlimit_set *out,
		 struct error *err)
{
	struct rlimit_set set = { .present = 0 };

	for (size_t i = 0; i < n; i++)
		if (parse_one(&limits[i], &set, err) < 0)
			return error_pointer(err, "process.rlimits[%zu]", i);
	*out = set;
	return 0;
}

/* setrlimit(2) says EPERM for a raise without CAP_SYS_RESOURCE, and for NOFILE above nr_open. */
static int explain_refusal(pid_t pid, int resource, const struct rlimit *wanted,
			   struct error *err)
{
	struct rlimit now = { .rlim_cur = 0 };
	int code = errno;

	if (code != EPERM || prlimit(pid, resource, NULL, &now) < 0) {
		errno = code;
		return error_sys(err, "setrlimit", "%s to %llu (soft), %llu (hard)",
				 name_of(resource), (unsigned long long)wanted->rlim_cur,
				 (unsigned long long)wanted->rlim_max);
	}
	(void)error_sys(err, "setrlimit", "%s: the hard limit may not be raised from %llu to %llu",
			name_of(resource), (unsigned long long)now.rlim_max,
			(unsigned long long)wanted->rlim_max);
	return error_hint(err, "raising it needs CAP_SYS_RESOURCE (and for RLIMIT_NOFILE a "
			       "value up to fs.nr_open): ask for at most the present limit");
}

int rlimit_check(const struct rlimit_set *set, struct error *err)
{
	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit now;

		if (!(set->present & (1u << resource)))
			continue;
		if (getrlimit(resource, &now) < 0 ||
		    set->limit[resource].rlim_max <= now.rlim_max ||
		    capability_grantable(false) & 1ULL << CAP_SYS_RESOURCE)
			continue;
		errno = EPERM;
		(void)explain_refusal(0, resource, &set->limit[resource], err);
		return error_pointer(err, "process.rlimits");
	}
	return 0;
}

int rlimit_apply(pid_t pid, const struct rlimit_set *set, struct error *err)
{
	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		if (!(set->present & (1u << resource)))
			continue;
		errno = 0;
		if (prlimit(pid, resource, &set->limit[resource], NULL) == 0)
			continue;
		(void)explain_refusal(pid, resource, &set->limit[resource], err);
		return error_pointer(err, "process.rlimits");
	}
	return 0;
}
