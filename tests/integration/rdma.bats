#!/usr/bin/env bats
# linux.resources.rdma, where there is a device: where there is none, a machine to be thrown
# away gets one in software, if its kernel has the driver (Debian's cloud kernel has not).
load helpers/bundle

setup() {
	setup_bundle
	require controller rdma
	[[ -n $(devices) ]] || add_device || true
	require rdma-device
	DEVICE=$(devices | head -n 1)
}

devices() {
	ls /sys/class/infiniband 2>/dev/null
}

add_device() {
	[[ -e /run/vm/command ]] && modprobe -a dummy rdma_rxe && ip link add rdma-net type dummy &&
		ip link set rdma-net up && rdma link add rdma-test type rxe netdev rdma-net
}

# limit JQ-OBJECT: as linux.resources.rdma has it for the device.
limit() {
	edit '.linux.resources = {rdma: {($device): '"$1"'}}' --arg device "$DEVICE"
}

has_limit() {
	grep -qx "$DEVICE $1 *" "/sys/fs/cgroup/$ID/rdma.max"
}

@test "rdma: handles and objects of a device, by create and by update" {
	limit '{hcaHandles: 3, hcaObjects: 2000}'
	start_sleeper
	has_limit 'hca_handle=3 hca_object=2000'
	jq --arg device "$DEVICE" -n '{rdma: {($device): {hcaHandles: 4}}}' >new.json
	must runtime update -r new.json "$ID"
	has_limit 'hca_handle=4 hca_object=2000'
}

@test "rdma: one of the two leaves the other without a limit" {
	limit '{hcaObjects: 7}'
	start_sleeper
	has_limit 'hca_handle=max hca_object=7'
}

@test "rdma: an update that fails takes the limit back" {
	require dabba
	limit '{hcaHandles: 3}'
	start_sleeper
	jq --arg device "$DEVICE" -n '{rdma: {($device): {hcaHandles: 5, hcaObjects: 6}},
		unified: {"cgroup.max.depth": "deep"}}' >new.json
	fails runtime update -r new.json "$ID"
	one_sentence
	said 'cgroup.max.depth'
	has_limit 'hca_handle=3 hca_object=max'
}
