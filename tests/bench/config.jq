# The measured container: six namespaces, seven mounts, masks, the usual
# capabilities and a default-like seccomp profile. $names is every system call
# of this machine; floor.c's "denied" must stay the same list.
["uselib", "ustat", "sysfs", "vhangup", "modify_ldt", "pivot_root", "_sysctl", "settimeofday",
 "swapon", "reboot", "iopl", "create_module", "nfsservctl", "lookup_dcookie", "clock_settime",
 "mbind", "kexec_load", "add_key", "migrate_pages", "unshare", "move_pages", "perf_event_open",
 "open_by_handle_at", "setns", "kcmp", "finit_module", "kexec_file_load", "userfaultfd",
 "io_uring_setup", "fsopen"] as $denied |
["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
 "NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"] as $kept |
.process.args = $args |
.process.capabilities = ($kept | map("CAP_" + .) | {bounding: ., effective: ., permitted: .}) |
.mounts |= map(if .type == "proc" then .options = ["nosuid", "noexec", "nodev"] else . end) |
.linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/acpi",
	"/proc/scsi", "/sys/firmware"] |
.linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"] |
.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1,
	architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
	syscalls: [{names: ($names | split("\n") - $denied - [""]), action: "SCMP_ACT_ALLOW"}]}
