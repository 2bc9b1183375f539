#!/usr/bin/env bats
# dabba-image build: instructions, stages, the layer cache, what goes wrong.
load helpers/image

setup() {
	setup_app
	mkdir -p ctx/dir/sub
	echo one >ctx/one
	echo two >ctx/two
	echo deep >ctx/dir/sub/deep
	ln -s sub/deep ctx/dir/link
}

teardown() {
	remove_containers
	[[ -z $(grep -F " $STORE/" /proc/self/mountinfo) ]]
	store_verifies
	# The trees too: a layer that a build left unpacked is what its blob says.
	must image verify
}

# build [OPTION...] <<EOF: with standard input as the Containerfile.
build() {
	cat >ctx/Containerfile
	must image build --progress plain -t built "$@" ctx
}

# build_fails SENTENCE [OPTION...] <<EOF
build_fails() {
	local sentence=$1
	shift
	cat >ctx/Containerfile
	run image build --progress plain -t failed "$@" ctx
	[[ $status -eq 1 ]]
	said=$output
	[[ $said == *"$sentence"* ]]
	run image inspect failed
	[[ $status -ne 0 ]]
}

config() {
	skopeo inspect --config --raw "oci:$STORE:$1" | jq -rc "$2"
}

# shows COMMAND...: what it prints in a container of the image.
shows() {
	must image run --rm built "$@"
}

cached() {
	grep -c ' CACHED$' <<<"$error" || true
}

@test "image build: COPY takes files, directories' contents, patterns and renames" {
	build <<-'EOF'
		FROM app:1
		COPY one /a/
		COPY one two /b/
		COPY dir /c
		COPY ["one", "/d/new name"]
		COPY t?o o*e /e/
		COPY --chmod=0600 --chown=5:6 one /f
	EOF
	shows sh -c 'cat /a/one /b/two /c/sub/deep /c/link "/d/new name" /e/two /e/one; stat -c "%a %u:%g" /f'
	[[ $output == $'one\ntwo\ndeep\ndeep\none\ntwo\none\n600 5:6' ]]
}

@test "image build: RUN has the environment, the ARGs and the working directory; config as said" {
	build --build-arg V=2 <<-'EOF'
		ARG V=1
		FROM app:1
		ARG V
		ARG W=w$V
		ENV E=e$W F="two words" PATH=/bin
		WORKDIR /work/$V
		RUN echo "$V $W $E $F $PWD" >out
		USER 7:8
		RUN busybox id -u >/tmp/id || busybox id -u
		LABEL l=$E "m n"=o
		EXPOSE 80 90/udp
		VOLUME /v
		STOPSIGNAL SIGINT
		SHELL ["/bin/busybox", "sh", "-c"]
		HEALTHCHECK --interval=5s CMD true
		CMD echo hi
	EOF
	[[ $(config built .config.Labels.l) == ew2 ]]
	[[ $(config built '.config.Labels["m n"]') == o ]]
	[[ $(config built .config.User) == 7:8 ]]
	[[ $(config built .config.WorkingDir) == /work/2 ]]
	[[ $(config built '.config.Cmd') == '["/bin/busybox","sh","-c","echo hi"]' ]]
	[[ $(config built '.config.ExposedPorts|keys') == '["80/tcp","90/udp"]' ]]
	[[ $(config built '.config.Healthcheck.Interval') == 5000000000 ]]
	[[ $(config built '[.history[]|select(.empty_layer|not)]|length') == $(config built '.rootfs.diff_ids|length') ]]
	shows cat /work/2/out
	[[ $output == '2 w2 ew2 two words /work/2' ]]
}

@test "image build: a second build is all from the cache and the same image" {
	cat >file <<-'EOF'
		FROM app:1
		COPY one /
		RUN echo x >/x
		COPY two /
		CMD cat /x
	EOF
	build <file
	id=$output
	build <file
	[[ $output == "$id" && $(cached) -eq 3 ]]
	# The last COPY alone is done again.
	echo changed >ctx/two
	build <file
	[[ $output != "$id" && $(cached) -eq 2 ]]
	# The time of a file means nothing.
	touch ctx/one
	build <file
	[[ $(cached) -eq 3 ]]
	build --no-cache <file
	[[ $(cached) -eq 0 ]]
}

@test "image build: the cache keeps layers through gc; prune lets them go" {
	printf 'FROM app:1\nRUN echo x >/x\n' >file
	build <file
	must image rmi built
	must image gc
	build <file
	[[ $(cached) -eq 1 ]]
	must image rmi built
	must image cache prune
	must image gc
	build <file
	[[ $(cached) -eq 0 ]]
}

@test "image build: stages that the target does not need are not built" {
	build --target second <<-'EOF'
		FROM app:1 AS first
		RUN echo first >/f
		FROM app:1 AS unused
		RUN exit 1
		FROM app:1 AS second
		COPY --from=first /f /g
		COPY --from=0 --chown=3:4 /f /h
		FROM second
		RUN exit 1
	EOF
	shows sh -c 'cat /g; stat -c %u:%g /h'
	[[ $output == $'first\n3:4' ]]
}

@test "image build: RUN --mount: cache, bind, tmpfs, secret; nothing of them in the layer" {
	echo quietword >secret
	cat >file <<-'EOF'
		FROM app:1 AS other
		RUN echo o >/o
		FROM app:1
		RUN --mount=type=cache,target=/c echo x >>/c/log
		RUN --mount=type=cache,target=/c cat /c/log >/lines
		RUN --mount=type=bind,source=dir,target=/m --mount=type=bind,from=other,target=/n cat /m/sub/deep /n/o >/bound
		RUN --mount=type=tmpfs,target=/t echo gone >/t/x
		RUN --mount=type=secret,id=s cat /run/secrets/s | tr a-z A-Z >/secret
	EOF
	build --secret id=s,src=secret <file
	shows sh -c 'cat /lines /bound /secret; ls /t /m /run/secrets 2>&1 | grep -c .'
	[[ $output == $'x\ndeep\no\nQUIETWORD\n3' ]]
	[[ -z $(grep -rl quietword "$STORE/layers" "$STORE/build/cache") ]]
	build --no-cache --secret id=s,src=secret <file
	shows cat /lines
	[[ $output == $'x\nx' ]]
}

# trees STORE: all of its unpacked layers but the times of whiteouts.
trees() {
	(cd "$1/layers" && find . -path './*/fs*' ! -type c -printf '%P %y %m %U:%G %n %T@ %l\n' \
		-o -path './*/fs*' -printf '%P whiteout\n' | sort)
}

# unpacked_alike: what the build left unpacked is what another store unpacks.
unpacked_alike() {
	rm -rf other other.oci
	must image export --format oci built other.oci
	must "$TOP/dabba-image" --root other import other.oci
	diff <(trees "$STORE") <(trees other)
}

@test "image build: layers are unpacked as any other store unpacks them" {
	cat >file <<-'EOF'
		FROM app:1
		RUN busybox touch -r /bin/busybox /bin/busybox && echo x >/x
		RUN chmod 700 /bin/busybox && chmod 755 /bin/busybox && echo y >/y
		RUN mkdir -p /tmp/a/b /new/d && rm -r /tmp/a && echo z >/new/d/z && ln /new/d/z /z
		RUN rm -r /data && mkdir /data && echo x >/data/x && rm /etc/greeting && mkdir /etc/greeting
		RUN chmod 711 / && mv /x /etc/x
		COPY dir /data
		COPY --chown=3:4 one /etc/
		WORKDIR /data/w
	EOF
	build <file
	unpacked_alike
	must image rmi built
	must image cache prune
	must image gc
	build --timestamp 77 <file
	unpacked_alike
	[[ $(trees "$STORE" | grep -c ' 77\.0') -ge 10 ]]
}

@test "image build: here-documents for RUN and COPY" {
	build <<-'EOF'
		FROM app:1
		ARG A=1
		RUN <<END
		echo "a$A" >/h
		echo b >>/h
		END
		RUN <<END
		#!/bin/busybox sh
		echo "I am $0" >/script
		END
		COPY <<f1 <<"f2" /d/
		v$A "q" \n
		f1
		v$A
		f2
	EOF
	shows cat /h /script /d/f1 /d/f2
	[[ $output == $'a1\nb\nI am /run/dabba-build-script\nv1 "q" \\n\nv$A' ]]
	must image unpack built bundle
	[[ ! -e bundle/rootfs/run ]]
}

@test "image build: ADD unpacks archives, COPY does not" {
	tar -C ctx -czf ctx/dir.tgz dir
	build <<-'EOF'
		FROM app:1
		ADD dir.tgz /x/
		COPY dir.tgz /y/
		ADD one /z
	EOF
	shows sh -c 'cat /x/dir/sub/deep /z; ls /y'
	[[ $output == $'deep\none\ndir.tgz' ]]
}

@test "image build: .dockerignore leaves out and takes back in" {
	printf '*\n!dir\ndir/sub/*\n!dir/sub/deep\n' >ctx/.dockerignore
	touch ctx/dir/sub/other
	build <<-'EOF'
		FROM app:1
		COPY . /all
	EOF
	shows sh -c 'cd /all && find . | sort'
	[[ $output == $'.\n./dir\n./dir/link\n./dir/sub\n./dir/sub/deep' ]]
	build_fails 'is not in the context' <<-'EOF'
		FROM app:1
		COPY one /
	EOF
	[[ $said == *"line 1 of .dockerignore"* ]]
}

@test "image build: ONBUILD is for those who build upon the image" {
	build <<-'EOF'
		FROM app:1
		ONBUILD COPY one /trigger
		ONBUILD RUN echo ran >/ran
	EOF
	[[ $(config built '.config.OnBuild|length') == 2 ]]
	must image tag built parent
	build <<-'EOF'
		FROM parent
	EOF
	[[ $(config built '.config.OnBuild') == null ]]
	shows cat /trigger /ran
	[[ $output == $'one\nran' ]]
}

@test "image build: --timestamp makes the same digests from another checkout" {
	cat >file <<-'EOF'
		FROM app:1
		COPY dir /d
		RUN echo x >/x
		WORKDIR /w
	EOF
	build --timestamp 1000 <file
	id=$output
	sleep 1.1
	cp -r ctx other
	must image cache prune
	cp file other/Containerfile
	must image build --no-cache --timestamp 1000 -t again other
	[[ $output == "$id" ]]
	[[ $(config built .created) == 1970-01-01T00:16:40Z ]]
}

@test "image build: a symlink in the image leads nowhere else" {
	build <<-'EOF'
		FROM app:1
		RUN ln -s /../../../../../../../../../../tmp /out && mkdir -p /tmp
		COPY one /out/escaped
		RUN ln -s /etc /link
		COPY one /link/through
	EOF
	[[ ! -e /tmp/escaped ]]
	shows sh -c 'cat /tmp/escaped /etc/through'
	[[ $output == $'one\none' ]]
}

@test "image build: what is wrong is said with file and line" {
	build_fails 'Containerfile:2: unknown instruction "RUNN"' <<<$'FROM app:1\nRUNN x'
	build_fails 'Containerfile:1: FROM nothing: image "nothing" is not in the store' <<<'FROM nothing'
	build_fails 'Containerfile:2: COPY: "gone" is not in the context' <<<$'FROM app:1\nCOPY gone /'
	build_fails 'Containerfile:2: COPY: "../x" leaves the context' <<<$'FROM app:1\nCOPY ../x /'
	build_fails 'Containerfile:3: RUN: exit 3: exit status 3' <<<$'FROM app:1\n\nRUN exit 3'
	build_fails 'Containerfile:2: COPY: --from=later' <<<$'FROM app:1\nCOPY --from=later /x /\nFROM app:1 AS later' --target 0
	build_fails '--target z: Containerfile has no such stage' --target z <<<'FROM app:1'
	build_fails 'Containerfile:2: COPY: --from=later: the stage "later" begins later, in line 3' \
		<<<$'FROM app:1\nCOPY --from=later /x /\nFROM app:1 AS later' --target 0
	build_fails 'Containerfile:2: COPY: --from=self: "self" is this stage itself' \
		<<<$'FROM app:1 AS self\nCOPY --from=self /x /'
	build_fails 'Containerfile:1: FROM b: the stage "b" begins later, in line 2' \
		<<<$'FROM b AS a\nFROM a AS b'
	ln -s /etc ctx/out
	build_fails 'Containerfile:2: COPY: "out/passwd" is not in the context' <<<$'FROM app:1\nCOPY out/passwd /'
	build_fails 'Containerfile:2: RUN: --mount=type=bind,source=../..,target=/m: "../.." leaves the context' \
		<<<$'FROM app:1\nRUN --mount=type=bind,source=../..,target=/m true'
	build_fails 'is not fetched' <<<$'FROM app:1\nADD http://localhost/x /'
	build_fails 'several sources' <<<$'FROM app:1\nCOPY one two /x'
	build_fails 'is no name for a stage' <<<'FROM app:1 AS 9'
	build_fails 'the variable V must be set' <<<$'FROM app:1\nARG V\nENV A="${V:?must be set}"'
	build_fails 'linux/s390x' <<<'FROM --platform=linux/s390x app:1'
	build_fails '"mode=7x" is not known' <<<$'FROM app:1\nRUN --mount=type=cache,target=/c,mode=7x true'
	build_fails '"sharing=some" is not known' <<<$'FROM app:1\nRUN --mount=type=cache,target=/c,sharing=some true'
	build_fails '--secret id=s,src=gone: No such file' --secret id=s,src=gone \
		<<<$'FROM app:1\nRUN --mount=type=secret,id=s true'
	run image build --progress plain missing
	[[ $status -eq 1 && $output == *"open context missing"* ]]
	run image build --progress plain dir-without-file
	mkdir empty
	run image build --progress plain empty
	[[ $status -eq 1 && $output == *"neither a Containerfile nor a Dockerfile"* ]]
}

@test "image build: --keep-failed leaves the container of the step that failed" {
	printf 'FROM app:1\nRUN echo half >/half; exit 4\n' >ctx/Containerfile
	run image build --progress plain --keep-failed ctx
	[[ $status -eq 1 && $output == *"exit status 4"* ]]
	[[ $output =~ "the container "([0-9a-f]{12}) ]]
	must image commit "${BASH_REMATCH[1]}" half
	must image run --rm half cat /half
	[[ $output == half ]]
}

@test "image build: --iidfile, --label, --quiet, --progress json" {
	printf 'FROM app:1\nCOPY one /\n' >ctx/Containerfile
	must image build --quiet --iidfile id --label a=b -t built ctx
	[[ $output == "$(cat id)" ]]
	[[ $(config built .config.Labels.a) == b ]]
	image build --progress json ctx 2>events >/dev/null
	[[ $(jq -rs 'map(.event)|join(" ")' events) == 'step step cached done' ]]
}
