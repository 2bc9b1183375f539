/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/capability.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "libocispec/runtime.h"

enum { MAX_CAPABILITIES = 64 };

/* The longest name is CAP_CHECKPOINT_RESTORE. */
enum { NAME_SIZE = 32 };

static uint64_t bit(int number)
{
	return UINT64_C(1) << number;
}

int capability_from_name(const char *name)
{
	char full[NAME_SIZE] = "cap_";
	cap_value_t value;

	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	if (strlen(name) >= sizeof(full) - 4)
		return -ENOENT;
	strcat(full, name);
	/* libcap also takes a number for a name; config.json does not. */
	if (isdigit((unsigned char)name[0]) || cap_from_name(full, &value) < 0)
		return -ENOENT;
	return value < MAX_CAPABILITIES ? value : -ENOENT;
}

static uint64_t parse_set(char *const *names, size_t n, const char *set, uint64_t grantable)
{
	uint64_t known = 0;

	for (size_t i = 0; i < n; i++) {
		int number = capability_from_name(names[i]);

		if (number < 0)
			log_warning(
				"process.capabilities.%s[%zu]: unknown capability \"%s\" ignored",
				set, i, names[i]);
		else if (!(grantable & bit(number)))
			log_warning("process.capabilities.%s[%zu]: %s ignored: this program does "
				    "not have it to give", set, i, names[i]);
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
	out->ambient = limit_set(out->ambient, out->inheritable, "ambient", "inheritable");
}

/* The raw call: libcap's needs the heap. */
static int get_permitted(uint64_t *out)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*out = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

uint64_t capability_grantable(bool other_user_namespace)
{
	uint64_t all = 0, permitted = 0;

	for (int number = 0; number < MAX_CAPABILITIES; number++) {
		int in_bounding = prctl(PR_CAPBSET_READ, number, 0, 0, 0);

		if (in_bounding < 0)
			break;
		if (in_bounding || other_user_namespace)
			all |= bit(number);
	}
	if (other_user_namespace || get_permitted(&permitted) < 0)
		return all;
	return all & permitted;
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

int capability_apply_bounding(const struct capability_sets *sets, struct error *err)
{
	for (int number = 0; number < MAX_CAPABILITIES; number++) {
		int held;

		if (sets->bounding & bit(number) ||
		    prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
			continue;
		/* Without CAP_SETPCAP: what is not there need not be dropped. */
		held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
		/* Above the last capability of this kernel. */
		if (held < 0)
			break;
		if (held > 0)
			return error_set(err, EPERM,
					 "drop capability %d from the bounding set: this needs "
					 "CAP_SETPCAP", number);
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
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
	for (int number = 0; number < (int)cap_max_bits(); number++) {
		char *name = cap_to_name(number);

		/* Without a name libcap prints the number. */
		if (name && strncmp(name, "cap_", 4) == 0) {
			for (char *c = name; *c; c++)
				*c = (char)toupper((unsigned char)*c);
			strvec_push(out, name);
		}
		(void)cap_free(name);
	}
}
