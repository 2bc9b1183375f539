/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/mem.h"
#include "linux/cgroup-systemd.h"

/* UNIT_NAME_MAX of systemd, with the '\0'. */
enum { MAX_UNIT_NAME = 256 };

void systemd_unit_fini(struct systemd_unit *unit)
{
	free(unit->slice);
	free(unit->name);
	*unit = (struct systemd_unit){ 0 };
}

static int bad_path(const char *path, struct error *err)
{
	(void)error_set(err, EINVAL, "expected linux.cgroupsPath to be \"slice:prefix:name\" for "
			"the systemd cgroup manager, got \"%s\"", path);
	(void)error_pointer(err, "linux.cgroupsPath");
	return error_hint(err, "such as \"system.slice:dabba:NAME\", or leave it out");
}

/* "a-b.slice" is below "a.slice": no part between two dashes may be empty. */
static int check_slice(const char *slice, struct error *err)
{
	if (streq(slice, "-.slice"))
		return 0;
	if (str_has_suffix(slice, ".slice") && slice[0] != '-' && slice[0] != '.' &&
	    !strchr(slice, '/') && !strstr(slice, "--") && !strstr(slice, "-.slice") &&
	    strlen(slice) < MAX_UNIT_NAME)
		return 0;
	(void)error_set(err, EINVAL, "\"%s\" is not the name of a slice", slice);
	(void)error_pointer(err, "linux.cgroupsPath");
	return error_hint(err, "a slice is called \"NAME.slice\", or \"A-B.slice\" below "
			       "\"A.slice\"; \"-\" is the root");
}

/* A character that unit names do not have becomes "\xNN". */
static void add_escaped(struct strbuf *name, const char *s)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@";

	for (; *s; s++) {
		if (strchr(allowed, *s))
			strbuf_addch(name, *s);
		else
			strbuf_addf(name, "\\x%02x", (unsigned char)*s);
	}
}

static int make_scope_name(const char *prefix, const char *name, char **out, struct error *err)
{
	cleanup_strbuf struct strbuf unit = STRBUF_INIT;

	add_escaped(&unit, prefix);
	if (*prefix)
		strbuf_addch(&unit, '-');
	add_escaped(&unit, name);
	strbuf_adds(&unit, ".scope");
	if (unit.len >= MAX_UNIT_NAME) {
		(void)error_set(err, ENAMETOOLONG, "the unit's name \"%s\" has more than %d "
				"characters", unit.buf, MAX_UNIT_NAME - 1);
		return error_pointer(err, "linux.cgroupsPath");
	}
	*out = strbuf_detach(&unit);
	return 0;
}

static int make_unit(const char *slice, const char *prefix, const char *name,
		     struct systemd_unit *out, struct error *err)
{
	int r = check_slice(slice, err);

	if (r == 0 && str_has_suffix(name, ".slice")) {
		r = check_slice(name, err);
		out->name = xstrdup(name);
		return r;
	}
	out->slice = xstrdup(slice);
	return r < 0 ? r : make_scope_name(prefix, name, &out->name, err);
}

int systemd_unit_parse(const char *path, const char *id, bool user, struct systemd_unit *out,
		       struct error *err)
{
	const char *default_slice = user ? "user.slice" : "system.slice";
	cleanup_free char *copy = NULL;
	char *prefix, *name;
	int r;

	*out = (struct systemd_unit){ 0 };
	if (!path || !*path)
		return make_unit(default_slice, "dabba", id, out, err);
	copy = xstrdup(path);
	prefix = strchr(copy, ':');
	name = prefix ? strchr(prefix + 1, ':') : NULL;
	if (!name || !name[1] || strchr(name + 1, ':') || strchr(name + 1, '/'))
		return bad_path(path, err);
	*prefix++ = '\0';
	*name++ = '\0';
	if (*copy == '\0')
		r = make_unit(default_slice, prefix, name, out, err);
	else
		r = make_unit(streq(copy, "-") ? "-.slice" : copy, prefix, name, out, err);
	if (r < 0)
		systemd_unit_fini(out);
	return r;
}

/* systemd puts a "_" before names that the kernel's own files could have. */
const char *systemd_unit_of_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return name[0] == '_' ? name + 1 : name;
}
