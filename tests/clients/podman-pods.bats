#!/usr/bin/env bats
# podman's pods and what "kube play" makes of a Kubernetes manifest.
load helpers/podman

setup_file() {
	# Podman itself makes a cgroup for a pod, and hands controllers down to it.
	require controller pids
	setup_podman
	printf '[engine]\ninfra_image = "localhost/pause:1"\ninfra_command = ""\n' \
		>/etc/containers/containers.conf.d/pause.conf
}

teardown() {
	remove_all
	nothing_leaked
}

@test "podman pod: its containers share namespaces, and stop, start and go together" {
	must podman pod create --name pod --network none --infra-image localhost/pause:1
	must podman run -d --pod pod --name one bb sh -c 'hostname changed 2>/dev/null; nc -l -p 5000 -e echo welcome'
	must podman run --rm --pod pod bb sh -c 'for i in 1 2 3 4 5; do nc 127.0.0.1 5000 </dev/null && exit; sleep 0.3; done'
	[[ $output == welcome ]]
	must podman run -d --pod pod --name two bb sleep 1000
	must podman exec two sh -c 'for ns in net ipc uts pid mnt; do readlink /proc/self/ns/$ns; done'
	local two=$output
	must podman run --rm --pod pod bb sh -c 'for ns in net ipc uts pid mnt; do readlink /proc/self/ns/$ns; done'
	[[ $(head -n 3 <<<"$output") == "$(head -n 3 <<<"$two")" ]]
	[[ $(tail -n 2 <<<"$output" | head -n 1) != "$(tail -n 2 <<<"$two" | head -n 1)" ]]
	must podman pod pause pod
	must podman pod unpause pod
	must podman pod stop -t 1 pod
	must podman pod start pod
	must podman pod ps --format '{{.Name}} {{.Status}}'
	[[ $output == pod\ * ]]
	must podman pod rm -f -t 0 pod
}

@test "podman pod --share pid" {
	must podman pod create --name pod --network none --share pid,ipc --infra-image localhost/pause:1
	must podman run -d --pod pod --net none bb sleep 4321
	must podman run --rm --pod pod --net none bb ps
	[[ $output == *'sleep infinity'*'sleep 4321'* ]]
}

@test "podman kube play, generate and down" {
	cat >"$BATS_TEST_TMPDIR/pod.yaml" <<-'YAML'
		apiVersion: v1
		kind: Pod
		metadata:
		  name: web
		spec:
		  restartPolicy: Never
		  containers:
		  - name: server
		    image: localhost/bb
		    imagePullPolicy: Never
		    command: ["sh", "-c", "echo $GREETING >/data/greeting; exec sleep 1000"]
		    env: [{name: GREETING, value: hello}]
		    securityContext:
		      readOnlyRootFilesystem: true
		      allowPrivilegeEscalation: false
		      capabilities: {drop: [ALL], add: [CHOWN]}
		    volumeMounts: [{name: data, mountPath: /data}]
		  - name: reader
		    image: localhost/bb
		    imagePullPolicy: Never
		    command: ["sleep", "1000"]
		    securityContext: {runAsUser: 1000}
		    volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
		  volumes: [{name: data, emptyDir: {}}]
	YAML
	must podman kube play --network none "$BATS_TEST_TMPDIR/pod.yaml"
	within "$PATIENCE" podman exec web-reader cat /data/greeting
	must podman exec web-reader sh -c 'cat /data/greeting; id -u; ! touch /data/x 2>/dev/null && echo ro'
	[[ $output == $'hello\n1000\nro' ]]
	must podman exec web-server grep -E 'CapEff|NoNewPrivs' /proc/1/status
	[[ $output == *0000000000000001*NoNewPrivs:*1 ]]
	must podman kube generate web
	[[ $output == *readOnlyRootFilesystem:\ true* ]]
	must podman kube down "$BATS_TEST_TMPDIR/pod.yaml"
	must podman ps -aq
	[[ -z $output ]]
}
