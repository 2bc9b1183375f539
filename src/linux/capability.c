/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/capability.h"

#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "libocispec/runtime.h"

enum { MAX_CAPABILITIES = 64 };

/* By number; test-linux-capability.c compares them with libcap's. */
static const char *const names[] = {
	"CAP_CHOWN",		"CAP_DAC_OVERRIDE",	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",		"CAP_FSETID",		"CAP_KILL",
	"CAP_SETGID",		"CAP_SETUID",		"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",	"CAP_NET_RAW",		"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",	"CAP_SYS_MODULE",	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",	"CAP_SYS_PTRACE",	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",	"CAP_SYS_BOOT",		"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",	"CAP_SYS_TIME",		"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",		"CAP_LEASE",		"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",	"CAP_SETFCAP",		"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",	"CAP_SYSLOG",		"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",	"CAP_AUDIT_READ",	"CAP_PERFMON",
	"CAP_BPF",		"CAP_CHECKPOINT_RESTORE",
};

static uint64_t bit(int number)
{
	return UINT64_C(1) << number;
}

int capability_from_name(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i] + 4) == 0)
			return (int)i;
	return -ENOENT;
}

static uint64_t parse_set(char *const *wanted, size_t n, const char *set, uint64_t grantable)
{
	uint64_t known = 0;

	for (size_t i = 0; i < n; i++) {
		int number = capability_from_name(wanted[i]);

		if (number < 0)
			log_warning(
				"process.capabilities.%s[%zu]: unknown capability \"%s\" ignored",
				set, i, wanted[i]);
		else if (!(grantable & bit(number)))
			log_warning("process.capabilities.%s[%zu]: %s ignored: this program does "
				    "not have it to give", set, i, wanted[i]);
		else
			known |= bit(number);
	}
	return known;
}

/* What the kernel would refuse with a bare EPERM. */
static uint64_t limit_set(uint64_t set, uint64_t limit, const char *name, const char *limit_name)
{
	if (set & ~limit)
		log_warning("process.capabilities.%s: what is not also in %s is ignored", name,
			    limit_name);
	return set & limit;
}

void capability_parse(const struct oci_capabilities *caps, uint64_t grantable,
		      struct capability_sets *out)
{
	*out = (struct capability_sets){ .bounding = 0 };
	if (!caps)
		return;
	out->bounding = parse_set(caps->bounding, caps->n_bounding, "bounding", grantable);
	out->permitted = parse_set(caps->permitted, caps->n_permitted, "permitted", grantable);
	out->effective = parse_set(caps->effective, caps->n_effective, "effective", grantable);
	out->inheritable =
		parse_set(caps->inheritable, caps->n_inheritable, "inheritable", grantable);
	out->ambient = parse_set(caps->ambient, caps->n_ambient, "ambient", grantable);
	out->effective = limit_set(out->effective, out->permitted, "effective", "permitted");
	out->inheritable = limit_set(out->inheritable, out->bounding, "inheritable", "bounding");
	out->ambient = limit_set(out->ambient, out->permitted, "ambient", "permitted");
	/* Not worth a warning: buildah sends ambient sets, but never inheritable ones. */
	if (out->ambient & ~out->inheritable)
		log_info("process.capabilities.ambient: what is not also in inheritable is ignored");
	out->ambient &= out->inheritable;
}

static int get_permitted(uint64_t *out)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*out = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

/* The last one this kernel has: numbers have no gaps, and PR_CAPBSET_READ knows which exist. */
static int last_capability(void)
{
	int low = 0, high = MAX_CAPABILITIES - 1;

	while (low < high) {
		int middle = (low + high + 1) / 2;

		if (prctl(PR_CAPBSET_READ, middle, 0, 0, 0) >= 0)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/*
 * In a user namespace of its own the container has all there are.  The bounding
 * set need not be asked, one call for each capability: what execve(2) lets
 * a program have is inside it.
 */
uint64_t capability_grantable(bool other_user_namespace)
{
	uint64_t permitted = 0;

	if (other_user_namespace)
		return UINT64_MAX >> (MAX_CAPABILITIES - 1 - last_capability());
	return get_permitted(&permitted) < 0 ? 0 : permitted;
}

void capability_add(struct capability_sets *sets, const char *name)
{
	int number = capability_from_name(name);

	if (number < 0) {
		log_warning("--cap: unknown capability \"%s\"", name);
		return;
	}
	sets->bounding |= bit(number);
	sets->permitted |= bit(number);
	sets->effective |= bit(number);
}

int capability_apply_bounding(const struct capability_sets *sets, bool leaves_root,
			      struct error *err)
{
	for (int number = 0; number < MAX_CAPABILITIES; number++) {
		if (sets->bounding & bit(number) ||
		    prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
			continue;
		/* Above the last capability of this kernel. */
		if (errno == EINVAL)
			break;
		/* Without CAP_SETPCAP: what is not there need not be dropped. */
		if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) > 0)
			return error_set(err, EPERM,
					 "drop capability %d from the bounding set: this needs "
					 "CAP_SETPCAP", number);
	}
	if (leaves_root && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_sys(err, "prctl", "PR_SET_KEEPCAPS");
	return 0;
}

static int apply_ambient(uint64_t ambient, struct error *err)
{
	/* EINVAL: a kernel without ambient capabilities. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return error_sys(err, "prctl", "PR_CAP_AMBIENT_CLEAR_ALL");
	for (int number = 0; number < MAX_CAPABILITIES; number++)
		if (ambient & bit(number) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
			return error_sys(err, "prctl", "PR_CAP_AMBIENT_RAISE capability %d",
					 number);
	return 0;
}

int capability_apply(const struct capability_sets *sets, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(sets->effective >> (32 * i)),
			.permitted = (uint32_t)(sets->permitted >> (32 * i)),
			.inheritable = (uint32_t)(sets->inheritable >> (32 * i)),
		};
	if (syscall(SYS_capset, &header, data) < 0) {
		(void)error_sys(err, "capset", "permitted %#llx, inheritable %#llx",
				(unsigned long long)sets->permitted,
				(unsigned long long)sets->inheritable);
		return error_pointer(err, "process.capabilities");
	}
	return apply_ambient(sets->ambient, err);
}

void capability_list(struct strvec *out)
{
	int last = last_capability();

	for (int number = 0; number <= last && number < (int)ARRAY_SIZE(names); number++)
		strvec_push(out, names[number]);
}
