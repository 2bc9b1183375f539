/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/namespace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

/*
 * The order is that of joining: the user namespace comes last, while the
 * runtime's own privileges still open what belongs to the host; the mount
 * namespace just before it.
 */
static const struct {
	enum oci_namespace_type type;
	int flag;
	const char *name;
} kinds[NAMESPACE_KINDS] = {
	{ OCI_NAMESPACE_CGROUP, CLONE_NEWCGROUP, "cgroup" },
	{ OCI_NAMESPACE_IPC, CLONE_NEWIPC, "ipc" },
	{ OCI_NAMESPACE_UTS, CLONE_NEWUTS, "uts" },
	{ OCI_NAMESPACE_NETWORK, CLONE_NEWNET, "net" },
	{ OCI_NAMESPACE_PID, CLONE_NEWPID, "pid" },
	{ OCI_NAMESPACE_TIME, CLONE_NEWTIME, "time" },
	{ OCI_NAMESPACE_MOUNT, CLONE_NEWNS, "mnt" },
	{ OCI_NAMESPACE_USER, CLONE_NEWUSER, "user" },
};

int namespace_flag(enum oci_namespace_type type)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if (kinds[i].type == type)
			return kinds[i].flag;
	return 0;
}

const char *namespace_name(uint64_t flag)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if ((uint64_t)kinds[i].flag == flag)
			return kinds[i].name;
	return "unknown";
}

void namespace_plan_fini(struct namespace_plan *plan)
{
	for (size_t i = 0; i < plan->n_joins; i++)
		fd_close(&plan->joins[i].fd);
	plan->n_joins = 0;
}

static const struct oci_namespace *find(const struct oci_linux *linux, size_t kind, size_t *index)
{
	for (size_t i = 0; i < linux->n_namespaces; i++) {
		if (linux->namespaces[i].type == kinds[kind].type) {
			*index = i;
			return &linux->namespaces[i];
		}
	}
	return NULL;
}

static int check_duplicates(const struct oci_linux *linux, struct error *err)
{
	for (size_t i = 0; i < linux->n_namespaces; i++) {
		enum oci_namespace_type type = linux->namespaces[i].type;

		for (size_t j = 0; j < i; j++) {
			if (linux->namespaces[j].type != type)
				continue;
			(void)error_set(err, EINVAL,
					"linux.namespaces[%zu].type: %s stands in "
					"linux.namespaces[%zu] already",
					i, namespace_name((uint64_t)namespace_flag(type)), j);
			return error_pointer(err, "linux.namespaces[%zu].type", i);
		}
	}
	return 0;
}

/* One file is one namespace: same device and inode. */
static bool is_own_user_namespace(int fd)
{
	struct error ignored;
	int root_fd = proc_fd(&ignored);
	struct stat ours, theirs;

	return root_fd >= 0 && fstatat(root_fd, "self/ns/user", &ours, 0) == 0 &&
	       fstat(fd, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
	       ours.st_dev == theirs.st_dev;
}

bool namespace_is_owned_by_ours(int ns_fd)
{
	cleanup_close int owner_fd = ioctl(ns_fd, NS_GET_USERNS);

	return owner_fd >= 0 && is_own_user_namespace(owner_fd);
}

int namespace_joined_fd(const struct namespace_plan *plan, int flag)
{
	for (size_t i = 0; i < plan->n_joins; i++)
		if (plan->joins[i].flag == flag)
			return plan->joins[i].fd;
	return -EBADF;
}

static int open_join(const struct oci_namespace *ns, size_t kind, struct error *err)
{
	cleanup_close int fd = -EBADF;
	int type;

	if (ns->path[0] != '/')
		return error_set(err, EINVAL, "\"%s\" is not an absolute path", ns->path);
	fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_file(err, "open", ns->path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return error_set(err, EINVAL, "%s is not a namespace file", ns->path);
	if (type != kinds[kind].flag)
		return error_set(err, EINVAL, "%s is a namespace of type %s, not %s", ns->path,
				 namespace_name((uint64_t)type), kinds[kind].name);
	return take_fd(fd);
}

static int add(struct namespace_plan *plan, const struct oci_namespace *ns, size_t kind,
	       struct error *err)
{
	int fd;

	if (!ns->path || !*ns->path) {
		plan->new_flags |= (uint64_t)kinds[kind].flag;
		return 0;
	}
	fd = open_join(ns, kind, err);
	if (fd < 0)
		return fd;
	if (kinds[kind].flag == CLONE_NEWUSER && is_own_user_namespace(fd)) {
		fd_close(&fd);
		return 0;
	}
	plan->joins[plan->n_joins++] = (struct namespace_join){
		.flag = kinds[kind].flag,
		.fd = fd,
		.path = ns->path,
	};
	plan->join_flags |= (uint64_t)kinds[kind].flag;
	return 0;
}

static int plan_time_offsets(struct namespace_plan *plan, const struct oci_linux *linux,
			     struct error *err)
{
	const struct oci_time_offset *monotonic = linux->time_offsets
							  ? linux->time_offsets->monotonic
							  : NULL;
	const struct oci_time_offset *boottime = linux->time_offsets ? linux->time_offsets->boottime
								     : NULL;
	size_t n = 0;

	if (!monotonic && !boottime)
		return 0;
	if (!(plan->new_flags & CLONE_NEWTIME)) {
		(void)error_set(err, EINVAL, "linux.timeOffsets needs a new time namespace");
		(void)error_hint(err,
				 "add {\"type\": \"time\"} without a path to linux.namespaces");
		return error_pointer(err, "linux.timeOffsets");
	}
	if (monotonic)
		n = (size_t)snprintf(plan->time_offsets, sizeof(plan->time_offsets),
				     "monotonic %" PRId64 " %" PRIu32 "\n", monotonic->secs,
				     monotonic->nanosecs);
	if (boottime)
		(void)snprintf(plan->time_offsets + n, sizeof(plan->time_offsets) - n,
			       "boottime %" PRId64 " %" PRIu32 "\n", boottime->secs,
			       boottime->nanosecs);
	return 0;
}

int namespace_plan_init(struct namespace_plan *plan, const struct oci_linux *linux,
			struct error *err)
{
	int r;

	*plan = (struct namespace_plan)NAMESPACE_PLAN_INIT;
	if (!linux)
		return 0;
	r = check_duplicates(linux, err);
	for (size_t kind = 0; r == 0 && kind < NAMESPACE_KINDS; kind++) {
		size_t index;
		const struct oci_namespace *ns = find(linux, kind, &index);

		if (!ns)
			continue;
		r = add(plan, ns, kind, err);
		if (r < 0) {
			(void)error_context(err, "linux.namespaces[%zu].path", index);
			(void)error_pointer(err, "linux.namespaces[%zu].path", index);
		}
	}
	if (r == 0)
		r = plan_time_offsets(plan, linux, err);
	if (r < 0)
		namespace_plan_fini(plan);
	return r;
}

bool namespace_plan_needs_stage(const struct namespace_plan *plan)
{
	if (plan->join_flags & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME))
		return true;
	if ((plan->new_flags & CLONE_NEWUSER) && plan->n_joins > 0)
		return true;
	return plan->time_offsets[0] != '\0';
}

static int join(const struct namespace_join *join, struct error *err)
{
	if (setns(join->fd, join->flag) < 0)
		return error_sys(err, "setns", "%s namespace %s",
				 namespace_name((uint64_t)join->flag), join->path);
	return 0;
}

int namespace_join_all(const struct namespace_plan *plan, struct error *err)
{
	bool retry[NAMESPACE_KINDS] = { false };

	for (size_t i = 0; i < plan->n_joins; i++) {
		int r = join(&plan->joins[i], err);

		if (r == -EPERM && (plan->join_flags & CLONE_NEWUSER) &&
		    plan->joins[i].flag != CLONE_NEWUSER)
			retry[i] = true;
		else if (r < 0)
			return r;
	}
	for (size_t i = 0; i < plan->n_joins; i++) {
		int r = retry[i] ? join(&plan->joins[i], err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int namespace_unshare_time(const struct namespace_plan *plan, struct error *err)
{
	if (unshare(CLONE_NEWTIME) < 0)
		return error_sys(err, "unshare", "CLONE_NEWTIME");
	return proc_write_self("timens_offsets", plan->time_offsets, err);
}

const struct oci_namespace *namespace_find(const struct oci_linux *linux,
					   enum oci_namespace_type type)
{
	for (size_t i = 0; linux && i < linux->n_namespaces; i++)
		if (linux->namespaces[i].type == type)
			return &linux->namespaces[i];
	return NULL;
}

bool namespace_has_own_mounts(const struct oci_linux *linux)
{
	const struct oci_namespace *ns = namespace_find(linux, OCI_NAMESPACE_MOUNT);

	return ns && !ns->path;
}
