#!/usr/bin/env bats
# hostname, domainname, sysctl, personality, keyring.
load helpers/bundle

setup() {
	setup_bundle
}

@test "hostname: set in its own UTS namespace" {
	local before
	before=$(hostname)
	run_sh hostname
	[[ $output == box ]]
	[[ $(hostname) == "$before" ]]
}

@test "hostname: without a UTS namespace of its own is refused" {
	edit '.linux.namespaces |= map(select(.type != "uts"))'
	fails runtime run "$ID"
	one_sentence
	said 'hostname.*uts|uts.*hostname'
	nothing_left
}

@test "domainname" {
	edit '.domainname = "example.org"'
	run_sh 'cat /proc/sys/kernel/domainname'
	is_dabba || [[ $output == example.org ]] || skip "this runtime has no domainname"
	[[ $output == example.org ]]
}

@test "sysctl: of the container's own namespaces, with dots and slashes" {
	edit '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77",
		"net/ipv4/conf/lo/forwarding": "1", "kernel.msgmax": "8193"}'
	run_sh 'cd /proc/sys; cat net/ipv4/ip_unprivileged_port_start kernel/msgmax net/ipv4/conf/lo/forwarding'
	[[ $output == 77$'\n'8193$'\n'1 ]]
	[[ $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) != 77 ]]
}

@test "sysctl: one of the host is refused" {
	edit '.linux.sysctl = {"kernel.sysrq": "0"}'
	fails runtime run "$ID"
	one_sentence
	said 'kernel.sysrq'
	edit '.linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.linux.namespaces |= map(select(.type != "network"))'
	fails runtime run "$ID"
	said 'net.ipv4.ip_forward'
	nothing_left
}

@test "sysctl: the host's network by path is the host's" {
	edit '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |=
		map(select(.type != "network")) + [{type: "network", path: "/proc/self/ns/net"}]'
	fails runtime run "$ID"
	one_sentence
	said 'net.ipv4.ip_forward'
}

@test "sysctl: names that leave /proc/sys, or do not exist" {
	local name
	for name in net.ipv4.nosuchthing 'net/../kernel/sysrq' 'net..kernel' '/net/x'; do
		edit '.linux.sysctl = {($name): "1"}' --arg name "$name"
		fails runtime run "$ID"
		one_sentence
	done
	nothing_left
}

@test "personality: LINUX32" {
	[[ $(uname -m) == x86_64 ]] || skip "LINUX32 shows on x86_64 only"
	edit '.linux.personality = {domain: "LINUX32"}'
	cp rootfs/bin/busybox rootfs/bin/uname
	run_sh 'uname -m'
	is_dabba || [[ $output == i686 ]] || skip "this runtime has no personality"
	[[ $output == i686 ]]
}

@test "personality: an unknown domain is refused" {
	edit '.linux.personality = {domain: "LINUX99"}'
	require dabba
	fails runtime run "$ID"
	one_sentence
	said 'linux.personality.domain.*LINUX99'
}

@test "keyring: a new session keyring, unless --no-new-keyring" {
	[[ -e /proc/keys ]] || skip "the kernel has no keyrings"
	edit '.linux.maskedPaths = []'
	sh_args 'cat /proc/keys'
	must runtime run --no-new-keyring "$ID"
	[[ $output != *"$ID"* ]]
	must runtime run "$ID"
	[[ $output == *"$ID"* ]]
}
