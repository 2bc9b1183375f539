/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing a cgroup to the user who will run in it: the directory and the files
 * that the kernel lists for that, never the files with limits.
 * Reference: config-linux.md, "Cgroup ownership"; cgroups(7), "Delegation".
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "linux/cgroup.h"

#define DELEGATE_LIST "/sys/kernel/cgroup/delegate"

/* What that file said when it came, with Linux 4.15. */
static const char default_list[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

static bool is_writable_cgroup_mount(const struct oci_mount *m)
{
	bool is_cgroup = (m->source && streq(m->source, "cgroup")) ||
			 (m->type && (streq(m->type, "cgroup") || streq(m->type, "cgroup2")));

	if (!is_cgroup || !streq(m->destination, "/sys/fs/cgroup"))
		return false;
	for (size_t i = 0; i < m->n_options; i++)
		if (streq(m->options[i], "ro") || streq(m->options[i], "rro"))
			return false;
	return true;
}

bool cgroup_is_delegated(const struct oci_config *config)
{
	bool namespaced = false;

	for (size_t i = 0; config->linux && i < config->linux->n_namespaces; i++)
		namespaced |= config->linux->namespaces[i].type == OCI_NAMESPACE_CGROUP &&
			      !config->linux->namespaces[i].path;
	for (size_t i = 0; namespaced && i < config->n_mounts; i++)
		if (is_writable_cgroup_mount(&config->mounts[i]))
			return true;
	return false;
}

/* Not every cgroup has every file. */
static int give(int dir_fd, const char *name, uid_t owner, struct error *err)
{
	if (fchownat(dir_fd, name, owner, (gid_t)-1, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno == ENOENT)
		return 0;
	return error_sys(err, "fchownat", "%s to user %u", *name ? name : "the directory", owner);
}

int cgroup_delegate(const struct cgroup *cg, uid_t owner, struct error *err)
{
	cleanup_strbuf struct strbuf list = STRBUF_INIT;
	struct error ignored;
	struct stat st;
	int r;

	if (fstat(cg->fd, &st) == 0 && st.st_uid == owner)
		return 0;
	if (file_read_at(AT_FDCWD, DELEGATE_LIST, 4096, &list, &ignored) < 0) {
		strbuf_reset(&list);
		strbuf_adds(&list, default_list);
	}
	r = give(cg->fd, "", owner, err);
	for (char *save = NULL, *name = strtok_r(list.buf, "\n", &save); name && r == 0;
	     name = strtok_r(NULL, "\n", &save))
		if (!strchr(name, '/'))
			r = give(cg->fd, name, owner, err);
	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}
