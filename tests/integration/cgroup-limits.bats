#!/usr/bin/env bats
# linux.resources: each field reaches its file; what cannot be is refused with the place in
# config.json, the file, the value and the kernel's answer, and leaves nothing behind.
load helpers/bundle

setup() {
	setup_bundle
}

file() {
	cat "/sys/fs/cgroup/$ID/$1"
}

# limits JSON [JQ-OPTION...]: linux.resources of a container that is then running.
limits() {
	local json=$1
	shift
	edit ".linux.resources = $json" "$@"
	start_sleeper
}

# refused JSON WORDS: no container comes of it, one sentence says so.
refused() {
	edit ".linux.resources = $1"
	fails runtime run "$ID"
	one_sentence
	said "$2"
	is_dabba || remove_leftovers
	nothing_left
}

# major:minor of a disk, not of memory or a file.
disk() {
	cat "$(ls -d /sys/block/* | grep -vE '/(loop|ram|zram|sr|nbd)' | head -n 1)/dev"
}

# blockIO with one entry of NAME for that disk: block_io NAME MEMBER VALUE
block_io() {
	local device
	device=$(disk)
	echo "{($1 | tostring): [{major: ${device%:*}, minor: ${device#*:}, $2: $3}]}"
}

# The set-up is charged to the container: nothing of the runtime may be large in it.
@test "limits: 512 KiB of memory are enough for /bin/true" {
	require controller memory
	edit '.process.args = ["true"] | .linux.resources = {memory: {limit: 524288, swap: 524288}}'
	for _ in 1 2 3; do
		must runtime run "$ID"
	done
	nothing_left
}

@test "limits: memory, reservation, swap" {
	require controller memory
	limits '{memory: {limit: 67108864, reservation: 33554432, swap: 100663296}}'
	[[ $(file memory.max) == 67108864 && $(file memory.low) == 33554432 ]]
	[[ $(file memory.swap.max) == 33554432 ]]
}

@test "limits: shares, quota, period, burst and idle of the CPU" {
	require controller cpu
	limits '{cpu: {shares: 512, quota: 50000, period: 200000, burst: 10000}}'
	[[ $(file cpu.weight) == 59 && $(file cpu.max) == '50000 200000' ]]
	[[ $(file cpu.max.burst) == 10000 && $(file cpu.idle) == 0 ]]
	must runtime delete --force "$ID"
	# An idle cgroup takes no weight.
	limits '{cpu: {idle: 1, shares: 512}}'
	[[ $(file cpu.idle) == 1 ]]
}

@test "limits: quota and burst go up and down together, and weight comes after idle" {
	require dabba
	require controller cpu
	limits '{cpu: {quota: 50000, period: 100000, burst: 40000}}'
	must runtime update --cpu-quota 20000 --cpu-burst 10000 "$ID"
	[[ $(file cpu.max) == '20000 100000' && $(file cpu.max.burst) == 10000 ]]
	must runtime update --cpu-quota 80000 --cpu-burst 70000 "$ID"
	[[ $(file cpu.max) == '80000 100000' && $(file cpu.max.burst) == 70000 ]]
	# Taken back as a whole, whatever the order.
	fails runtime update --cpu-quota 20000 --cpu-burst 10000 --cpuset-cpus 4096 "$ID"
	[[ $(file cpu.max) == '80000 100000' && $(file cpu.max.burst) == 70000 ]]
	fails runtime update --cpu-quota 90000 --cpu-burst 90000 --cpuset-cpus 4096 "$ID"
	[[ $(file cpu.max) == '80000 100000' && $(file cpu.max.burst) == 70000 ]]
	must runtime update --cpu-idle 1 "$ID"
	[[ $(file cpu.idle) == 1 ]]
	must runtime update --cpu-idle 0 --cpu-share 1024 "$ID"
	[[ $(file cpu.idle) == 0 && $(file cpu.weight) == 100 ]]
}

@test "limits: CPUs and memory nodes" {
	require controller cpuset
	limits '{cpu: {cpus: "0", mems: "0"}}'
	[[ $(file cpuset.cpus) == 0 && $(file cpuset.mems) == 0 ]]
	must runtime exec "$ID" sh -c 'grep Cpus_allowed_list /proc/self/status'
	[[ $output == *$'\t'0 ]]
}

@test "limits: tasks" {
	require controller pids
	limits '{pids: {limit: 20}}'
	[[ $(file pids.max) == 20 ]]
	must runtime delete --force "$ID"
	limits '{pids: {limit: -1}, memory: {limit: 67108864}}'
	[[ ! -e /sys/fs/cgroup/$ID/pids.max || $(file pids.max) == max ]]
}

@test "limits: an exec that would be one task too many says so" {
	require dabba
	require controller pids
	edit '.linux.resources = {pids: {limit: 1}}'
	edit '.process.args = ["sleep", "30"]'
	must runtime create "$ID"
	must runtime start "$ID"
	fails runtime exec "$ID" true
	one_sentence
	said 'pids.max'
}

@test "limits: weight of block I/O" {
	require controller io
	limits '{blockIO: {weight: 500}}'
	if [[ -e /sys/fs/cgroup/$ID/io.bfq.weight ]]; then
		[[ $(file io.bfq.weight) == 'default 500' ]]
	else
		[[ $(file io.weight) == 'default 4950' ]]
	fi
}

@test "limits: weight of one device" {
	require controller io
	# The cost model that the weights of devices belong to; its files are the true root's.
	nsenter -t 1 -m sh -c "echo '$(disk) enable=1' >/sys/fs/cgroup/io.cost.qos"
	try limits "{blockIO: $(block_io '"weightDevice"' weight 100)}"
	nsenter -t 1 -m sh -c "echo '$(disk) enable=0' >/sys/fs/cgroup/io.cost.qos"
	((status == 0))
	[[ $(cat "/sys/fs/cgroup/$ID"/io*.weight) == *"$(disk) "* ]]
}

@test "limits: throttles of block I/O, all four" {
	require controller io
	local io
	io=$(block_io '"throttleReadBpsDevice"' rate 1048576)
	io+=" + $(block_io '"throttleWriteBpsDevice"' rate 2097152)"
	io+=" + $(block_io '"throttleReadIOPSDevice"' rate 300)"
	io+=" + $(block_io '"throttleWriteIOPSDevice"' rate 400)"
	limits "{blockIO: ($io)}"
	[[ $(file io.max) == "$(disk) rbps=1048576 wbps=2097152 riops=300 wiops=400" ]]
}

@test "limits: huge pages, reserved and used" {
	require controller hugetlb
	limits '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}'
	[[ $(file hugetlb.2MB.max) == 4194304 ]]
	! is_dabba || [[ $(file hugetlb.2MB.rsvd.max) == 4194304 ]]
}

@test "limits: unified, with several lines" {
	require controller io
	limits '{unified: {"memory.high": "41943040", "io.max": $io, "cgroup.max.depth": "5"}}' \
		--arg io "$(disk) rbps=1048576"$'\n'"$(disk) wiops=77"
	[[ $(file memory.high) == 41943040 && $(file cgroup.max.depth) == 5 ]]
	[[ $(file io.max) == "$(disk) rbps=1048576 wbps=max riops=max wiops=77" ]]
}

@test "limits: controllers that only unified names: misc" {
	require controller misc
	edit '.linux.resources = {unified: {"misc.max": "nosuch 5"}}'
	fails runtime run "$ID"
	one_sentence
	said 'linux.resources.unified\["misc.max"\].*"nosuch 5" to misc.max.*Invalid argument'
	is_dabba || remove_leftovers
	nothing_left
}

@test "limits: device rules are one program, which bpftool can read" {
	require dabba
	require command bpftool
	limits '{devices: [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 10, minor: 229, access: "rw"}]}'
	[[ $(bpftool cgroup list "/sys/fs/cgroup/$ID" | grep -c dabba_devices) == 1 ]]
	must bpftool prog dump xlated name dabba_devices
	[[ $output == *"if r4 != 0xa goto"* && $output == *"if r5 != 0xe5 goto"* ]]
	must runtime delete --force "$ID"
	program_gone() { ! bpftool prog list | grep dabba_devices; }
	eventually program_gone
}

@test "limits: new device rules replace the program at once" {
	require dabba
	require command bpftool
	edit '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438}]'
	limits '{devices: [{allow: false, access: "rwm"}]}'
	try runtime exec "$ID" sh -c ': >/dev/kmsg'
	[[ $error == *"ot permitted"* ]]
	before=$(program_id)
	jq -n '{devices: [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 11, access: "rw"}]}' >rules.json
	must runtime update -r rules.json "$ID"
	must runtime exec "$ID" sh -c ': >/dev/kmsg'
	[[ $(program_id) != "$before" && $(program_id | wc -l) == 1 ]]
	# With limits that are refused the old rules stand.
	before=$(program_id)
	jq -n '{devices: [{allow: false, access: "rwm"}],
		unified: {"cgroup.max.depth": "many"}}' >refused.json
	fails runtime update -r refused.json "$ID"
	must runtime exec "$ID" sh -c ': >/dev/kmsg'
	[[ $(program_id) == "$before" ]]
	# Everything allowed is no program at all.
	jq -n '{devices: [{allow: true, access: "rwm"}]}' >all.json
	must runtime update -r all.json "$ID"
	[[ -z $(program_id) ]]
	must runtime exec "$ID" sh -c ': >/dev/kmsg'
}

program_id() {
	bpftool cgroup list "/sys/fs/cgroup/$ID" | awk '/dabba_devices/ { print $1 }'
}

@test "limits: what only cgroup v1 has and nobody relies on is left out with a warning" {
	require dabba
	edit '.linux.resources = {memory: {swappiness: 10, disableOOMKiller: true, useHierarchy: true}}'
	must runtime run "$ID"
	said 'memory.swappiness.*memory.disableOOMKiller'
	[[ $error != *useHierarchy* ]]
}

# --- what cannot be ---------------------------------------------------------------------

@test "refused: swap below memory, swap without memory" {
	require dabba
	refused '{memory: {limit: 67108864, swap: 33554432}}' \
		'linux.resources.memory.swap.*33554432.*less than'
	refused '{memory: {swap: 33554432}}' 'linux.resources.memory.swap.*needs a memory limit'
}

@test "refused: a controller that does not exist, a file that does not" {
	require dabba
	refused '{unified: {"nosuch.max": "1"}}' \
		'this kernel has no file nosuch.max .*linux.resources.unified\["nosuch.max"\]'
	refused '{unified: {"cgroup.nosuch": "1"}}' 'this kernel has no file cgroup.nosuch '
}

@test "refused: keys of unified that are no names" {
	require dabba
	local key
	refused '{unified: {"": "1"}}' 'linux.resources.unified.*empty key'
	for key in ../memory.max a/memory.max . .. /memory.max; do
		refused "{unified: {\"$key\": \"1\"}}" 'linux.resources.unified.*not the name'
	done
}

@test "refused: values that the kernel does not take name it, the file and its answer" {
	require dabba
	refused '{unified: {"cgroup.max.depth": "deep"}}' \
		'linux.resources.unified\["cgroup.max.depth"\].*"deep" to cgroup.max.depth.*Invalid argument'
	require controller cpu
	refused '{cpu: {quota: 1}}' 'linux.resources.cpu.quota.*"1" to cpu.max.*Invalid argument'
	refused '{cpu: {burst: 9000, quota: 8000}}' \
		'linux.resources.cpu.burst.*the burst 9000 is above the quota 8000'
	refused '{cpu: {idle: 7}}' 'linux.resources.cpu.idle.*"7" to cpu.idle'
	refused '{blockIO: {throttleReadBpsDevice: [{major: 4095, minor: 9, rate: 1}]}}' \
		'linux.resources.blockIO.throttleReadBpsDevice.*"4095:9 rbps=1" to io.max.*No such device'
}

@test "refused: huge pages of no such size, RDMA of no such device" {
	require dabba
	require controller rdma
	require controller hugetlb
	refused '{hugepageLimits: [{pageSize: "3MB", limit: 1}]}' \
		'linux.resources.hugepageLimits\[0\].*no file hugetlb.3MB.max'
	refused '{rdma: {"nosuch0": {hcaHandles: 3}}}' \
		'linux.resources.rdma.*"nosuch0 hca_handle=3" to rdma.max'
}

@test "refused: CPUs outside of the parent's, or of none" {
	require dabba
	require controller cpuset
	mkdir /sys/fs/cgroup/narrow
	echo +cpuset >/sys/fs/cgroup/narrow/cgroup.subtree_control
	echo 0 >/sys/fs/cgroup/narrow/cpuset.cpus
	edit '.linux.cgroupsPath = "/narrow/box" | .linux.resources = {cpu: {cpus: "1"}}'
	fails runtime run "$ID"
	one_sentence
	said 'linux.resources.cpu.cpus.*"1" in cpuset.cpus.*"0"'
	[[ ! -e /sys/fs/cgroup/narrow/box ]]
	edit '.linux.resources.cpu.cpus = "0"'
	must runtime run "$ID"
	rmdir /sys/fs/cgroup/narrow
	edit '.linux.cgroupsPath = "/box"'
	refused '{cpu: {cpus: "4096"}}' 'linux.resources.cpu.cpus.*"4096" to cpuset.cpus'
	refused '{cpu: {cpus: "zero"}}' 'linux.resources.cpu.cpus.*"zero" to cpuset.cpus'
}

@test "refused: a limit of the kernel's memory, of real time, of the network: cgroup v1 has them" {
	require dabba
	refused '{memory: {kernel: 4096}}' 'linux.resources.memory.kernel.*cgroup v1'
	refused '{cpu: {realtimeRuntime: 5000}}' 'linux.resources.cpu.realtimeRuntime.*cgroup v1'
	refused '{network: {classID: 5}}' 'linux.resources.network.*cgroup v1'
}

@test "refused: less memory than a container can start with" {
	require dabba
	require controller memory
	edit '.linux.resources = {memory: {limit: 4096, swap: 4096}}'
	fails runtime run "$ID"
	one_sentence
	said 'memory.limit'
	nothing_left
}
