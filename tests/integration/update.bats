#!/usr/bin/env bats
# update: new limits for a container that runs, all of them or none.
load helpers/bundle

setup() {
	setup_bundle
}

file() {
	cat "/sys/fs/cgroup/$ID/$1"
}

# A running container whose cgroup has the controllers of the tests below.
start_limited() {
	require controller memory
	edit '.linux.resources = {memory: {limit: 67108864, swap: 134217728},
		cpu: {quota: 50000, period: 100000}, pids: {limit: 50}}'
	start_sleeper
}

@test "update: each option reaches its file and leaves the others" {
	start_limited
	must runtime update --memory 33554432 --pids-limit 33 "$ID"
	[[ $(file memory.max) == 33554432 && $(file pids.max) == 33 ]]
	[[ $(file memory.swap.max) == 67108864 && $(file cpu.max) == '50000 100000' ]]
	must runtime update --cpu-share 512 --cpu-quota 20000 --cpuset-cpus 0 \
		--memory-reservation 16777216 "$ID"
	[[ $(file cpu.weight) == 59 && $(file cpu.max) == '20000 100000' ]]
	[[ $(file cpuset.cpus) == 0 && $(file memory.low) == 16777216 ]]
	[[ $(file memory.max) == 33554432 && $(file pids.max) == 33 ]]
}

# value_of FILE: or of the file that the BFQ scheduler has for it.
value_of() {
	local name=$1
	[[ -e /sys/fs/cgroup/$ID/$name ]] || name=${name/io./io.bfq.}
	file "$name"
}

@test "update: every option of runc and crun, one by one" {
	local option name value
	start_limited
	while IFS='|' read -r option name value; do
		must runtime update $option "$ID"
		[[ $(value_of "$name") =~ ^($value)$ ]] || {
			echo "$name: $(value_of "$name") is not $value"
			return 1
		}
	done <<-'END'
		--memory 33554432|memory.max|33554432
		--memory-reservation 16777216|memory.low|16777216
		--memory 32m --memory-swap 96m|memory.swap.max|67108864
		--cpu-share 512|cpu.weight|59
		--cpu-quota 20000|cpu.max|20000 100000
		--cpu-quota 30000 --cpu-period 50000|cpu.max|30000 50000
		--cpuset-cpus 0|cpuset.cpus|0
		--cpuset-mems 0|cpuset.mems|0
		--pids-limit 33|pids.max|33
		--blkio-weight 500|io.weight|default (500|4950)
	END
}

@test "update: a period keeps the quota, a limit of swap the limit of memory" {
	require dabba
	start_limited
	must runtime update --cpu-period 200000 --memory-swap 96m "$ID"
	[[ $(file cpu.max) == '50000 200000' ]]
	[[ $(file memory.max) == 67108864 && $(file memory.swap.max) == 33554432 ]]
}

@test "update: -1 takes a limit away" {
	start_limited
	must runtime update --memory -1 --memory-swap -1 --pids-limit -1 --cpu-quota -1 "$ID"
	[[ $(file memory.max) == max && $(file memory.swap.max) == max ]]
	[[ $(file pids.max) == max && $(file cpu.max) == 'max 100000' ]]
}

@test "update: resources from a file and from standard input" {
	start_limited
	echo '{"pids": {"limit": 44}, "unified": {"memory.high": "41943040"}}' >resources.json
	must runtime update -r resources.json "$ID"
	[[ $(file pids.max) == 44 && $(file memory.high) == 41943040 ]]
	runtime update --resources - "$ID" <<<'{"memory": {"limit": 50331648}}'
	[[ $(file memory.max) == 50331648 && $(file pids.max) == 44 ]]
}

@test "update: controllers that the container did not need before" {
	require controller memory
	start_sleeper
	must runtime update --memory 64m --pids-limit 20 "$ID"
	[[ $(file memory.max) == 67108864 && $(file pids.max) == 20 ]]
}

@test "update: when one value is refused, none is set" {
	require dabba
	start_limited
	fails runtime update --memory 32m --cpu-quota 20000 --cpuset-cpus 4096 --pids-limit 5 "$ID"
	one_sentence
	said '4096.*cpuset.cpus'
	[[ $(file memory.max) == 67108864 && $(file cpu.max) == '50000 100000' ]]
	[[ $(file cpuset.cpus) == '' && $(file pids.max) == 50 ]]
}

@test "update: without any controller, what the core has; refused values are taken back" {
	require dabba
	edit '.linux.resources = {unified: {"cgroup.max.depth": "7"}}'
	start_sleeper
	echo '{"unified": {"cgroup.max.depth": "3", "cgroup.max.descendants": "4"}}' >resources.json
	must runtime update -r resources.json "$ID"
	[[ $(file cgroup.max.depth) == 3 && $(file cgroup.max.descendants) == 4 ]]
	echo '{"unified": {"cgroup.max.depth": "2", "cgroup.max.descendants": "many"}}' >resources.json
	fails runtime update -r resources.json "$ID"
	one_sentence
	said 'cgroup.max.descendants.*many'
	[[ $(file cgroup.max.depth) == 3 && $(file cgroup.max.descendants) == 4 ]]
}

@test "update: a missing controller is named" {
	require dabba
	require no-controller memory
	start_sleeper
	fails runtime update --memory 64m "$ID"
	one_sentence
	said 'memory'
}

@test "update: swap below the limit of memory, less memory than is used" {
	require dabba
	start_limited
	fails runtime update --memory 64m --memory-swap 32m "$ID"
	one_sentence
	said 'linux.resources.memory.swap'
	echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >resources.json
	fails runtime update -r resources.json "$ID"
	one_sentence
	said 'checkBeforeUpdate'
	[[ $(file memory.max) == 67108864 && $(file memory.swap.max) == 67108864 ]]
}

@test "update: values that are none, and limits of cgroup v1" {
	require dabba
	start_sleeper
	local option
	for option in --memory=much --memory=64x --memory=-2 --memory=9223372036854775807k \
		--cpu-share=-1 --cpu-quota=1.5 --pids-limit= --blkio-weight=5 --blkio-weight=1001 \
		--cpu-rt-period=5 --cpu-rt-runtime=5 --kernel-memory=1m --kernel-memory-tcp=1m; do
		fails runtime update "$option" "$ID"
		one_sentence
	done
	for option in --l3-cache-schema=L3:0=f --mem-bw-schema=MB:0=20; do
		fails runtime update "$option" "$ID"
		one_sentence
		said 'no resctrl group.*linux.intelRdt'
	done
	echo '{"pids": {"limit": "many"}}' >resources.json
	fails runtime update -r resources.json "$ID"
	one_sentence
	said 'resources.json.*pids.limit'
	fails runtime update -r missing.json "$ID"
	one_sentence
	said 'missing.json'
}

@test "update: a container that has stopped, or does not exist" {
	require dabba
	start_sleeper
	must runtime kill "$ID" KILL
	eventually has_status stopped
	fails runtime update --pids-limit 10 "$ID"
	one_sentence
	said 'not running'
	fails runtime update --pids-limit 10 nobody
	one_sentence
	said 'does not exist'
}

@test "update: a throttle of a device that had none is taken back" {
	require dabba
	require controller io
	edit '.linux.resources = {memory: {limit: 67108864}}'
	start_sleeper
	# A disk, not memory or a file.
	device=$(cat "$(ls -d /sys/block/* | grep -vE '/(loop|ram|zram|sr|nbd)' | head -n 1)/dev")
	jq -n --arg device "$device" '($device | split(":") | map(tonumber)) as [$major, $minor] |
		{blockIO: {throttleReadBpsDevice: [{major: $major, minor: $minor, rate: 1048576}]}}' \
		>resources.json
	jq '.unified = {"cgroup.max.descendants": "many"}' resources.json >refused.json
	fails runtime update -r refused.json "$ID"
	[[ -z $(file io.max) ]]
	must runtime update -r resources.json "$ID"
	[[ $(file io.max) == "$device rbps=1048576 "* ]]
	jq '.blockIO.throttleReadBpsDevice[0].rate = 2097152' refused.json >other.json
	fails runtime update -r other.json "$ID"
	[[ $(file io.max) == "$device rbps=1048576 "* ]]
}
