/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <signal.h>

#include "base/mem.h"
#include "runtime/kill.h"

int main(void)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "9", SIGKILL },	 { "KILL", SIGKILL },	 { "SIGKILL", SIGKILL },
		{ "sigterm", SIGTERM },	 { "winch", SIGWINCH },	 { "CLD", SIGCHLD },
		{ "SIGIOT", SIGABRT },	 { "RTMIN", 34 },	 { "RTMIN+1", 35 },
		{ "SIGRTMAX-1", 63 },	 { "64", 64 },		 { "0", 0 },      
		{ "65", -EINVAL },	 { "-9", -EINVAL },	 { "", -EINVAL },
		{ "SIG", -EINVAL },	 { "SIGSIGKILL", -EINVAL }, { "RTMIN+31", -EINVAL },
		{ "RTMIN-1", -EINVAL },	 { "9x", -EINVAL },	 { "KILLER", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = ERROR_INIT;
		int got = signal_parse(cases[i].text, &err);

		ok_named(got == cases[i].want, "signal \"%s\" is %d, got %d", cases[i].text,
			 cases[i].want, got);
	}
	return tap_done();
}
