#!/usr/bin/env bats
# buildah with dabba: what RUN does, by hand and in a Containerfile.
load helpers/podman

setup_file() {
	setup_podman
	export BUILDAH_RUNTIME=/usr/local/bin/dabba
}

teardown() {
	patiently buildah rm -a
	nothing_leaked
}

buildah() {
	patiently buildah "$@"
}

@test "buildah run: output, status, user, volume, no network" {
	must buildah from --name work localhost/bb
	must buildah run --isolation oci work -- sh -c 'echo out; echo err >&2; touch /made'
	[[ $output == out && $error == err ]]
	try buildah run --isolation oci work -- sh -c 'exit 37'
	((status == 37))
	must buildah run --isolation oci --user user --network none -v "$BATS_TEST_TMPDIR:/data:ro" work -- \
		sh -c 'id -un; ls -d /made /data; ls /sys/class/net'
	[[ $output == $'user\n/data\n/made\nlo' ]]
	fails buildah run --isolation oci work -- no-such-program
	[[ $error == *no-such-program*not\ found* ]]
	try on_terminal -s 30x100 -x '/ #' 'sleep 1; stty size; exit 7' \
		/usr/bin/buildah run --isolation oci -t work -- sh
	((status == 7))
}

@test "buildah bud: a Containerfile of several stages" {
	mkdir "$BATS_TEST_TMPDIR/context"
	echo content >"$BATS_TEST_TMPDIR/context/file"
	cat >"$BATS_TEST_TMPDIR/context/Containerfile" <<-'EOF'
		FROM localhost/bb AS first
		RUN echo built >/built
		FROM localhost/bb
		COPY --from=first /built /built
		COPY file /file
		RUN --mount=type=tmpfs,target=/scratch grep " /scratch " /proc/mounts
		USER user
		RUN id -un >/home/user/who
		CMD ["cat", "/built", "/file", "/home/user/who"]
	EOF
	must buildah bud --isolation oci --network none -t localhost/made "$BATS_TEST_TMPDIR/context"
	must podman run --rm --net=none localhost/made
	[[ $output == $'built\ncontent\nuser' ]]
	must podman rmi -f localhost/made
}

@test "buildah bud: a RUN that fails, and one that cannot start" {
	printf 'FROM localhost/bb\nRUN exit 12\n' >"$BATS_TEST_TMPDIR/Containerfile"
	fails buildah bud --isolation oci --network none -f "$BATS_TEST_TMPDIR/Containerfile"
	[[ $error == *12* ]]
	printf 'FROM localhost/bb\nRUN ["no-such-program"]\n' >"$BATS_TEST_TMPDIR/Containerfile"
	fails buildah bud --isolation oci --network none -f "$BATS_TEST_TMPDIR/Containerfile"
	[[ $error == *no-such-program*not\ found* ]]
}
