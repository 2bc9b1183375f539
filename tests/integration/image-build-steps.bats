#!/usr/bin/env bats
# dabba-image build: what a RUN gets of whoever builds and what not, how the steps are shown,
# ADD's archives.
load helpers/image

setup() {
	setup_app
	mkdir -p ctx
}

teardown() {
	cd / || return
	[[ ! -d /sys/fs/cgroup/caller ]] || rmdir /sys/fs/cgroup/caller/in /sys/fs/cgroup/caller
	[[ -z $(image ps -aq) ]]
	store_verifies
	must image verify
}

build() {
	cat >ctx/Containerfile
	must image build --progress plain -t built "$@" ctx
}

shows() {
	must image run --rm built "$@"
}

# last_layer: the names in the last layer of what was built, on a line.
last_layer() {
	skopeo inspect --raw "oci:$STORE:built" | jq -r '.layers[-1].digest' |
		xargs -I{} bash -c 'tar -tzf "$1/blobs/${2/://}"' bash "$STORE" {} | tr '\n' ' '
}

@test "image build: RUN has the limits and the cgroup of whoever builds" {
	printf 'FROM app:1\nRUN --mount=type=bind,target=/ctx ulimit -n >/n; cat /ctx/gate >/gate\n' \
		>ctx/Containerfile
	mkfifo ctx/gate
	mkdir -p /sys/fs/cgroup/caller/in
	(
		echo "$BASHPID" >/sys/fs/cgroup/caller/in/cgroup.procs
		ulimit -n 777
		exec "$TOP/dabba-image" --root "$STORE" build -q -t built ctx 3>&-
	) >id &
	pid=$!
	# It waits at the gate, in a cgroup below ours.
	until grep -qs . /sys/fs/cgroup/caller/in/dabba-*/cgroup.procs; do
		sleep 0.05
		kill -0 "$pid"
	done
	echo open >ctx/gate
	wait "$pid"
	[[ -z $(compgen -G '/sys/fs/cgroup/caller/in/dabba-*') ]]
	shows cat /n /gate
	[[ $output == $'777\nopen' ]]
}

@test "image build: RUN has nothing of our environment, proxies by --build-arg alone" {
	export LEAK=1 HTTP_PROXY=http://leak.test http_proxy=http://leak.test NO_PROXY=leak
	cat >file <<-'EOF'
		FROM app:1
		RUN busybox env >/env; echo "$LEAK" >>/env; busybox hostname >>/env
	EOF
	build <file
	shows cat /env
	[[ $output != *eak* && $output != *PROXY* && $output != *"$(hostname)"* ]]
	build --no-cache --build-arg HTTP_PROXY --build-arg https_proxy=http://given.test <file
	[[ $error != *warning* ]]
	shows cat /env
	[[ $output == *HTTP_PROXY=http://leak.test* && $output == *https_proxy=http://given.test* ]]
	[[ $output != *http_proxy=http://leak* && $output != *NO_PROXY* ]]
	# Nor are they in the image, and they do not change what is remembered.
	[[ $(skopeo inspect --config --raw "oci:$STORE:built") != *given.test* ]]
	build --build-arg https_proxy=http://other.test <file
	[[ $error == *CACHED* ]]
}

@test "image build: files of the host's /etc are seen and in no layer" {
	build <<-'EOF'
		FROM app:1
		RUN cat /etc/hosts /etc/resolv.conf >/seen; echo mine >/etc/mine
	EOF
	[[ $(last_layer) == 'etc/ etc/mine seen ' ]]
	shows cat /seen
	[[ $output == "$(cat /etc/hosts /etc/resolv.conf)" ]]
}

@test "image build: a --build-arg that nothing takes is warned of" {
	build --build-arg USED=1 --build-arg GLOBAL=1 --build-arg OTHER=1 --build-arg UNUSED=1 <<-'EOF'
		ARG GLOBAL=0
		FROM app:1 AS other
		ARG OTHER
		FROM app:$GLOBAL
		ARG A=1 USED
		RUN echo "$USED" >/used
	EOF
	[[ $(grep -c '^warning: ' <<<"$error") -eq 1 ]]
	[[ $error == *'warning: --build-arg UNUSED: Containerfile has no ARG of that name'* ]]
}

@test "image build: ADD unpacks every kind of tar, gives it to --chown, refuses whiteouts" {
	python3 - <<-'EOF'
		import io, tarfile
		for name, mode in ("b.tar.bz2", "w:bz2"), ("x.tar.xz", "w:xz"), ("w.tar", "w"):
		    with tarfile.open("ctx/" + name, mode) as tar:
		        def add(path, text=None):
		            entry = tarfile.TarInfo(path)
		            entry.uid, entry.gid, entry.mode = 7, 8, 0o640 if text else 0o750
		            entry.type = tarfile.REGTYPE if text else tarfile.DIRTYPE
		            entry.size = len(text or "")
		            tar.addfile(entry, io.BytesIO(text.encode()) if text else None)
		        add("d")
		        add("d/" + name, "of " + name + "\n")
		        if name == "w.tar":
		            add("d/.wh.x", "y")
		open("ctx/no.bz2", "wb").write(b"BZh is no archive")
	EOF
	build <<-'EOF'
		FROM app:1
		ADD b.tar.bz2 /b/
		ADD --chown=5:6 x.tar.xz b.tar.bz2 /x/
		ADD no.bz2 /n/
	EOF
	shows sh -c 'cat /b/d/* /x/d/*; busybox stat -c %a:%u:%g /b /b/d /b/d/* /x /x/d /x/d/x.tar.xz; cat /n/no.bz2'
	[[ $(tr '\n' ' ' <<<"$output") == 'of b.tar.bz2 of b.tar.bz2 of x.tar.xz 755:0:0 750:7:8 640:7:8 755:5:6 750:5:6 640:5:6 BZh is no archive ' ]]
	printf 'FROM app:1\nADD w.tar /\n' >ctx/Containerfile
	fails image build --progress plain ctx
	[[ $error == *'Containerfile:2: ADD: archive w.tar: d/.wh.x: a layer cannot hold a name'* ]]
}

@test "image build: the live view has the step, its time, the last lines and the layer" {
	printf 'FROM app:1\nRUN %s; %s; sleep 0.5\nCMD x\n' \
		'for i in 1 2 3 4 5 6; do echo "line $i"; done' \
		'for i in $(busybox seq 100); do echo $i >/tmp/$i; done' >ctx/Containerfile
	/usr/bin/python3 "$TOOLS/onpty.py" -s 24x50 strace -f -o strace.log -e trace=llistxattr \
		-e inject=llistxattr:delay_enter=10000 \
		"$TOP/dabba-image" --root "$STORE" build ctx 3>&- | tr -d '\r' >view
	cat -v view
	# Drawn anew as time goes by, cut at the terminal's width.
	[[ $(grep -cE '\[2/3\] [0-9.]+s RUN for i in 1 2 3 4 5 6; do echo "' view) -ge 8 ]]
	[[ $(grep -oE '\[2/3\] [0-9.]+s' view | sort -u | wc -l) -ge 3 ]]
	[[ $(grep -v sha256: view | sed $'s/\033\\[[0-9]*[AJ]//g' | wc -L) -le 50 ]]
	[[ $(cat view) == *$'\n  | line 3\n  | line 4\n  | line 5\n  | line 6\n'* ]]
	grep -qE '^  writing its layer: [0-9.]+kB$' view
	grep -q $'^\033\\[5A\033\\[J\\[2/3\\] ' view
	# What is done stays as a line, and nothing else.
	tail -n 4 view | grep -qE '\[2/3\] RUN .* \([0-9.]+s\)$'
	tail -n 2 view | grep -q '\[3/3\] CMD x$'
	[[ $(tail -n 1 view) == sha256:* ]]
}

@test "image build: plain lines and JSON have the same to say" {
	printf 'FROM app:1 AS one\nRUN echo hello; echo "a \\"b\\""\nFROM one\nLABEL a=b\n' >ctx/Containerfile
	must image build --progress plain ctx
	[[ $error == '[one 1/2] FROM app:1
[one 2/2] RUN echo hello; echo "a \"b\""
[one 2/2] | hello
[one 2/2] | a "b"
[1/2] FROM one
[2/2] LABEL a=b' ]]
	must image build --no-cache --progress json ctx
	[[ $(jq -c '[.event, .stageName, .step, .steps, .text]' <<<"$error") == '["step","one",1,2,"FROM app:1"]
["step","one",2,2,"RUN echo hello; echo \"a \\\"b\\\"\""]
["output","one",2,2,"hello"]
["output","one",2,2,"a \"b\""]
["done","one",2,2,null]
["step",null,1,2,"FROM one"]
["step",null,2,2,"LABEL a=b"]
["done",null,2,2,null]' ]]
}

@test "image build: of twenty steps upon thousands of files the last alone is done again" {
	mkdir ctx/many ctx/last
	python3 -c '
for i in range(2000):
    open(f"ctx/many/{i}", "w").write(f"{i}\n")'
	echo 1 >ctx/last/file
	{
		echo FROM app:1
		echo COPY many /many
		for i in {1..16}; do
			echo "RUN echo $i >/$i"
		done
		echo ENV A=1
		echo COPY last /last
	} >file
	build <file
	[[ $(grep -c CACHED <<<"$error") -eq 0 ]]
	build <file
	[[ $(grep -c ' CACHED$' <<<"$error") -eq 18 ]]
	echo 2 >ctx/last/file
	build <file
	[[ $(grep -c ' CACHED$' <<<"$error") -eq 17 ]]
	[[ $(tail -n 1 <<<"$error") == '[20/20] COPY last /last' ]]
	shows cat /last/file /16 /many/1999
	[[ $output == $'2\n16\n1999' ]]
}
