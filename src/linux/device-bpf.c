/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/device-bpf.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "linux/idmap.h"

/* As bpftool shows it. */
#define PROGRAM_NAME "dabba_devices"

enum {
	/* The kernel attaches no more to one cgroup. */
	MAX_ATTACHED = 64,
};

/* Every container gets these nodes, ptys among them (config-linux.md, "Default Devices"). */
static const struct device_rule default_rules[] = {
	{ 'c', 1, 3, DEVICE_ACCESS_ALL, true },	 /* null */
	{ 'c', 1, 5, DEVICE_ACCESS_ALL, true },	 /* zero */
	{ 'c', 1, 7, DEVICE_ACCESS_ALL, true },	 /* full */
	{ 'c', 1, 8, DEVICE_ACCESS_ALL, true },	 /* random */
	{ 'c', 1, 9, DEVICE_ACCESS_ALL, true },	 /* urandom */
	{ 'c', 5, 0, DEVICE_ACCESS_ALL, true },	 /* tty */
	{ 'c', 5, 1, DEVICE_ACCESS_ALL, true },	 /* console */
	{ 'c', 5, 2, DEVICE_ACCESS_ALL, true },	 /* ptmx */
	{ 'c', 136, DEVICE_ANY, DEVICE_ACCESS_ALL, true }, /* pts */
};

unsigned int device_access_parse(const char *text)
{
	unsigned int access = 0;

	for (; *text; text++) {
		switch (*text) {
		case 'r':
			access |= BPF_DEVCG_ACC_READ;
			break;
		case 'w':
			access |= BPF_DEVCG_ACC_WRITE;
			break;
		case 'm':
			access |= BPF_DEVCG_ACC_MKNOD;
			break;
		default:
			return 0;
		}
	}
	return access;
}

static int sys_bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* Ours is known by its name: systemd attaches programs too. */
static bool is_ours(int program_fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)program_fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && streq(info.name, PROGRAM_NAME);
}

/* An fd of the program that an earlier call attached; -EBADF when there is none. */
static int find_attached(int cgroup_fd)
{
	uint32_t ids[MAX_ATTACHED];
	union bpf_attr attr;
	uint32_t n;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = ARRAY_SIZE(ids);
	/* A caller who may not ask may not attach either, and is told so then. */
	if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
		return -EBADF;
	n = attr.query.prog_cnt;
	for (uint32_t i = 0; i < n; i++) {
		cleanup_close int fd = -EBADF;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd >= 0 && is_ours(fd))
			return take_fd(fd);
	}
	return -EBADF;
}

static int detach(int cgroup_fd, int program_fd, struct error *err)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr) < 0 ? error_sys(err, "bpf", "BPF_PROG_DETACH") : 0;
}

/* At each moment either program decides, never none: the kernel swaps them. */
static int load_and_attach(int cgroup_fd, int old_fd, const struct bpf_insn *insns, size_t n,
			   struct error *err)
{
	cleanup_close int program_fd = -EBADF;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	program_fd = sys_bpf(BPF_PROG_LOAD, &attr);
	if (program_fd < 0)
		return error_sys(err, "bpf", "BPF_PROG_LOAD of %zu instructions", n);

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old_fd;
	}
	if (sys_bpf(BPF_PROG_ATTACH, &attr) < 0)
		return error_sys(err, "bpf", "BPF_PROG_ATTACH");
	return 0;
}

static int convert_rule(const struct oci_device_rule *from, size_t index,
			struct device_rule *out, struct error *err)
{
	/* "rwm" is what runc takes for an absent access; an empty one grants nothing. */
	const char *text = from->access ? from->access : "rwm";
	unsigned int access = device_access_parse(text);

	if (access == 0) {
		(void)error_set(err, EINVAL, "device access \"%s\" is not made of r, w and m",
				text);
		return error_pointer(err, "linux.resources.devices[%zu].access", index);
	}
	if (from->type == OCI_DEVICE_TYPE_FIFO) {
		(void)error_set(err, EINVAL, "device type \"p\": a fifo has no device rules");
		return error_pointer(err, "linux.resources.devices[%zu].type", index);
	}
	*out = (struct device_rule){
		.type = from->type == OCI_DEVICE_TYPE_BLOCK ? 'b' : 'c',
		.major = from->major && *from->major >= 0 ? *from->major : DEVICE_ANY,
		.minor = from->minor && *from->minor >= 0 ? *from->minor : DEVICE_ANY,
		.access = access,
		.allow = from->allow,
	};
	if (from->type == 0 || from->type == OCI_DEVICE_TYPE_ALL)
		out->type = 'a';
	return 0;
}

/* A node of linux.devices: made by us, or by the container if it has CAP_MKNOD. */
static struct device_rule allow_mknod(const struct oci_device *device)
{
	return (struct device_rule){
		.type = device->type == OCI_DEVICE_TYPE_BLOCK ? 'b' : 'c',
		.major = device->major ? *device->major : 0,
		.minor = device->minor ? *device->minor : 0,
		.access = BPF_DEVCG_ACC_MKNOD,
		.allow = true,
	};
}

/* The rules of config.json, then ours: their order is their weight. */
static int collect_rules(const struct oci_resources *resources, const struct oci_device *devices,
			 size_t n_devices, struct device_rule *rules, size_t *n,
			 struct error *err)
{
	size_t at = 0;

	for (size_t i = 0; i < resources->n_devices; i++) {
		int r = convert_rule(&resources->devices[i], i, &rules[at++], err);

		if (r < 0)
			return r;
	}
	memcpy(rules + at, default_rules, sizeof(default_rules));
	at += ARRAY_SIZE(default_rules);
	for (size_t i = 0; i < n_devices; i++)
		if (devices[i].type != OCI_DEVICE_TYPE_FIFO)
			rules[at++] = allow_mknod(&devices[i]);
	*n = at;
	return 0;
}

int device_rules_make(const struct oci_resources *resources, const struct oci_device *devices,
		      size_t n_devices, struct device_rule **out, size_t *n, struct error *err)
{
	cleanup_free struct device_rule *rules = NULL;
	int r;

	*out = NULL;
	*n = 0;
	if (!resources || resources->n_devices == 0)
		return 0;
	rules = xcalloc(resources->n_devices + ARRAY_SIZE(default_rules) + n_devices,
			sizeof(*rules));
	r = collect_rules(resources, devices, n_devices, rules, n, err);
	if (r == 0)
		*out = take_ptr(rules);
	return r;
}

int device_bpf_attach(int cgroup_fd, const struct oci_resources *resources,
		      const struct oci_device *devices, size_t n_devices, struct error *err)
{
	cleanup_free struct device_rule *rules = NULL;
	cleanup_free struct bpf_insn *insns = NULL;
	cleanup_close int old_fd = -EBADF;
	size_t n_rules, n;
	int r = device_rules_make(resources, devices, n_devices, &rules, &n_rules, err);

	if (r < 0 || n_rules == 0)
		return r;
	device_program_make(rules, n_rules, &insns, &n);
	old_fd = find_attached(cgroup_fd);
	if (n > 0)
		r = load_and_attach(cgroup_fd, old_fd, insns, n, err);
	else if (old_fd >= 0)
		r = detach(cgroup_fd, old_fd, err);
	if (r == -EPERM && !idmap_root_of_host()) {
		log_info("device rules are left out: only root of the host may load them");
		error_clear(err);
		return 0;
	}
	if (r < 0) {
		(void)error_hint(err, "device rules need CAP_BPF or CAP_SYS_ADMIN on the host, and "
				 "a kernel with CONFIG_CGROUP_BPF");
		(void)error_pointer(err, "linux.resources.devices");
		return error_context(err, "device rules");
	}
	return 0;
}
