/* SPDX-License-Identifier: Apache-2.0 */
#include "image/platform.h"

#include <sys/utsname.h>

#include "base/mem.h"
#include "base/str.h"

static const struct {
	const char *machine;
	const char *architecture;
} architectures[] = {
	{ "x86_64", "amd64" },	      { "aarch64", "arm64" },	{ "armv7l", "arm" },
	{ "armv6l", "arm" },	      { "i686", "386" },	{ "ppc64le", "ppc64le" },
	{ "s390x", "s390x" },	      { "riscv64", "riscv64" }, { "mips64", "mips64le" },
	{ "loongarch64", "loong64" },
};

const char *platform_architecture(void)
{
	static struct utsname name;

	if (uname(&name) < 0)
		return "amd64";
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (streq(architectures[i].machine, name.machine))
			return architectures[i].architecture;
	return name.machine;
}

bool platform_fits(const struct oci_platform *platform)
{
	if (!platform)
		return true;
	return platform->os && streq(platform->os, "linux") && platform->architecture &&
	       streq(platform->architecture, platform_architecture());
}
