/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-names.h"

#include <stddef.h>
#include <string.h>

#include "base/compat.h"
#include "base/mem.h"
#include "linux/seccomp-names-hash.h"
#include "linux/seccomp-names-table.h"

const struct seccomp_arch *seccomp_names_arch(enum oci_seccomp_arch arch)
{
	return arch < ARRAY_SIZE(archs) && archs[arch].numbers ? &archs[arch] : NULL;
}

const struct seccomp_arch *seccomp_names_native(void)
{
	return seccomp_names_arch(COMPAT_SECCOMP_ARCH);
}

int seccomp_names_find(const char *name)
{
	uint32_t slot = seccomp_names_slot(name);

	for (; name_slots[slot]; slot = (slot + 1) % SECCOMP_NAME_SLOTS) {
		int index = name_slots[slot] - 1;

		if (strcmp(name, names + name_offsets[index]) == 0)
			return index;
	}
	return -1;
}
