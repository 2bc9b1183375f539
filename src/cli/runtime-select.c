/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers a command means: the one named, or those a pattern matches. */
#include <regex.h>

#include "cli/runtime.h"
#include "runtime/store.h"

int runtime_select(const struct invocation *invocation, bool is_regex, struct strvec *ids,
		   struct error *err)
{
	const char *pattern = invocation->args[0];
	cleanup_strvec struct strvec all = STRVEC_INIT;
	char why[128];
	regex_t regex;
	int r;

	if (!is_regex) {
		strvec_push(ids, pattern);
		return 0;
	}
	r = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (r != 0) {
		(void)regerror(r, &regex, why, sizeof(why));
		return error_set(err, EINVAL, "option --regex: \"%s\": %s", pattern, why);
	}
	r = store_list(runtime_root(invocation), &all, err);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (regexec(&regex, all.v[i], 0, NULL, 0) == 0)
			strvec_push(ids, all.v[i]);
	regfree(&regex);
	return r;
}
