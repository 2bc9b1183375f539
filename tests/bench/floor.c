/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor under a container runtime's cost: the smallest program we can write
 * that asks the kernel for what tests/bench/config.jq describes (namespaces,
 * mounts, devices, masks, capabilities, a seccomp tree) and nothing more: it
 * reads no JSON, checks nothing, keeps no state.
 *
 *	floor run ROOTFS CGROUP PROGRAM [host-net|devices]
 *					a whole container, until PROGRAM ends; in the
 *					host's network, or with rules for devices
 *	floor exec PID CGROUP PROGRAM	one more process in the container of PID
 *	floor nothing			starts and ends
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS)
#define KEPT_CAPABILITIES 0x00000000a80425fbULL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const masked_files[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list" };
static const char *const masked_directories[] = { "/proc/acpi", "/proc/scsi", "/sys/firmware" };
static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					 "/proc/sysrq-trigger" };
/*
 * What config.jq denies, as numbers of x86_64.  On another machine the tree for it
 * allows everything: its size, which is what costs, is the same.
 */
static const uint16_t denied[] = {
	134, 136, 139, 153, 154, 155, 156, 164, 167, 169, 172, 174, 180, 212, 227,
	237, 246, 248, 256, 272, 279, 298, 304, 308, 312, 313, 320, 323, 425, 430,
};

static struct sock_filter filter[512];
static unsigned short filter_length;

static void check(long result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
}

static void emit(uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	filter[filter_length++] = (struct sock_filter){ code, yes, no, k };
}

/* A balanced tree over denied[LOW..HIGH), whose members get VERDICT. */
static void emit_tree(size_t low, size_t high, uint32_t verdict)
{
	size_t middle = (low + high) / 2;
	unsigned short branch;

	if (low == high) {
		emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		return;
	}
	emit(BPF_JMP | BPF_JEQ | BPF_K, denied[middle], 0, 1);
	emit(BPF_RET | BPF_K, verdict, 0, 0);
	branch = filter_length;
	emit(BPF_JMP | BPF_JGT | BPF_K, denied[middle], 0, 0);
	emit_tree(low, middle, verdict);
	filter[branch].jt = filter_length - branch - 1;
	emit_tree(middle + 1, high, verdict);
}

static void load_filter(void)
{
	struct sock_fprog program;
	unsigned short other;

	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	other = filter_length;
	emit(BPF_JMP | BPF_JA, 0, 0, 0);
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit_tree(0, ARRAY_SIZE(denied), SECCOMP_RET_ERRNO | EPERM);
	filter[other].k = filter_length - other - 1;
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit_tree(0, ARRAY_SIZE(denied), SECCOMP_RET_ALLOW);
	program = (struct sock_fprog){ filter_length, filter };
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = KEPT_CAPABILITIES, .permitted = KEPT_CAPABILITIES },
	};
	int capability;

	for (capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (!(KEPT_CAPABILITIES & 1ULL << capability))
			prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	check(setgroups(0, NULL), "setgroups");
	check(syscall(SYS_capset, &header, data), "capset");
}

static void become(char *program)
{
	char *args[] = { program, NULL };
	char *env[] = { "PATH=/bin", NULL };

	drop_capabilities();
	load_filter();
	execve(program, args, env);
	err(127, "exec %s", program);
}

static void enter_root(const char *rootfs)
{
	check(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "make / slave");
	check(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), "bind the root");
	check(chdir(rootfs), rootfs);
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "umount the old root");
	check(chdir("/"), "chdir");
}

static void make_mounts(void)
{
	const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	check(mount("proc", "/proc", "proc", safe, NULL), "proc");
	check(mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME,
		    "mode=755,size=65536k"), "dev");
	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 01777);
	mkdir("/dev/mqueue", 01777);
	check(mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		    "newinstance,ptmxmode=0666,mode=0620"), "devpts");
	check(mount("shm", "/dev/shm", "tmpfs", safe, "mode=1777,size=65536k"), "shm");
	check(mount("mqueue", "/dev/mqueue", "mqueue", safe, NULL), "mqueue");
	check(mount("sysfs", "/sys", "sysfs", safe | MS_RDONLY, NULL), "sysfs");
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} devices[] = {
		{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
		{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
	};
	size_t i;

	umask(0);
	for (i = 0; i < ARRAY_SIZE(devices); i++)
		check(mknod(devices[i].path, S_IFCHR | 0666,
			    makedev(devices[i].major, devices[i].minor)), devices[i].path);
	umask(022);
	check(symlink("/proc/self/fd", "/dev/fd"), "/dev/fd");
	check(symlink("/proc/self/fd/0", "/dev/stdin"), "/dev/stdin");
	check(symlink("/proc/self/fd/1", "/dev/stdout"), "/dev/stdout");
	check(symlink("/proc/self/fd/2", "/dev/stderr"), "/dev/stderr");
	check(symlink("pts/ptmx", "/dev/ptmx"), "/dev/ptmx");
}

/* Directories share one empty file system; what this kernel lacks is skipped. */
static void make_masks(void)
{
	int empty = -1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(masked_files); i++)
		mount("/dev/null", masked_files[i], NULL, MS_BIND, NULL);
	for (i = 0; i < ARRAY_SIZE(masked_directories); i++) {
		if (empty < 0 && !mount("none", masked_directories[i], "tmpfs", MS_RDONLY, NULL))
			empty = i;
		else if (empty >= 0)
			mount(masked_directories[empty], masked_directories[i], NULL, MS_BIND,
			      NULL);
	}
	for (i = 0; i < ARRAY_SIZE(read_only); i++) {
		struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
		int fd = open_tree(AT_FDCWD, read_only[i], OPEN_TREE_CLONE | AT_RECURSIVE);

		if (fd < 0)
			continue;
		mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
		check(move_mount(fd, "", AT_FDCWD, read_only[i], MOVE_MOUNT_F_EMPTY_PATH),
		      read_only[i]);
		close(fd);
	}
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	check(ioctl(fd, SIOCSIFFLAGS, &request), "lo up");
	close(fd);
}

static pid_t clone_into(int cgroup, uint64_t flags)
{
	struct clone_args args = {
		.flags = flags | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static int status_of(pid_t pid)
{
	int status;

	check(pid, "clone3");
	check(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The devices of config.jq's rules: major and minor, -1 is any. */
static const struct {
	int major, minor;
} allowed[] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }, { 5, 2 }, { 136, -1 } };

static struct bpf_insn instruction(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	return (struct bpf_insn){ code, dst, src, off, imm };
}

static void attach_device_rules(const char *path)
{
	enum { LOAD = BPF_LDX | BPF_W | BPF_MEM, SKIP = BPF_JMP | BPF_JNE | BPF_K,
	       SET = BPF_ALU64 | BPF_MOV | BPF_K, END = BPF_JMP | BPF_EXIT };
	struct bpf_insn code[ARRAY_SIZE(allowed) * 4 + 7];
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)code,
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr attach = { .attach_type = BPF_CGROUP_DEVICE };
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint32_t n = 0;

	/* Of another type: on to the refusal at the end. */
	code[n++] = instruction(LOAD, 4, 1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	code[n++] = instruction(BPF_ALU64 | BPF_AND | BPF_K, 4, 0, 0, 0xffff);
	code[n++] = instruction(SKIP, 4, 0, ARRAY_SIZE(allowed) * 4 + 1, BPF_DEVCG_DEV_CHAR);
	code[n++] = instruction(LOAD, 2, 1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	code[n++] = instruction(LOAD, 3, 1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		int any = allowed[i].minor < 0;

		code[n++] = instruction(SKIP, 2, 0, any ? 2 : 3, allowed[i].major);
		if (!any)
			code[n++] = instruction(SKIP, 3, 0, 2, allowed[i].minor);
		code[n++] = instruction(SET, 0, 0, 0, 1);
		code[n++] = instruction(END, 0, 0, 0, 0);
	}
	code[n++] = instruction(SET, 0, 0, 0, 0);
	code[n++] = instruction(END, 0, 0, 0, 0);
	load.insn_cnt = n;
	attach.target_fd = cgroup;
	attach.attach_bpf_fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	check((int)attach.attach_bpf_fd, "load the device rules");
	check(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)), "attach them");
	close(attach.attach_bpf_fd);
	close(cgroup);
}

static int run(const char *rootfs, const char *path, char *program, const char *variant)
{
	int has_net = strcmp(variant, "host-net") != 0;
	int status, cgroup;
	pid_t pid;

	check(mkdir(path, 0755), path);
	cgroup = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	check(cgroup, path);
	if (!strcmp(variant, "devices"))
		attach_device_rules(path);
	pid = clone_into(cgroup, has_net ? NAMESPACES : NAMESPACES & ~CLONE_NEWNET);
	if (pid == 0) {
		check(unshare(CLONE_NEWCGROUP), "unshare");
		check(sethostname("floor", 5), "sethostname");
		if (has_net)
			raise_loopback();
		enter_root(rootfs);
		make_mounts();
		make_devices();
		make_masks();
		become(program);
	}
	status = status_of(pid);
	check(rmdir(path), path);
	return status;
}

static int exec(pid_t container, const char *path, char *program)
{
	int cgroup = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int pidfd = syscall(SYS_pidfd_open, container, 0);
	pid_t pid;

	check(cgroup, path);
	check(pidfd, "pidfd_open");
	check(setns(pidfd, NAMESPACES | CLONE_NEWCGROUP), "setns");
	pid = clone_into(cgroup, 0);
	if (pid == 0)
		become(program);
	return status_of(pid);
}

int main(int argc, char **argv)
{
	if ((argc == 5 || argc == 6) && !strcmp(argv[1], "run"))
		return run(argv[2], argv[3], argv[4], argc == 6 ? argv[5] : "");
	if (argc == 5 && !strcmp(argv[1], "exec"))
		return exec(atoi(argv[2]), argv[3], argv[4]);
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	errx(1, "usage: floor run ROOTFS CGROUP PROGRAM [host-net|devices] | "
	     "exec PID CGROUP PROGRAM | nothing");
}
