# shellcheck shell=bash
# What a test needs of the machine. A missing thing skips the test; each reason
# is a sentence that .ci/run checks against tests/skips (a skip must be true).

is_dabba() {
	[[ ${RUNTIME##*/} == dabba ]]
}

has_controller() {
	grep -qw "$1" /sys/fs/cgroup/cgroup.controllers
}

# has_capability NUMBER: in the effective set of the tests.
has_capability() {
	local effective
	effective=0x$(sed -n 's/^CapEff:\t//p' /proc/self/status)
	(((effective >> $1) & 1))
}

overlay_works() {
	local dir=$BATS_TEST_TMPDIR/overlay-probe
	mkdir -p "$dir"/{lower,upper,work,merged}
	mount -t overlay none -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" \
		"$dir/merged" 2>/dev/null && umount "$dir/merged"
}

# mirror_answers [SUITE]: a Debian mirror that apt knows, and that has the suite (this machine's).
mirror_answers() {
	local uri suite
	# shellcheck disable=SC1091,SC2016
	read -r uri suite < <(. /etc/os-release && apt-get indextargets \
		--format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v s="$VERSION_CODENAME" '$1 ~ /debian/ && $2 == s' | head -n 1)
	[[ -n $uri ]] && timeout 60 /usr/lib/apt/apt-helper download-file \
		"${uri%/}/dists/${1-$suite}/InRelease" "$BATS_TEST_TMPDIR/InRelease" >/dev/null 2>&1
}

idmap_works() {
	[[ $(uname -r | cut -d. -f1) -ge 6 ]]
}

# require THING [ARGUMENT]: skips the test when this machine lacks it.
require() {
	case $1 in
	sandbox)
		[[ -n ${DABBA_SANDBOX-} ]] || {
			echo "run this through tests/helpers/sandbox (tests/run.sh FILE does it)"
			return 1
		} ;;
	dabba)
		is_dabba || skip "only dabba promises this" ;;
	musl-build)
		"$RUNTIME" --version | grep -q "^libc: .*musl" ||
			skip "only the build with musl promises this" ;;
	tree-namespace)
		[[ $(uname -r) == [1-9][0-9].* || $(uname -r) == [7-9].* ]] ||
			skip "this kernel makes no mount namespace of a tree" ;;
	command)
		command -v "$2" >/dev/null || skip "the command $2 is not installed" ;;
	controller)
		has_controller "$2" || skip "cgroup v2 has no $2 controller on this machine" ;;
	no-controller)
		! has_controller "$2" || skip "cgroup v2 has the $2 controller on this machine" ;;
	rdma-device)
		[[ -n $(ls /sys/class/infiniband 2>/dev/null) ]] ||
			skip "no RDMA device is on this machine" ;;
	sys-resource)
		has_capability 24 || skip "root lacks CAP_SYS_RESOURCE on this machine" ;;
	selinux)
		[[ -e /sys/fs/selinux/status ]] || skip "SELinux is not active on this machine" ;;
	apparmor)
		[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] ||
			skip "AppArmor is not active on this machine" ;;
	overlay)
		overlay_works || skip "overlayfs does not work on this machine" ;;
	mirror)
		mirror_answers || skip "no Debian mirror can be reached from this machine" ;;
	debian-13)
		mirror_answers trixie || skip "no mirror of Debian 13 can be reached from this machine" ;;
	x86-64)
		[[ $(uname -m) == x86_64 ]] || skip "this works on x86-64 alone" ;;
	systemd)
		[[ -d /run/systemd/system && $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] ||
			skip "systemd with cgroup v2 does not run this machine" ;;
	vm)
		[[ -e /run/vm/command ]] || skip "this machine is not to be thrown away afterwards" ;;
	time-namespace)
		[[ -e /proc/self/ns/time ]] || skip "the kernel has no time namespaces" ;;
	idmapped-mounts)
		idmap_works || skip "the kernel has no idmapped mounts of tmpfs" ;;
	*)
		echo "require: unknown thing $1"
		return 1 ;;
	esac
}
