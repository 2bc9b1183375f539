/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/intel-rdt.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "linux/mountinfo.h"

enum { MAX_FILE = 1 << 20 };

void intel_rdt_fini(struct intel_rdt *group)
{
	free(take_ptr(group->group));
	free(take_ptr(group->monitor));
}

/* --- the configuration ----------------------------------------------------------------- */

static bool has_schemata(const struct oci_intel_rdt *config)
{
	return config->l3_cache_schema || config->mem_bw_schema || config->n_schemata > 0;
}

static int refuse(struct error *err, const char *field, const char *value, const char *why)
{
	(void)error_set(err, EINVAL, "linux.intelRdt.%s: \"%s\" %s", field, value, why);
	return error_pointer(err, "linux.intelRdt.%s", field);
}

int intel_rdt_check(const struct oci_intel_rdt *config, struct error *err)
{
	const char *clos = config->clos_id;

	if (clos && !streq(clos, "/") &&
	    (!*clos || strchr(clos, '/') || streq(clos, ".") || streq(clos, "..")))
		return refuse(err, "closID", clos, "is not the name of a directory, nor \"/\"");
	if (config->mem_bw_schema && !str_skip_prefix(config->mem_bw_schema, "MB:"))
		return refuse(err, "memBwSchema", config->mem_bw_schema,
			      "does not start with \"MB:\"");
	if (config->mem_bw_schema && strchr(config->mem_bw_schema, '\n'))
		return refuse(err, "memBwSchema", config->mem_bw_schema,
			      "has more than one line");
	for (size_t i = 0; i < config->n_schemata; i++)
		if (!strchr(config->schemata[i], ':'))
			return refuse(err, "schemata", config->schemata[i],
				      "is not RESOURCE:ID=VALUE;...");
	return 0;
}

/* The lines of l3CacheSchema, without those that memBwSchema replaces, then memBwSchema. */
static void combine_schemas(const struct oci_intel_rdt *config, struct strbuf *out)
{
	const char *line = config->l3_cache_schema;

	while (line && *line) {
		size_t n = strcspn(line, "\n");

		if (n > 0 && !(config->mem_bw_schema && strncmp(line, "MB:", 3) == 0)) {
			strbuf_add(out, line, n);
			strbuf_addch(out, '\n');
		}
		line += n + (line[n] == '\n');
	}
	if (config->mem_bw_schema)
		strbuf_addf(out, "%s\n", config->mem_bw_schema);
}

/* --- the file system --------------------------------------------------------------------- */

int intel_rdt_open_root(struct error *err)
{
	int fd = mountinfo_open("resctrl", RDTGROUP_SUPER_MAGIC, err);

	if (fd != -ENODEV)
		return fd;
	(void)error_set(err, ENODEV, "linux.intelRdt: no resctrl file system is mounted");
	(void)error_hint(err, "mount -t resctrl resctrl /sys/fs/resctrl, where the CPU has it "
			      "(cat_l3, mba or cqm in /proc/cpuinfo)");
	return error_pointer(err, "linux.intelRdt");
}

/* What the kernel says of the last refusal, as a hint. */
static int explain(int root_fd, struct error *err)
{
	cleanup_strbuf struct strbuf status = STRBUF_INIT;
	struct error ignored;

	if (file_read_at(root_fd, "info/last_cmd_status", MAX_FILE, &status, &ignored) == 0 &&
	    status.len > 0 && strncmp(status.buf, "ok", 2) != 0)
		(void)error_hint(err, "the kernel says: %.*s",
				 (int)strcspn(status.buf, "\n"), status.buf);
	return err->code;
}

static int make_group(int root_fd, const char *path, struct error *err)
{
	if (mkdirat(root_fd, path, 0755) == 0)
		return 0;
	(void)error_sys(err, "mkdir", "resctrl group %s", path);
	if (err->code == -ENOSPC)
		(void)error_hint(err, "the hardware has no more classes of service or "
				      "monitoring ids: remove groups that are not used");
	return explain(root_fd, err);
}

static int make_or_find(int root_fd, const struct oci_intel_rdt *config, struct intel_rdt *out,
			struct error *err)
{
	struct stat st;

	if (config->clos_id && fstatat(root_fd, out->group, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (config->clos_id && !has_schemata(config)) {
		(void)error_set(err, ENOENT,
				"linux.intelRdt.closID: the resctrl group \"%s\" does not exist, "
				"and there is nothing to make it of", config->clos_id);
		(void)error_hint(err, "make it before, or give l3CacheSchema, memBwSchema or "
				      "schemata");
		return error_pointer(err, "linux.intelRdt.closID");
	}
	out->made_group = make_group(root_fd, out->group, err) == 0;
	return out->made_group ? 0 : error_context(err, "linux.intelRdt");
}

int intel_rdt_make(int root_fd, const struct oci_intel_rdt *config, const char *id,
		   struct intel_rdt *out, struct error *err)
{
	const char *name = config->clos_id ? config->clos_id : id;
	struct error ignored = ERROR_INIT;
	int r;

	*out = (struct intel_rdt)INTEL_RDT_INIT;
	out->group = xstrdup(streq(name, "/") ? "." : name);
	r = make_or_find(root_fd, config, out, err);
	if (r < 0 || !config->enable_monitoring)
		return r;
	out->monitor = xasprintf("%s/mon_groups/%s", out->group, id);
	r = make_group(root_fd, out->monitor, err);
	if (r == 0)
		return 0;
	free(take_ptr(out->monitor));
	if (out->made_group && intel_rdt_remove(root_fd, out->group, &ignored) == 0)
		out->made_group = false;
	(void)error_context(err, "linux.intelRdt");
	return error_pointer(err, "linux.intelRdt.enableMonitoring");
}

/* --- schemata ---------------------------------------------------------------------------- */

/* Whether two values of one domain are the same number: "7f0" and "00007f0", "20" and " 20". */
static bool same_value(const char *a, size_t n_a, const char *b, size_t n_b)
{
	while (n_a > 1 && (*a == '0' || *a == ' '))
		a++, n_a--;
	while (n_b > 1 && (*b == '0' || *b == ' '))
		b++, n_b--;
	return n_a == n_b && strncasecmp(a, b, n_a) == 0;
}

/* Whether DOMAINS ("0=7f0;1=1f") has the domain at WANT ("1=1f", N bytes) with that value. */
static bool has_domain(const char *domains, const char *want, size_t n)
{
	size_t n_id = (size_t)(strchrnul(want, '=') - want);

	for (const char *d = domains; *d && *d != '\n';) {
		size_t len = strcspn(d, ";\n");

		if (n_id < n && len > n_id && strncmp(d, want, n_id + 1) == 0)
			return same_value(d + n_id + 1, len - n_id - 1, want + n_id + 1,
					  n - n_id - 1);
		d += len + (d[len] == ';');
	}
	return false;
}

/* The domains of the resource at LINE (up to its ":") in the text of a schemata file, or NULL. */
static const char *find_resource(const char *text, const char *line)
{
	size_t n = (size_t)(strchrnul(line, ':') - line) + 1;

	for (; *text; text = strchrnul(text, '\n'), text += *text == '\n') {
		text += strspn(text, " ");
		if (strncmp(text, line, n) == 0)
			return text + n;
	}
	return NULL;
}

static bool line_matches(const char *text, const char *line)
{
	const char *domains = find_resource(text, line);
	const char *want = strchrnul(line, ':');

	if (!domains || !*want)
		return false;
	for (want++; *want && *want != '\n';) {
		size_t n = strcspn(want, ";\n");

		if (n > 0 && !has_domain(domains, want, n))
			return false;
		want += n + (want[n] == ';');
	}
	return true;
}

static int compare(int root_fd, const struct intel_rdt *group, const char *wanted,
		   struct error *err)
{
	cleanup_free char *path = xasprintf("%s/schemata", group->group);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = file_read_at(root_fd, path, MAX_FILE, &text, err);

	if (r < 0)
		return error_context(err, "linux.intelRdt");
	for (const char *line = wanted; *line; line = strchrnul(line, '\n'), line += *line == '\n') {
		if (line_matches(text.buf, line))
			continue;
		(void)error_set(err, EINVAL,
				"linux.intelRdt: the resctrl group \"%s\" exists, and its schemata "
				"are not \"%.*s\"", group->group, (int)strcspn(line, "\n"), line);
		(void)error_hint(err, "leave the schemas out to join it as it is, or use another "
				      "closID");
		return error_pointer(err, "linux.intelRdt.closID");
	}
	return 0;
}

int intel_rdt_write(int root_fd, const char *group, const char *text, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/schemata", group);

	if (file_write_at(root_fd, path, text, err) == 0)
		return 0;
	(void)explain(root_fd, err);
	(void)error_context(err, "linux.intelRdt");
	return error_pointer(err, "linux.intelRdt.schemata");
}

int intel_rdt_configure(int root_fd, const struct oci_intel_rdt *config,
			const struct intel_rdt *group, struct error *err)
{
	cleanup_strbuf struct strbuf schemas = STRBUF_INIT, schemata = STRBUF_INIT;
	int r = 0;

	combine_schemas(config, &schemas);
	for (size_t i = 0; i < config->n_schemata; i++)
		strbuf_addf(&schemata, "%s\n", config->schemata[i]);
	if (schemas.len > 0)
		r = group->made_group ? intel_rdt_write(root_fd, group->group, schemas.buf, err)
				      : compare(root_fd, group, schemas.buf, err);
	/* "Written last", and into a group that exists as well. */
	if (r == 0 && schemata.len > 0)
		r = intel_rdt_write(root_fd, group->group, schemata.buf, err);
	return r;
}

int intel_rdt_update(int root_fd, const struct oci_intel_rdt *config, const char *group,
		     struct strbuf *old, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/schemata", group);
	cleanup_strbuf struct strbuf schemas = STRBUF_INIT;

	combine_schemas(config, &schemas);
	if (file_read_at(root_fd, path, MAX_FILE, old, err) < 0)
		return error_context(err, "linux.intelRdt");
	return intel_rdt_write(root_fd, group, schemas.buf, err);
}

/* --- tasks --------------------------------------------------------------------------------- */

static int add_task(int root_fd, const char *group, pid_t pid, struct error *err)
{
	cleanup_free char *path = xasprintf("%s/tasks", group);
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	if (file_write_at(root_fd, path, text, err) == 0)
		return 0;
	(void)explain(root_fd, err);
	return error_context(err, "linux.intelRdt");
}

int intel_rdt_enter(int root_fd, const char *group, const char *monitor, pid_t pid,
		    struct error *err)
{
	int r = add_task(root_fd, group, pid, err);

	return r == 0 && monitor ? add_task(root_fd, monitor, pid, err) : r;
}

int intel_rdt_remove(int root_fd, const char *path, struct error *err)
{
	cleanup_free char *tasks_path = xasprintf("%s/tasks", path);
	cleanup_strbuf struct strbuf tasks = STRBUF_INIT;
	int r = file_read_at(root_fd, tasks_path, MAX_FILE, &tasks, err);

	/* Gone, or only a directory: rmdir(2) tells. */
	if (r < 0 && r != -ENOENT)
		return error_context(err, "linux.intelRdt");
	if (tasks.len > 0)
		return 0;
	if (unlinkat(root_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, "rmdir", "resctrl group %s", path);
	return 0;
}
