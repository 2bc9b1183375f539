/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/sysctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "libocispec/runtime.h"

/* A path below /proc. */
struct sysctl_path {
	char s[256];
};

/* What belongs to which namespace; a prefix ends in '/'. Reference: namespaces(7). */
static const struct {
	const char *path;
	enum oci_namespace_type type;
} namespaced[] = {
	{ "sys/net/", OCI_NAMESPACE_NETWORK },
	{ "sys/user/", OCI_NAMESPACE_USER },
	{ "sys/fs/mqueue/", OCI_NAMESPACE_IPC },
	{ "sys/kernel/msgmax", OCI_NAMESPACE_IPC },
	{ "sys/kernel/msgmnb", OCI_NAMESPACE_IPC },
	{ "sys/kernel/msgmni", OCI_NAMESPACE_IPC },
	{ "sys/kernel/msg_next_id", OCI_NAMESPACE_IPC },
	{ "sys/kernel/sem", OCI_NAMESPACE_IPC },
	{ "sys/kernel/sem_next_id", OCI_NAMESPACE_IPC },
	{ "sys/kernel/shmall", OCI_NAMESPACE_IPC },
	{ "sys/kernel/shmmax", OCI_NAMESPACE_IPC },
	{ "sys/kernel/shmmni", OCI_NAMESPACE_IPC },
	{ "sys/kernel/shm_next_id", OCI_NAMESPACE_IPC },
	{ "sys/kernel/shm_rmid_forced", OCI_NAMESPACE_IPC },
	{ "sys/kernel/domainname", OCI_NAMESPACE_UTS },
	{ "sys/kernel/hostname", OCI_NAMESPACE_UTS },
};

/* Components are not empty, "." or "..": the key names a file below /proc/sys. */
static bool is_plain_path(const char *path)
{
	for (;;) {
		size_t n = strcspn(path, "/");

		if (n == 0 || (n <= 2 && strspn(path, ".") == n))
			return false;
		if (path[n] == '\0')
			return true;
		path += n + 1;
	}
}

static bool make_path(const char *key, struct sysctl_path *out)
{
	bool swap = key[strcspn(key, "./")] == '.';
	int n = snprintf(out->s, sizeof(out->s), "sys/%s", key);

	if (n < 0 || n >= (int)sizeof(out->s))
		return false;
	for (char *c = out->s + strlen("sys/"); swap && *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return is_plain_path(out->s);
}

static enum oci_namespace_type find_type(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaced); i++) {
		const char *rest = str_skip_prefix(path, namespaced[i].path);

		if (rest && (rest[0] == '\0' || rest[-1] == '/'))
			return namespaced[i].type;
	}
	return 0;
}

static const char *proc_name(enum oci_namespace_type type)
{
	switch (type) {
	case OCI_NAMESPACE_NETWORK:
		return "net";
	case OCI_NAMESPACE_USER:
		return "user";
	case OCI_NAMESPACE_IPC:
		return "ipc";
	default:
		return "uts";
	}
}

/* A path that cannot be read is not ours to explain: joining the namespace fails on it. */
static bool is_our_own(const struct oci_namespace *namespace)
{
	struct error ignored = ERROR_INIT;
	int root_fd = proc_fd(&ignored);
	struct stat own, other;
	char name[32];

	if (!namespace->path)
		return false;
	(void)snprintf(name, sizeof(name), "self/ns/%s", proc_name(namespace->type));
	return root_fd >= 0 && fstatat(root_fd, name, &own, 0) == 0 &&
	       stat(namespace->path, &other) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

static int check_namespace(const struct sysctl_request *request, enum oci_namespace_type type,
			   struct error *err)
{
	const char *name = oci_name(&oci_namespace_names, type);

	for (size_t i = 0; i < request->n_namespaces; i++) {
		if (request->namespaces[i].type != type)
			continue;
		if (!is_our_own(&request->namespaces[i]))
			return 0;
		return error_set(err, EINVAL, "the %s namespace %s is the host's", name,
				 request->namespaces[i].path);
	}
	(void)error_set(err, EINVAL, "the container shares the host's %s namespace", name);
	return error_hint(err, "add {\"type\": \"%s\"} to linux.namespaces", name);
}

static int check_one(const struct sysctl_request *request, const char *key, struct error *err)
{
	enum oci_namespace_type type;
	struct sysctl_path path;

	if (!make_path(key, &path))
		return error_set(err, EINVAL, "not the name of a kernel parameter");
	type = find_type(path.s);
	if (!type)
		return error_set(err, EINVAL,
				 "it does not belong to a namespace: it would change the host");
	if (streq(path.s, "sys/kernel/hostname"))
		return error_set(err, EINVAL, "the field \"hostname\" is for this");
	if (streq(path.s, "sys/kernel/domainname") && request->has_domainname)
		return error_set(err, EINVAL, "it contradicts the field \"domainname\"");
	return check_namespace(request, type, err);
}

static int add_context(const char *key, struct error *err)
{
	(void)error_pointer(err, "linux.sysctl[\"%s\"]", key);
	return error_context(err, "sysctl \"%s\"", key);
}

int sysctl_check(const struct sysctl_request *request, struct error *err)
{
	const struct oci_string_map *map = request->map;

	for (size_t i = 0; i < map->n; i++)
		if (check_one(request, map->items[i].key, err) < 0)
			return add_context(map->items[i].key, err);
	return 0;
}

int sysctl_apply(const struct oci_string_map *map, struct error *err)
{
	for (size_t i = 0; i < map->n; i++) {
		struct sysctl_path path;
		int r = make_path(map->items[i].key, &path)
				? proc_write(path.s, map->items[i].value, err)
				: error_set(err, EINVAL, "not the name of a kernel parameter");

		/* Not in errno's words: engines take these for a program that is missing. */
		if (r == -ENOENT) {
			(void)error_set(err, ENOENT, "this kernel does not have the parameter");
			(void)error_hint(err, "it may come with a module that is not loaded");
		}
		if (r < 0)
			return add_context(map->items[i].key, err);
	}
	return 0;
}
