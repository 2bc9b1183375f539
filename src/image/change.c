/* SPDX-License-Identifier: Apache-2.0 */
#include "image/change.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "image/document.h"
#include "image/list.h"
#include "image/tree.h"
#include "image/words.h"

struct change {
	const char *name;
	/* Behind the instruction's name and its blanks; not empty. */
	const char *rest;
	const struct oci_image_run_config *base;
	const struct change_rules *rules;
	/* What variables are, before this instruction. */
	char *const *env;
	struct oci_arena *arena;
	struct oci_image_run_config *config;
	struct error *err;
};

/* --- both forms -------------------------------------------------------------------- */

/* The command line TEXT: as it is, or by the image's shell. */
static struct list command_line(struct change *change, const char *text)
{
	struct list list = { 0 };

	if (list_from_json(change->arena, text, &list))
		return list;
	if (change->base->n_shell > 0) {
		for (size_t i = 0; i < change->base->n_shell; i++)
			list_add(change->arena, &list.v, &list.n_v, change->base->shell[i]);
	} else {
		list_add(change->arena, &list.v, &list.n_v, "/bin/sh");
		list_add(change->arena, &list.v, &list.n_v, "-c");
	}
	list_add(change->arena, &list.v, &list.n_v, text);
	return list;
}

static int expand(struct change *change, const char *word, struct strbuf *out)
{
	strbuf_reset(out);
	return words_expand_by(word, change->rules->escape, change->env, out, change->err);
}

/* --- instructions ------------------------------------------------------------------ */

static int change_cmd(struct change *change)
{
	struct list list = command_line(change, change->rest);

	change->config->cmd = list.v;
	change->config->n_cmd = list.n_v;
	return 0;
}

static int change_entrypoint(struct change *change)
{
	struct list list = command_line(change, change->rest);

	change->config->entrypoint = list.v;
	change->config->n_entrypoint = list.n_v;
	return 0;
}

typedef void (*setter)(struct change *change, const char *key, const char *value);

static void set_env(struct change *change, const char *key, const char *value)
{
	cleanup_free char *setting = xasprintf("%s=%s", key, value);

	list_set_env(change->arena, &change->config->env, &change->config->n_env, setting);
}

static void set_label(struct change *change, const char *key, const char *value)
{
	list_set_pair(change->arena, &change->config->labels, key, value);
}

static int set_pair(struct change *change, const char *key, const char *value, setter set)
{
	cleanup_strbuf struct strbuf name = STRBUF_INIT, text = STRBUF_INIT;
	int r = expand(change, key, &name);

	if (r == 0)
		r = expand(change, value, &text);
	if (r < 0)
		return r;
	if (name.len == 0)
		return error_set(change->err, EINVAL, "a name is empty");
	set(change, name.buf, text.buf);
	return 0;
}

/* "NAME the rest" in the old form, "NAME=value NAME=value" in the one with "=". */
static int change_pairs(struct change *change, setter set)
{
	cleanup_strvec struct strvec words = STRVEC_INIT;
	int r = words_split_by(change->rest, change->rules->escape, &words, change->err);

	if (r < 0)
		return r;
	if (!strchr(words.v[0], '=')) {
		const char *value = change->rest + strlen(words.v[0]);

		if (words.n < 2)
			return error_set(change->err, EINVAL, "\"%s\" has no value", words.v[0]);
		value += strspn(value, " \t");
		return set_pair(change, words.v[0], value, set);
	}
	for (size_t i = 0; r == 0 && i < words.n; i++) {
		char *equals = strchr(words.v[i], '=');

		if (!equals)
			return error_set(change->err, EINVAL, "\"%s\" has no \"=\"", words.v[i]);
		*equals = '\0';
		r = set_pair(change, words.v[i], equals + 1, set);
	}
	return r;
}

static int change_env(struct change *change)
{
	return change_pairs(change, set_env);
}

static int change_label(struct change *change)
{
	return change_pairs(change, set_label);
}

static int expose_one(struct change *change, const char *text)
{
	const char *slash = strchr(text, '/'), *protocol = slash ? slash + 1 : "tcp";
	cleanup_free char *ports = xstrndup(text, strcspn(text, "/"));
	char *dash = strchr(ports, '-');
	uint64_t first, last;

	if (dash)
		*dash++ = '\0';
	if (!str_to_u64(ports, 65535, &first) || !str_to_u64(dash ? dash : ports, 65535, &last) ||
	    first == 0 || last < first)
		return error_set(change->err, EINVAL, "\"%s\" is no port", text);
	if (!streq(protocol, "tcp") && !streq(protocol, "udp") && !streq(protocol, "sctp"))
		return error_set(change->err, EINVAL, "\"%s\" is no protocol", protocol);
	for (; first <= last; first++) {
		cleanup_free char *port = xasprintf("%u/%s", (unsigned int)first, protocol);

		list_add_once(change->arena, &change->config->exposed_ports,
			      &change->config->n_exposed_ports, port);
	}
	return 0;
}

static int for_each_word(struct change *change, int (*fn)(struct change *, const char *))
{
	cleanup_strvec struct strvec words = STRVEC_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = words_split_by(change->rest, change->rules->escape, &words, change->err);

	for (size_t i = 0; r == 0 && i < words.n; i++) {
		r = expand(change, words.v[i], &text);
		if (r == 0)
			r = fn(change, text.buf);
	}
	return r;
}

static int change_expose(struct change *change)
{
	return for_each_word(change, expose_one);
}

static int add_volume(struct change *change, const char *path)
{
	if (*path == '\0')
		return error_set(change->err, EINVAL, "a volume has no path");
	list_add_once(change->arena, &change->config->volumes, &change->config->n_volumes, path);
	return 0;
}

static int change_volume(struct change *change)
{
	struct list list;
	int r = 0;

	if (!list_from_json(change->arena, change->rest, &list))
		return for_each_word(change, add_volume);
	for (size_t i = 0; r == 0 && i < list.n_v; i++)
		r = add_volume(change, list.v[i]);
	return r;
}

static int change_user(struct change *change)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = expand(change, change->rest, &text);

	change->config->user = document_strdup(change->arena, text.buf);
	return r;
}

static int change_workdir(struct change *change)
{
	const char *now = change->config->working_dir ? change->config->working_dir
						      : change->base->working_dir;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_free char *path = NULL;
	int r = expand(change, change->rest, &text);

	if (r < 0)
		return r;
	path = tree_clean(now ? now : "/", text.buf);
	change->config->working_dir = document_strdup(change->arena, path);
	return 0;
}

static int change_stopsignal(struct change *change)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = expand(change, change->rest, &text);
	uint64_t number;

	if (r < 0)
		return r;
	if (!str_skip_prefix(text.buf, "SIG") && !str_to_u64(text.buf, 64, &number))
		return error_set(change->err, EINVAL, "\"%s\" is no signal", text.buf);
	change->config->stop_signal = document_strdup(change->arena, text.buf);
	return 0;
}

static int change_onbuild(struct change *change)
{
	static const char *const refused[] = { "ONBUILD", "FROM", "MAINTAINER" };
	size_t len = strcspn(change->rest, " \t");

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (len == strlen(refused[i]) && strncasecmp(change->rest, refused[i], len) == 0)
			return error_set(change->err, EINVAL, "%s cannot be a trigger", refused[i]);
	list_add(change->arena, &change->config->on_build, &change->config->n_on_build,
		 change->rest);
	return 0;
}

/* --- health checks ----------------------------------------------------------------- */

/* "1m30s" in nanoseconds, units of time.ParseDuration. */
static bool parse_duration(const char *text, int64_t *nanoseconds)
{
	static const struct {
		const char *name;
		double size;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 },
		{ "s", 1e9 }, { "m", 6e10 }, { "h", 3.6e12 },
	};
	double sum = 0;
	char *end;

	if (*text == '\0')
		return false;
	for (; *text; text = end) {
		double number = strtod(text, &end), size = 0;
		size_t len = strspn(end, "numsh");

		if (end == text || !(number >= 0))
			return false;
		for (size_t i = 0; i < ARRAY_SIZE(units); i++)
			if (len == strlen(units[i].name) && strncmp(end, units[i].name, len) == 0)
				size = units[i].size;
		if (size == 0)
			return false;
		sum += number * size;
		end += len;
	}
	*nanoseconds = (int64_t)sum;
	return isfinite(sum) && sum < 9e18;
}

static int health_option(struct change *change, struct oci_healthcheck *check, const char *word)
{
	const struct {
		const char *prefix;
		int64_t *value;
	} durations[] = {
		{ "--interval=", &check->interval },
		{ "--timeout=", &check->timeout },
		{ "--start-period=", &check->start_period },
		{ "--start-interval=", &check->start_interval },
	};
	const char *retries = str_skip_prefix(word, "--retries=");

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		const char *value = str_skip_prefix(word, durations[i].prefix);

		if (value && parse_duration(value, durations[i].value))
			return 0;
		if (value)
			return error_set(change->err, EINVAL, "%s: a duration is like 1m30s", word);
	}
	if (retries && str_to_i64(retries, 0, INT32_MAX, &check->retries))
		return 0;
	return error_set(change->err, EINVAL, "\"%s\" is not known", word);
}

static int change_healthcheck(struct change *change)
{
	struct oci_healthcheck *check = document_alloc(change->arena, sizeof(*check));
	const char *rest = change->rest;
	struct list list;
	int r = 0;

	while (r == 0 && str_skip_prefix(rest, "--")) {
		cleanup_free char *word = xstrndup(rest, strcspn(rest, " \t"));

		r = health_option(change, check, word);
		rest += strlen(word);
		rest += strspn(rest, " \t");
	}
	if (r < 0)
		return r;
	change->config->healthcheck = check;
	if (strcasecmp(rest, "NONE") == 0) {
		list_add(change->arena, &check->test, &check->n_test, "NONE");
		return 0;
	}
	if (strncasecmp(rest, "CMD", 3) != 0 || !strchr(" \t[", rest[3]) || rest[3] == '\0')
		return error_set(change->err, EINVAL, "neither NONE nor CMD: \"%s\"", rest);
	rest += 3;
	rest += strspn(rest, " \t");
	if (!list_from_json(change->arena, rest, &list)) {
		list_add(change->arena, &check->test, &check->n_test, "CMD-SHELL");
		list_add(change->arena, &check->test, &check->n_test, rest);
		return 0;
	}
	list_add(change->arena, &check->test, &check->n_test, "CMD");
	for (size_t i = 0; i < list.n_v; i++)
		list_add(change->arena, &check->test, &check->n_test, list.v[i]);
	return 0;
}

/* --- the table --------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*apply)(struct change *change);
} instructions[] = {
	{ "CMD", change_cmd },		       { "ENTRYPOINT", change_entrypoint },
	{ "ENV", change_env },		       { "EXPOSE", change_expose },
	{ "HEALTHCHECK", change_healthcheck }, { "LABEL", change_label },
	{ "ONBUILD", change_onbuild },	       { "STOPSIGNAL", change_stopsignal },
	{ "USER", change_user },	       { "VOLUME", change_volume },
	{ "WORKDIR", change_workdir },
};

int change_apply_by(const char *text, const struct change_rules *rules, struct oci_arena *arena,
		    struct oci_image_run_config *config, struct error *err)
{
	const char *start = text + strspn(text, " \t");
	size_t len = strcspn(start, " \t=");
	cleanup_free char *rest = xstrdup(start + len + strspn(start + len, " \t"));
	cleanup_strvec struct strvec env = STRVEC_INIT;
	struct change change = {
		.rest = rest, .base = rules->base, .rules = rules,
		.arena = arena, .config = config, .err = err,
	};

	/* The first of a name counts: what earlier instructions set. */
	strvec_pushv(&env, config->env);
	strvec_pushv(&env, rules->env);
	change.env = env.v;
	for (size_t end = strlen(rest); end > 0 && strchr(" \t\n", rest[end - 1]); end--)
		rest[end - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (strlen(instructions[i].name) != len ||
		    strncasecmp(instructions[i].name, start, len) != 0)
			continue;
		if (*rest == '\0' || start[len] == '=')
			(void)error_set(err, EINVAL, "nothing stands behind %s",
					instructions[i].name);
		else if (instructions[i].apply(&change) == 0)
			return 0;
		return error_context(err, "change \"%s\"", text);
	}
	(void)error_set(err, EINVAL, "change \"%s\": \"%.*s\" is not an instruction that a commit "
			"can take", text, (int)len, start);
	return error_hint(err, "CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, "
			  "STOPSIGNAL, USER, VOLUME and WORKDIR are");
}

int change_apply(const char *text, const struct oci_image_run_config *base,
		 struct oci_arena *arena, struct oci_image_run_config *config,
		 struct error *err)
{
	const struct change_rules rules = { .base = base, .env = base->env, .escape = '\\' };

	return change_apply_by(text, &rules, arena, config, err);
}
