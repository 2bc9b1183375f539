/* SPDX-License-Identifier: Apache-2.0 */
/* From mounts[] in config.json to entries: every check that needs no system call. */
#include "linux/mount.h"

#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/mount-entry.h"
#include "linux/namespace.h"

/* fsconfig(2) takes no longer string. */
enum { FSCONFIG_VALUE_MAX = 255 };

/* clang-format off */
static const struct mount_fs file_systems[] = {
	{ "proc",    .real_dir = true, .pseudo = true, .plain = true,
	  .label = MOUNT_LABEL_NONE, .stand_in = "/proc" },
	{ "sysfs",   .real_dir = true, .pseudo = true, .plain = true,
	  .label = MOUNT_LABEL_NONE, .stand_in = "/sys" },
	{ "mqueue",  .pseudo = true, .plain = true, .label = MOUNT_LABEL_XATTR,
	  .stand_in = "/dev/mqueue" },
	{ "cgroup",  .pseudo = true, .label = MOUNT_LABEL_NONE },
	{ "cgroup2", .pseudo = true, .label = MOUNT_LABEL_NONE },
	{ "tmpfs",   .pseudo = true, .plain = true },
	{ "devpts",  .pseudo = true, .plain = true },
};
/* clang-format on */
static const struct mount_fs other_file_system = { .label = MOUNT_LABEL_CONTEXT };

/* What lxcfs replaces, and the one file that checkpointing needs: nothing else below /proc. */
static const char *const proc_files[] = {
	"cpuinfo", "diskstats", "meminfo",  "stat",    "swaps",
	"uptime",  "loadavg",	"slabinfo", "net/dev", "sys/kernel/ns_last_pid",
};

int mount_entry_error(const struct mount_entry *entry, struct error *err)
{
	(void)error_context(err, "mount %s", entry->spec->destination);
	(void)error_path(err, "%s", entry->spec->destination);
	return error_pointer(err, "mounts[%zu]", entry->index);
}

int mount_option_error(const struct mount_entry *entry, int option, struct error *err)
{
	if (option >= 0)
		(void)error_pointer(err, "mounts[%zu].options[%d]", entry->index, option);
	return mount_entry_error(entry, err);
}

static int field_error(const struct mount_entry *entry, const char *field, struct error *err)
{
	(void)error_pointer(err, "mounts[%zu].%s", entry->index, field);
	return mount_entry_error(entry, err);
}

/* "dev//./x/../pts/" -> "/dev/pts" */
static char *clean_path(const char *path)
{
	char *clean = xmalloc(strlen(path) + 2);
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (len > 0 && clean[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && *path == '.')) {
			clean[len++] = '/';
			memcpy(clean + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	if (len == 0)
		clean[len++] = '/';
	clean[len] = '\0';
	return clean;
}

static const struct mount_fs *find_fs(const char *type)
{
	for (size_t i = 0; type && i < ARRAY_SIZE(file_systems); i++)
		if (streq(type, file_systems[i].type))
			return &file_systems[i];
	return &other_file_system;
}

static bool is_tmpfs(const struct mount_entry *e)
{
	return e->kind == MOUNT_KIND_NEW && streq(e->spec->type, "tmpfs");
}

/*
 * Cuts the next item off *REST.  One mounts[].options string may hold several
 * ("mode=755,size=1m"); a comma inside quotes or after a backslash belongs to
 * the value: SELinux categories and overlay paths have them.
 */
static char *next_item(char **rest)
{
	char *item = *rest, *p = item;
	bool quoted = false;

	for (; *p && (quoted || *p != ','); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && p[1])
			p++;
	}
	*rest = *p ? p + 1 : p;
	*p = '\0';
	return item;
}

static void push_data(struct mount_entry *e, const char *item, int option)
{
	char *key = xstrdup(item), *value = strchr(key, '=');
	size_t len;

	if (value)
		*value++ = '\0';
	/* Quotes are syntax of mount(8); fsconfig(2) takes the value itself. */
	len = value ? strlen(value) : 0;
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value[len - 1] = '\0';
		value++;
	}
	e->data = xrealloc(e->data, e->n_data + 1, sizeof(*e->data));
	e->data[e->n_data++] = (struct mount_data){ key, value, option };
}

static bool has_data(const struct mount_entry *e, const char *suffix)
{
	for (size_t i = 0; i < e->n_data; i++)
		if (str_has_suffix(e->data[i].key, suffix))
			return true;
	return false;
}

static void add_label(struct mount_entry *e, const char *label)
{
	cleanup_free char *item = NULL;

	/* "context", "fscontext", ... given by the config win. */
	if (!label || e->fs->label != MOUNT_LABEL_CONTEXT || has_data(e, "context"))
		return;
	item = xasprintf("context=%s", label);
	push_data(e, item, -1);
}

/* mount(2) has one page for all data, fsconfig(2) 255 bytes for each value (overlay's lowerdir). */
static bool has_long_value(const struct mount_entry *e)
{
	for (size_t i = 0; i < e->n_data; i++)
		if (e->data[i].value && strlen(e->data[i].value) > FSCONFIG_VALUE_MAX)
			return true;
	return false;
}

/*
 * Nothing is asked that takes a second step, and the options have no syntax.  An
 * "ro" would be the superblock's, which other mounts of a pseudo file system share.
 */
static bool is_plain(const struct mount_entry *e, const char *label)
{
	const struct mount_options *o = &e->options;

	for (size_t i = 0; i < e->n_data; i++)
		if (e->data[i].value && strpbrk(e->data[i].value, ",\"\\"))
			return false;
	/* Without a mode the tmpfs takes that of the directory below it. */
	return e->fs->plain && !o->sb_set && !o->sb_clr && !o->propagation &&
	       !((o->attr_set | o->rec_set) & MOUNT_ATTR_RDONLY) &&
	       !(o->flags & MOUNT_TMPCOPYUP) && !streq(e->clean, "/") &&
	       (!is_tmpfs(e) || has_data(e, "mode")) &&
	       (!label || e->fs->label == MOUNT_LABEL_NONE);
}

static char *join_data(const struct mount_entry *e)
{
	struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < e->n_data; i++) {
		const struct mount_data *d = &e->data[i];
		bool quote = d->value && strchr(d->value, ',') && str_has_suffix(d->key, "context");

		strbuf_addf(&all, "%s%s%s%s%s%s", i ? "," : "", d->key, d->value ? "=" : "",
			    quote ? "\"" : "", d->value ? d->value : "", quote ? "\"" : "");
	}
	return strbuf_detach(&all);
}

static int plan_options(struct mount_entry *e, struct error *err)
{
	for (size_t i = 0; i < e->spec->n_options; i++) {
		cleanup_free char *copy = NULL;
		char *rest;

		if (mount_options_add(&e->options, e->spec->options[i]))
			continue;
		rest = copy = xstrdup(e->spec->options[i]);
		while (*rest) {
			char *item = next_item(&rest);

			if (*item && !mount_options_add(&e->options, item))
				push_data(e, item, (int)i);
		}
	}
	if (e->options.flags & MOUNT_REMOUNT)
		e->kind = MOUNT_KIND_REMOUNT;
	else if (e->options.flags & MOUNT_BIND)
		e->kind = MOUNT_KIND_BIND;
	else if (!e->spec->type || !*e->spec->type)
		return error_set(
			err, EINVAL,
			"neither a \"type\" nor one of the options \"bind\" and \"rbind\"");
	else if (streq(e->spec->type, "bind") || streq(e->spec->type, "none"))
		return error_set(err, EINVAL,
				 "type \"%s\" needs one of the options \"bind\" and \"rbind\"",
				 e->spec->type);
	else if (str_skip_prefix(e->spec->type, "cgroup"))
		e->kind = MOUNT_KIND_CGROUP;
	else
		e->kind = MOUNT_KIND_NEW;
	return 0;
}

/* Such data would change the superblock, which on a bind mount is the host's. */
static int check_bind_data(const struct mount_entry *e, struct error *err)
{
	const struct mount_data *d = e->data;

	if (e->n_data == 0)
		return 0;
	(void)error_set(err, EINVAL, "\"%s%s%s\" is not an option that a bind mount can have",
			d->key, d->value ? "=" : "", d->value ? d->value : "");
	(void)error_hint(err, "only the options of mount(8) that are not specific to a file system "
			      "work with \"bind\"; see `dabba features`");
	return mount_option_error(e, d->option, err);
}

static int plan_source(struct mount_entry *e, const char *bundle, struct error *err)
{
	const char *source = e->spec->source;

	if (e->kind != MOUNT_KIND_BIND)
		return 0;
	if (!source || !*source) {
		(void)error_set(err, EINVAL, "a bind mount needs a source");
		return field_error(e, "source", err);
	}
	e->source = *source == '/' ? xstrdup(source) : xasprintf("%s/%s", bundle, source);
	return check_bind_data(e, err);
}

/* R4: whoever can put a file of his own below /proc decides what the host's tools believe. */
static int check_proc(struct mount_entry *e, struct error *err)
{
	const char *below = str_skip_prefix(e->clean, "/proc");

	e->in_proc = below && (*below == '\0' || *below == '/');
	if (!e->in_proc)
		return 0;
	if (*below == '\0') {
		/* Whether the source of a bind is a procfs, mount_entry_open() sees. */
		if (e->kind != MOUNT_KIND_NEW || streq(e->spec->type, "proc"))
			return 0;
		(void)error_set(err, EPERM,
				"only a proc file system may be mounted on /proc, not %s",
				e->spec->type);
		return field_error(e, "destination", err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++)
		if (streq(below + 1, proc_files[i]) &&
		    (e->kind == MOUNT_KIND_BIND || e->kind == MOUNT_KIND_REMOUNT))
			return 0;
	(void)error_set(err, EPERM, "nothing may be mounted inside /proc");
	(void)error_hint(err, "allowed are bind mounts on the files that lxcfs provides; "
			      "linux.maskedPaths hides a path");
	return field_error(e, "destination", err);
}

static int plan_destination(struct mount_entry *e, struct error *err)
{
	const char *dest = e->spec->destination;

	if (!*dest) {
		(void)error_set(err, EINVAL, "an empty destination");
		return field_error(e, "destination", err);
	}
	if (*dest != '/')
		log_warning("mounts[%zu].destination: \"%s\" is relative and taken as \"/%s\"",
			    e->index, dest, dest);
	e->clean = clean_path(dest);
	e->real_dir = streq(e->clean, "/proc") || streq(e->clean, "/sys") ||
		      (e->kind == MOUNT_KIND_NEW && e->fs->real_dir);
	return check_proc(e, err);
}

static int plan_idmap(const struct mount_plan *plan, struct mount_entry *e, struct error *err)
{
	const struct oci_mount *m = e->spec;
	char where[32];
	int r;

	if (m->n_uid_mappings == 0 && m->n_gid_mappings == 0) {
		if (!(e->options.flags & MOUNT_IDMAP) || plan->userns)
			return 0;
		(void)error_set(err, EINVAL, "\"idmap\" has no mapping to apply");
		(void)error_hint(err, "give uidMappings and gidMappings, or a user namespace whose "
				      "mapping can be used");
		return mount_entry_error(e, err);
	}
	e->options.flags |= MOUNT_IDMAP;
	e->idmap = (struct idmap){ m->uid_mappings, m->gid_mappings, m->n_uid_mappings,
				   m->n_gid_mappings };
	(void)snprintf(where, sizeof(where), "mounts[%zu]", e->index);
	r = idmap_check(&e->idmap, where, err);
	return r < 0 ? mount_entry_error(e, err) : 0;
}

static int check_combination(const struct mount_entry *e, struct error *err)
{
	if ((e->options.flags & MOUNT_IDMAP) && e->kind != MOUNT_KIND_BIND)
		return error_set(err, EINVAL, "only a bind mount can have an id mapping");
	if ((e->options.flags & MOUNT_TMPCOPYUP) && !is_tmpfs(e))
		return error_set(err, EINVAL, "\"tmpcopyup\" is for tmpfs");
	return 0;
}

static int plan_entry(const struct mount_plan *plan, struct mount_entry *e,
		      const struct mount_env *env, struct error *err)
{
	int r;

	e->fs = find_fs(e->spec->type);
	r = plan_options(e, err);
	if (r == 0)
		r = check_combination(e, err);
	if (r < 0)
		return mount_entry_error(e, err);
	r = plan_destination(e, err);
	if (r == 0)
		r = plan_source(e, env->bundle, err);
	if (r == 0)
		r = plan_idmap(plan, e, err);
	if (r < 0)
		return r;
	if (e->kind == MOUNT_KIND_NEW) {
		add_label(e, env->mount_label);
		e->mount_only = has_long_value(e);
		if (e->mount_only || (!plan->foreign && is_plain(e, env->mount_label)))
			e->joined_data = join_data(e);
	}
	e->late_readonly = is_tmpfs(e) && (e->options.attr_set & MOUNT_ATTR_RDONLY);
	return 0;
}

int mount_plan_new(const struct oci_config *config, const struct mount_env *env,
		   struct mount_plan **out, struct error *err)
{
	const struct oci_linux *l = config->linux;
	struct mount_plan *plan;
	int r = 0;

	plan = xcalloc(1, sizeof(*plan));
	plan->entries = xcalloc(config->n_mounts, sizeof(*plan->entries));
	plan->n = config->n_mounts;
	plan->userns_fd = env->userns_fd;
	plan->made_userns_fd = -EBADF;
	plan->parent_fd = -EBADF;
	plan->userns = namespace_find(l, OCI_NAMESPACE_USER) != NULL;
	plan->cgroupns = namespace_find(l, OCI_NAMESPACE_CGROUP) != NULL;
	plan->pidns = namespace_find(l, OCI_NAMESPACE_PID) != NULL;
	plan->rootless = env->rootless;
	plan->foreign = !namespace_has_own_mounts(l) && namespace_find(l, OCI_NAMESPACE_MOUNT);
	plan->mount_label = env->mount_label;
	if (l)
		plan->container_map = (struct idmap){ l->uid_mappings, l->gid_mappings,
						      l->n_uid_mappings, l->n_gid_mappings };
	for (size_t i = 0; i < plan->n; i++) {
		plan->entries[i].spec = &config->mounts[i];
		plan->entries[i].index = i;
		plan->entries[i].fd = -EBADF;
	}
	for (size_t i = 0; i < plan->n && r == 0; i++)
		r = plan_entry(plan, &plan->entries[i], env, err);
	if (r < 0) {
		(void)mount_plan_free(plan);
		return r;
	}
	*out = plan;
	return 0;
}

static void entry_fini(struct mount_entry *e)
{
	for (size_t i = 0; i < e->n_data; i++)
		free(e->data[i].key);
	free(e->data);
	free(e->joined_data);
	free(e->clean);
	free(e->source);
	fd_close(&e->fd);
}

struct mount_plan *mount_plan_free(struct mount_plan *plan)
{
	if (!plan)
		return NULL;
	for (size_t i = 0; i < plan->n; i++)
		entry_fini(&plan->entries[i]);
	fd_close(&plan->made_userns_fd);
	fd_close(&plan->parent_fd);
	free(plan->parent);
	free(plan->entries);
	free(plan);
	return NULL;
}

bool mount_plan_owns_dev(const struct mount_plan *plan)
{
	bool owns = true;

	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->entries[i].clean, "/dev") &&
		    plan->entries[i].kind != MOUNT_KIND_REMOUNT)
			owns = plan->entries[i].kind != MOUNT_KIND_BIND;
	return owns;
}

bool mount_plan_replaces_root(const struct mount_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->entries[i].clean, "/"))
			return true;
	return false;
}
