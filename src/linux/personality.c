/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/personality.h"

#include <sys/personality.h>

#include "libocispec/runtime.h"

int personality_parse(const struct oci_personality *personality, unsigned long *out,
		      struct error *err)
{
	if (personality->n_flags > 0) {
		(void)error_set(err, EINVAL, "unknown flag \"%s\": no flag is defined",
				personality->flags[0]);
		return error_pointer(err, "linux.personality.flags[0]");
	}
	*out = personality->domain == OCI_PERSONALITY_DOMAIN_LINUX32 ? PER_LINUX32 : PER_LINUX;
	return 0;
}

int personality_apply(unsigned long domain, struct error *err)
{
	if (personality(domain) < 0)
		return error_sys(err, "personality", "%#lx", domain);
	return 0;
}
