/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-names.h"

#include <stddef.h>
#include <string.h>

#include "base/compat.h"
#include "base/mem.h"
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
	size_t low = 0, high = ARRAY_SIZE(name_offsets);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, names + name_offsets[middle]);

		if (order == 0)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}
