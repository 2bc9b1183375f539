/* SPDX-License-Identifier: Apache-2.0 */
#include "image/platform.h"

#include <stdio.h>
#include <string.h>
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

/* What was asked for; without a request the first two are this machine's. */
static struct {
	char text[64];
	char os[16];
	char architecture[16];
	char variant[16];
	bool is_request;
} wanted;

static void want_ours(void)
{
	(void)snprintf(wanted.os, sizeof(wanted.os), "linux");
	(void)snprintf(wanted.architecture, sizeof(wanted.architecture), "%s",
		       platform_architecture());
}

int platform_want(const char *text, struct error *err)
{
	int end = 0;

	memset(&wanted, 0, sizeof(wanted));
	want_ours();
	if (!text)
		return 0;
	if (sscanf(text, "%15[a-z0-9]/%15[a-z0-9_]%n/%15[a-z0-9.]%n", wanted.os,
		   wanted.architecture, &end, wanted.variant, &end) < 2 ||
	    text[end] != '\0') {
		(void)error_set(err, EINVAL, "\"%.60s\" is no platform", text);
		return error_hint(err, "OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as "
				  "linux/amd64 or linux/arm/v7");
	}
	wanted.is_request = true;
	return 0;
}

const char *platform_wanted(void)
{
	if (!*wanted.os)
		want_ours();
	(void)snprintf(wanted.text, sizeof(wanted.text), "%s/%s%s%s", wanted.os,
		       wanted.architecture, *wanted.variant ? "/" : "", wanted.variant);
	return wanted.text;
}

/* Of 64-bit ARM there is one variant, which most leave out. */
static const char *usual_variant(const char *architecture, const char *variant)
{
	if (!variant)
		variant = "";
	return streq(architecture, "arm64") && streq(variant, "v8") ? "" : variant;
}

static bool fits(const char *os, const char *architecture, const char *variant)
{
	if (!*wanted.os)
		want_ours();
	if (!os || !architecture || !streq(os, wanted.os) ||
	    !streq(architecture, wanted.architecture))
		return false;
	return !*wanted.variant || streq(usual_variant(architecture, variant),
					 usual_variant(architecture, wanted.variant));
}

bool platform_fits(const struct oci_platform *platform)
{
	return !platform || fits(platform->os, platform->architecture, platform->variant);
}

int platform_check(const struct oci_image_config *config, const char *name, struct error *err)
{
	if (!wanted.is_request || fits(config->os, config->architecture, config->variant))
		return 0;
	return error_set(err, ENOENT, "%s is for %s/%s%s%s, not for %s", name, config->os,
			 config->architecture, config->variant ? "/" : "",
			 config->variant ? config->variant : "", platform_wanted());
}
