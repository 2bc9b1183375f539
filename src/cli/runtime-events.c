/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/output.h"
#include "cli/runtime.h"
#include "runtime/events.h"

struct events_options {
	bool stats;
	const char *interval;
};

static const struct events_options defaults = { .interval = "5s" };

static const struct option_spec options[] = {
	{ "interval", 0, OPTION_STRING, offsetof(struct events_options, interval), "DURATION",
	  "time between two reports, such as 500ms, 10s or 1m30s (default: 5s)" },
	{ "stats", 0, OPTION_FLAG, offsetof(struct events_options, stats), NULL,
	  "report once what the container uses, and end" },
	OPTION_END,
};

/* The number at *TEXT with its unit, in milliseconds; negative if there is none. */
static double take_part(const char **text)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {
		/* Longer names first. */
		{ "ms", 1 }, { "us", 0.001 }, { "ns", 0.000001 },
		{ "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	};
	size_t n = strspn(*text, "0123456789.");
	char number[32], *end;
	double value;

	if (n == 0 || n >= sizeof(number))
		return -1;
	memcpy(number, *text, n);
	number[n] = '\0';
	value = strtod(number, &end);
	for (size_t i = 0; !*end && i < ARRAY_SIZE(units); i++) {
		const char *rest = str_skip_prefix(*text + n, units[i].name);

		if (rest) {
			*text = rest;
			return value * units[i].ms;
		}
	}
	return -1;
}

/* A duration as Go writes them: parts such as "1m30s". */
static int parse_interval(const char *text, int *out, struct error *err)
{
	const char *rest = text;
	double sum = 0, part = 0;

	while (*rest && part >= 0) {
		part = take_part(&rest);
		sum += part;
	}
	if (part < 0 || sum < 1 || sum > INT_MAX) {
		(void)error_set(err, EINVAL, "option --interval: \"%s\" is not a duration of 1ms or "
				"more", text);
		return error_hint(err, "numbers with the units ms, s, m or h, such as 1m30s");
	}
	*out = (int)sum;
	return 0;
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct events_options *o = invocation->options;
	struct events_request request = {
		.root = runtime_root(invocation),
		.id = invocation->args[0],
		.once = o->stats,
		.emit = output_write,
	};
	int r = parse_interval(o->interval, &request.interval_ms, err);

	return r < 0 ? r : container_events(&request, err);
}

const struct command command_events = {
	.name = "events",
	.arguments = "ID",
	.summary = "Report what a container uses, and when it runs out of memory",
	.description = "Prints one JSON object per line: statistics at each interval, and \"oom\" "
		       "and \"oom_kill\" when they happen. Ends with the container.",
	.options = options,
	.options_size = sizeof(struct events_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
