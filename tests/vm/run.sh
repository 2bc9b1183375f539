#!/bin/bash
# Runs a command as root in a throwaway virtual machine with a pure cgroup v2 hierarchy
# and all its controllers, in this tree.
#
#	sudo tests/vm/run.sh [-s] [-v] [-k KERNEL] [-m MIB] [-t SECONDS] COMMAND [ARGUMENT]...
#
#	-s	with systemd, D-Bus and logind; without, a small init of our own
#	-v	the kernel's console goes to stderr
#	-k	boot KERNEL, a file called vmlinuz-VERSION, instead of the newest of
#		Debian's cloud kernels; its modules are in /lib/modules/VERSION or in
#		../lib/modules/VERSION beside it
#	-m	memory of the machine (default: 1024)
#	-t	give up after SECONDS (default: 900) with status 124
#
# The machine is emulated (qemu without KVM), so it needs no hardware and is slow: about
# five times slower than the host at running programs, and 5 to 15 seconds to boot. Its
# root is the host's root file system, read-only, below an overlay on a scratch disk:
# whatever the command changes is gone afterwards. What is mounted below / on the host is
# not there. The environment is a fresh one: use env(1) as COMMAND to set variables.
#
# stdout and stderr come out as they are written; the status is the command's, or 125
# with a reason when the machine itself failed. One that has not been heard of for 3 minutes
# has: what hangs in a machine that lives does not stop its clock.
#
# What runs in the machine is beside this script: boot (in the initramfs), plain or
# systemd (pid 1's set-up), and job (the command and its output).
set -euo pipefail
HERE=$(realpath "$(dirname "$0")")
TOP=$(realpath "$HERE/../..")

MEMORY_MIB=1024
DISK_SIZE=4G
MODULES=(virtio_pci virtio_blk virtio_console virtiofs overlay ext4)

fail() {
	echo "${0##*/}: $*" >&2
	exit 125
}

usage() {
	sed -n 's/^#\tsudo tests\/vm\/run.sh/usage: run.sh/p' "$0" >&2
	exit 125
}

# Everything the machine is made of, or one line that names the packages.
check_host() {
	local program
	local -A package=(
		[qemu-system-x86_64]=qemu-system-x86 [/usr/lib/qemu/virtiofsd]=qemu-system-common
		[busybox]=busybox-static [cpio]=cpio [modprobe]=kmod [mkfs.ext4]=e2fsprogs
		[xz]=xz-utils)
	local missing=()
	if [[ $flavour == systemd ]]; then
		package+=([/lib/systemd/systemd]=systemd [dbus-daemon]=dbus)
	fi
	for program in "${!package[@]}"; do
		[[ -n $(type -P "$program") ]] || missing+=("${package[$program]}")
	done
	[[ -n $kernel ]] || missing+=(linux-image-cloud-amd64)
	((${#missing[@]} == 0)) || fail "not installed: ${missing[*]} (use apt-get install)"
	((EUID == 0)) || fail "the machine's disk is the root file system: run this as root"
	[[ -r $kernel ]] || fail "cannot read the kernel $kernel"
}

# Sets $release and $modules, the directory whose lib/modules has those of the kernel.
find_modules() {
	local dir
	release=${kernel##*/vmlinuz-}
	for dir in / "$(dirname "$kernel")/.."; do
		modules=$(realpath "$dir")
		[[ ! -e $modules/lib/modules/$release/modules.dep ]] || return 0
	done
	fail "no modules of the kernel $kernel: looked for lib/modules/$release"
}

# The modules the boot needs in the order to load them, unpacked.
copy_modules() {
	local name file number=100
	mkdir "$1"
	for name in "${MODULES[@]}"; do
		modprobe -d "$modules" -S "$release" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$tmp/modules"
	while read -r file; do
		name=$((number++)).ko
		case $file in
		*.xz) xz -dc "$file" >"$1/$name" ;;
		*.zst) zstd -qdc "$file" >"$1/$name" ;;
		*) cp "$file" "$1/$name" ;;
		esac
	done <"$tmp/modules"
}

make_initramfs() {
	local root=$tmp/initramfs
	mkdir -p "$root/bin" "$root/vm"
	cp "$(type -P busybox)" "$root/bin/busybox"
	cp "$HERE/boot" "$root/init"
	cp "$HERE/$flavour" "$root/vm/init"
	cp "$HERE/job" "$root/vm/job"
	chmod +x "$root/init" "$root/vm"/*
	echo "$limit" >"$root/vm/limit"
	copy_modules "$root/modules"
	[[ $modules == / ]] || echo "$modules/lib/modules/$release" >"$root/vm/modules"
	{
		printf 'cd %q || exit 125\nexec' "$TOP"
		printf ' %q' "$@"
		echo
	} >"$root/vm/command"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$tmp/initramfs.cpio"
}

# The host's root through a read-only bind mount that only the server sees: the machine
# can change nothing, and none of the host's /proc, /sys and /dev is in it.
serve_root() {
	unshare -m --propagation private bash -c '
		# The server keeps an fd for each file that the guest has cached.
		ulimit -n "$(cat /proc/sys/fs/nr_open)"
		mkdir "$1/root" && mount --bind / "$1/root" &&
			mount -o remount,bind,ro "$1/root" &&
			exec /usr/lib/qemu/virtiofsd --socket-path="$1/root.sock" \
				-o source="$1/root",cache=always,sandbox=chroot,xattr
		' bash "$tmp" >"$tmp/virtiofsd.log" 2>&1 &
	children+=($!)
	local i
	for ((i = 0; i < 500; i++)); do
		[[ ! -S $tmp/root.sock ]] || return 0
		sleep 0.02
	done
	cat "$tmp/virtiofsd.log" >&2
	fail "the file system server virtiofsd did not start"
}

# qemu opens its outputs by name and would truncate a plain file: it gets fifos.
copy_output() {
	mkfifo "$tmp/stdout" "$tmp/stderr"
	cat "$tmp/stdout" &
	copies=($!)
	cat "$tmp/stderr" >&2 &
	copies+=($!)
	children+=("${copies[@]}")
}

# port NAME: a serial port that the guest finds by that name; its output is that file.
port() {
	devices+=(-chardev "file,id=$1,path=$tmp/$1,append=on"
		-device "virtserialport,chardev=$1,name=$1")
}

# No random addresses: what qemu has translated of a program and its libraries then serves
# the next process too. No la57: its page walks are slow to emulate. No cx16: qemu 7.2 gets the flags of
# cmpxchg16b wrong, which newer kernels do not survive.
boot_machine() {
	local devices=(-device virtio-serial-pci) name
	for name in stdout stderr status alive; do
		port "$name"
	done
	timeout -k 10 "$limit" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-machine q35,usb=off -accel tcg,thread=multi -cpu max,la57=off,cx16=off -smp 2 \
		-m "$MEMORY_MIB" -numa node,memdev=memory \
		-object "memory-backend-memfd,id=memory,size=${MEMORY_MIB}M,share=on" \
		-kernel "$kernel" -initrd "$tmp/initramfs.cpio" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check \
random.trust_cpu=on norandmaps cgroup_no_v1=all" \
		-chardev "file,id=console,path=$console,append=on" -serial chardev:console \
		-drive "file=$tmp/disk,format=raw,if=none,id=disk,cache=unsafe" \
		-device virtio-blk-pci,drive=disk -device virtio-rng-pci \
		-chardev "socket,id=root,path=$tmp/root.sock" \
		-device vhost-user-fs-pci,chardev=root,tag=root "${devices[@]}" </dev/null &
	machine=$!
	children+=("$machine")
}

# Ends a machine that has frozen, so that nobody waits for the whole of -t.
watch_machine() {
	local size=0 heard=$SECONDS
	while sleep 5; do
		if (($(stat -c %s "$tmp/alive") != size)); then
			size=$(stat -c %s "$tmp/alive")
			heard=$SECONDS
		elif ((SECONDS - heard > 180)); then
			echo "not heard of for 3 minutes" >"$tmp/frozen"
			kill "$machine"
			return
		fi
	done
}

# The bind mount on $tmp/root is in another mount namespace, so that rm cannot get there.
# shellcheck disable=SC2317 # called by the trap
clean_up() {
	((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null || true
	rm -rf "$tmp"
}

flavour=plain limit=900 verbose='' children=()
kernel=$(ls -v /boot/vmlinuz-*-cloud-* 2>/dev/null | tail -n 1)
while getopts svk:m:t: option; do
	case $option in
	s) flavour=systemd ;;
	v) verbose=1 ;;
	k) kernel=$(realpath "$OPTARG") ;;
	m) MEMORY_MIB=$OPTARG ;;
	t) limit=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
(($#)) || usage
check_host
find_modules

tmp=$(mktemp -d /tmp/dabba-vm-XXXXXX)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
console=$tmp/console
[[ -z $verbose ]] || console=$tmp/stderr
make_initramfs "$@"
truncate -s "$DISK_SIZE" "$tmp/disk"
mkfs.ext4 -q -F -O ^has_journal -E lazy_itable_init=1 "$tmp/disk"
serve_root
copy_output
boot_machine
watch_machine &
children+=($!)
result=0
wait "$machine" || result=$?
if [[ -s $tmp/status ]]; then
	wait "${copies[@]}"
	exit "$(cat "$tmp/status")"
fi
if ((result == 124)); then
	tail -n 200 "$tmp/console" >&2 2>/dev/null || true
	echo "${0##*/}: the command did not end within $limit seconds" >&2
	exit 124
fi
cat "$tmp/console" "$tmp/virtiofsd.log" "$tmp/frozen" >&2 2>/dev/null || true
fail "the machine ended without a result (qemu: status $result)"
