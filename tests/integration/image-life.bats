#!/usr/bin/env bats
# dabba-image run's options, start, stop, exec, logs, wait: as docker has them.
load helpers/image

setup() {
	setup_app
}

teardown() {
	remove_containers
	[[ -z $(grep -F " $STORE/" /proc/self/mountinfo) ]]
	[[ -z $(ls -A "$STORE/containers"; ls -A "$STORE/tmp") ]]
}

# config NAME: of the container, as the runtime gets it.
config() {
	cat "$STORE/containers/$(image ps -a --no-trunc | awk -v n="$1" '$NF == n {print $1}')/config.json"
}

# with_config FILTER NAME: imports app with its config changed.
with_config() {
	mkdir -p extra
	jq "$1" "$MADE/config.json" >extra/config.json
	docker_archive changed.tar
	must image import changed.tar "$2"
}

@test "run: -e, with and without a value, and over the image's" {
	OURS=from-us must image run -e A=1 -e OURS -e NOT_SET -e PATH=/bin:/x --env 'B=two words' app:1 busybox env
	for line in A=1 OURS=from-us 'B=two words' PATH=/bin:/x HOME=/; do
		grep -qx "$line" <<<"$output"
	done
	! grep -q NOT_SET <<<"$output" || return 1
	[[ $(grep -c PATH= <<<"$output") == 1 ]]
}

@test "run: -w and -u" {
	must image run -w /made/here app:1 busybox pwd
	[[ $output == /made/here ]]
	must image run -u 12:34 app:1 busybox id
	[[ $output == 'uid=12 gid=34' ]]
	fails image run -w made app:1 busybox pwd
	((status == 125))
	said 'not an absolute path'
	fails image run -u nobody-here app:1 busybox id
	((status == 125))
	said 'no such user'
}

@test "run: --entrypoint replaces the image's, and its command" {
	with_config '.config.Entrypoint = ["cat", "/etc/greeting"] | .config.Cmd = ["/data/new"]' cats
	must image run cats
	[[ $output == $'hello again\nnew' ]]
	must image run --entrypoint busybox cats echo mine
	[[ $output == mine ]]
	must image run --entrypoint '' cats busybox echo none
	[[ $output == none ]]
	fails image run --entrypoint '' cats
	((status == 125))
	said 'neither Entrypoint nor Cmd'
}

@test "run: -v binds directories and files, read-only, made, and anonymous" {
	mkdir -p host/sub
	echo outside >host/file
	must image run -v "$PWD/host:/mnt/a" -v "$PWD/host/file:/etc/greeting:ro" app:1 sh -c \
		'cat /mnt/a/file /etc/greeting; echo inside >/mnt/a/sub/new; busybox touch /etc/greeting 2>&1'  || true
	[[ $output == $'outside\noutside\n'*'Read-only'* ]]
	[[ $(cat host/sub/new) == inside ]]
	must image run -v "$PWD/missing:/m" app:1 sh -c 'echo x >/m/file'
	[[ -e missing/file ]]
	must image run --name anon -v /data app:1 sh -c 'cat /data/new; echo more >/data/more'
	[[ $output == new ]]
	must image diff anon
	[[ -z $output ]]
	must image run -v "$PWD/host:/a/b" -v "$PWD/host/sub:/a" app:1 sh -c 'cat /a/b/file /a/new'
	[[ $output == $'outside\ninside' ]]
	for bad in ./relative:/x .hidden:/x "$PWD/host:relative" "$PWD/host:/x:sideways" /; do
		fails image run -v "$bad" app:1
		((status == 125))
		one_image_sentence
	done
}

@test "run: a volume with a name is filled once, shared, and stays" {
	must image run --rm -v keep:/data app:1 sh -c 'cat /data/new; echo more >/data/more'
	[[ $output == new ]]
	must image run --name second --mount type=volume,source=keep,target=/m,readonly app:1 sh -c \
		'cat /m/new /m/more; busybox touch /m/x 2>/dev/null || echo refused'
	[[ $output == $'new\nmore\nrefused' ]]
	must image diff second
	[[ -z $output ]]
	must image run --rm -v other:/empty app:1 busybox ls -A /empty
	[[ -z $output ]]
	must image volume list
	[[ $output == $'keep\nother' ]]
	fails image volume rm keep
	said 'volume "keep" is used by container "second"'
	must image rm second
	must image volume rm keep other
	must image volume list
	[[ -z $output ]]
	fails image volume rm keep
	said 'there is no volume "keep"'
	fails image volume rm
	fails image volume list keep
	fails image volume rm ../containers
	said 'nor the name of a volume'
}

# held CALL WHEN ARGUMENT...: a command whose WHENth CALL begins two seconds late, in the
# background as $held; returns once it holds the lock of the volumes.
held() {
	PATH=$TOP:$PATH strace -D -o /dev/null -e trace="$1" \
		-e inject="$1:delay_enter=2000000:when=$2" \
		"$TOP/dabba-image" --root "$STORE" "${@:3}" >held.out 2>held.err </dev/null 3>&- &
	held=$!
	while flock -n "$STORE/volumes" true; do
		kill -0 "$held" || return
	done
}

# finished: the held command, well.
finished() {
	wait "$held" || {
		cat held.err
		return 1
	}
}

@test "volume rm: waits for a container that is being made, and leaves it its volume" {
	require command strace
	must image run --rm -v keep:/data app:1 sh -c 'echo more >/data/more'
	# The second file it renames is config.json, which says that it has the volume.
	held renameat 2 run --name c -v keep:/data app:1 cat /data/more
	fails image volume rm keep
	said 'volume "keep" is used by container "c"'
	finished
	[[ $(cat held.out) == more ]]
}

@test "volume rm: a container that begins meanwhile gets a new volume" {
	require command strace
	must image run --rm -v keep:/data app:1 sh -c 'echo more >/data/more'
	held renameat 1 volume rm keep
	must image run --name c -v keep:/data app:1 busybox ls /data
	[[ $output == new ]]
	finished
	must image volume list
	[[ $output == keep ]]
	must image start c
}

@test "run: --mount" {
	mkdir host
	echo outside >host/file
	must image run --mount "type=bind,source=$PWD/host,target=/x,readonly" \
		--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700 --mount dst=/data app:1 sh -c \
		'cat /x/file /data/new; busybox df -m /t | busybox awk "END {print \$2}"; busybox stat -c %a /t
		busybox touch /x/y 2>/dev/null || echo refused'
	[[ $output == $'outside\nnew\n1\n700\nrefused' ]]
	for bad in type=bind,source=/missing,target=/x type=bind,target=/x type=odd,target=/x \
		type=bind,source=/etc type=tmpfs,target=/x,colour=red type=tmpfs,target=/x,tmpfs-size=big; do
		fails image run --mount "$bad" app:1
		((status == 125))
		one_image_sentence
	done
}

@test "run: --tmpfs and --read-only" {
	must image run --name ro --read-only --tmpfs /scratch:size=1m,mode=755 -v /keep app:1 sh -c \
		'echo >/scratch/x && echo >/keep/x && echo yes; busybox touch /x 2>/dev/null || echo no'
	[[ $output == $'yes\nno' ]]
	must image diff ro
	[[ -z $output ]]
}

@test "run: --hostname and --network" {
	must image run --hostname box app:1 busybox hostname
	[[ $output == box ]]
	must image run --network host app:1 busybox readlink /proc/self/ns/net
	[[ $output == "$(readlink /proc/self/ns/net)" ]]
	must image run --network none app:1 sh -c 'busybox readlink /proc/self/ns/net; busybox ls /sys/class/net'
	[[ $output != "$(readlink /proc/self/ns/net)"* && $output == *$'\nlo'* ]]
	fails image run --network bridge app:1
	((status == 125))
}

@test "run: --memory, --cpus and --pids-limit reach the runtime" {
	# The controllers may be missing here: what is looked at is what the runtime is asked for.
	try image run -d --name limited -m 64m --cpus 1.5 --pids-limit 77 --runtime true app:1 busybox sleep 9
	must image run --name free app:1 sh -c true
	[[ $(config free | jq -c .linux.resources) == null ]]
	cat >runtime <<-'END'
		#!/bin/sh
		for last; do case $bundle in want) bundle=$last ;; *) [ "$last" != --bundle ] || bundle=want ;; esac; done
		[ -z "$bundle" ] || cp "$bundle/config.json" "$COPY"
		exit 1
	END
	chmod +x runtime
	COPY=$PWD/copy.json try image run -m 64m --cpus 1.5 --pids-limit 77 --runtime "$PWD/runtime" app:1
	[[ $(jq -cS .linux.resources copy.json) == \
		'{"cpu":{"period":100000,"quota":150000},"memory":{"limit":67108864,"swap":134217728},"pids":{"limit":77}}' ]]
	for bad in '--memory lots' '--memory 1q' '--cpus 0' '--cpus many' '--pids-limit few'; do
		# shellcheck disable=SC2086 # two words
		fails image run $bad app:1
		((status == 125))
		one_image_sentence
	done
}

@test "run: -d -t has a terminal, whose output is the log" {
	must image run -d -t --name term app:1 sh -c 'busybox tty; busybox stty size; echo done; exit 4'
	must image wait term
	[[ $output == 4 ]]
	must image logs term
	[[ $(tr -d '\r' <<<"$output") == $'/dev/pts/0\n24 80\ndone' ]]
	must image run -d -ti --name shell app:1 sh
	must image exec shell busybox tty || true
	must image stop -t 1 shell
	[[ -z $(ls "$STORE"/containers/*/console.sock 2>/dev/null) ]]
}

@test "run: -d -i keeps standard input open" {
	must image run -d -i --name reads app:1 cat
	sleep 0.3
	must image ps
	[[ $output == *reads* ]]
	must image run -d --name ends app:1 cat
	must image wait ends
	[[ $output == 0 ]]
}

@test "start: again, with what it wrote; attached; not while it runs" {
	must image run --name again -e N=1 app:1 sh -c 'echo run $N >>/runs; cat /runs; exit 6' || true
	((status == 6))
	must image start again
	[[ $output == again ]]
	must image wait again
	[[ $output == 6 ]]
	must image logs again
	[[ $output == $'run 1\nrun 1' ]]
	try image start -a again
	((status == 6))
	[[ $output == $'run 1\nrun 1\nrun 1' ]]
	must image run --name echo -i app:1 cat
	must image_from <(echo typed) start -ai echo
	[[ $output == typed ]]
	must image run -d --name up app:1 busybox sleep 20
	fails image start up
	said 'container up is running'
	one_image_sentence
	fails image start nothing
	one_image_sentence
}

@test "start: what cannot start stays" {
	must image run --name gone app:1 sh -c 'busybox rm /bin/sh'
	fails image start gone
	((status == 127))
	fails image start -a gone
	((status == 127))
	must image ps -a
	[[ $output == *gone* ]]
}

@test "stop: with SIGTERM, with the image's signal, with SIGKILL in the end" {
	must image run -d --name term app:1 sh -c 'trap "exit 3" TERM; busybox sleep 20 & wait'
	sleep 0.3
	must image stop term
	[[ $output == term ]]
	must image wait term
	[[ $output == 3 ]]
	with_config '.config.StopSignal = "SIGUSR1"' usr1
	must image run -d --name usr usr1 sh -c 'trap "exit 4" USR1; trap "" TERM; busybox sleep 20 & wait'
	sleep 0.3
	must image stop usr
	must image wait usr
	[[ $output == 4 ]]
	must image run -d --name deaf app:1 sh -c 'trap "" TERM; busybox sleep 20 & wait; wait'
	SECONDS=0
	must image stop -t 1 deaf
	((SECONDS < 6))
	must image wait deaf
	[[ $output == 137 ]]
	must image stop deaf
	fails image stop nothing
	one_image_sentence
}

@test "wait: for one that runs, for several, for one with --rm" {
	must image run -d --name one app:1 sh -c 'busybox sleep 0.5; exit 8'
	must image run --name two app:1 sh -c 'exit 9' || true
	must image wait one two
	[[ $output == $'8\n9' ]]
	fails image wait nothing
	one_image_sentence
}

@test "exec: output, status, environment, user, directory, input" {
	must image run -d --name box -e FROM=run app:1 busybox sleep 30
	try image exec box sh -c 'echo $FROM; exit 11'
	((status == 11))
	[[ $output == run ]]
	must image exec -e A=1 -w /data -u 5:6 box sh -c 'echo $A; busybox pwd; busybox id'
	[[ $output == $'1\n/data\nuid=5 gid=6' ]]
	must image_from <(echo typed) exec -i box cat
	[[ $output == typed ]]
	must image_from <(echo typed) exec box cat
	[[ -z $output ]]
	must image exec -d box sh -c 'echo >/was-here'
	eventually image exec box sh -c '[ -e /was-here ]'
	must image diff box
	[[ $output == 'A /was-here' ]]
}

@test "exec: exit codes as docker's, and containers that do not run" {
	must image run -d --name box app:1 busybox sleep 30
	fails image exec box no-such-program
	((status == 127))
	fails image exec box /etc/greeting
	((status == 126))
	try image exec box sh -c 'busybox kill -9 $$'
	((status == 137))
	try image exec box sh -c 'exit 255'
	((status == 255))
	fails image exec -u nobody-here box sh
	((status == 125))
	must image run --name ended app:1 sh -c true
	fails image exec ended sh
	((status == 125))
	said 'container ended is not running'
	one_image_sentence
	fails image exec -t box sh
	((status == 125))
	said 'not a terminal'
}

@test "exec: on a terminal" {
	must image run -d --name box app:1 busybox sleep 30
	must /usr/bin/python3 "$TOOLS/onpty.py" -x '# ' 'busybox tty' -x '# ' 'exit 5' \
		"$TOP/dabba-image" --root "$STORE" exec -ti box sh || true
	((status == 5))
	[[ $output == */dev/pts/* ]]
}

@test "logs: all of it, the tail, followed to the end" {
	must image run -d --name talks app:1 sh -c 'for i in 1 2 3 4 5; do echo line $i; done; echo err >&2; busybox sleep 0.6; echo end'
	must image logs -f talks
	[[ $output == $'line 1\nline 2\nline 3\nline 4\nline 5\nerr\nend' ]]
	must image logs --tail 2 talks
	[[ $output == $'err\nend' ]]
	must image logs -n 0 talks
	[[ -z $output ]]
	must image logs -n 100 talks
	(($(wc -l <<<"$output") == 7))
	must image run --name front app:1 sh -c 'echo x'
	fails image logs front
	said 'has no log'
}

@test "commit: what run was given is the new image's, as with docker" {
	must image run --name c -e A=1 -w /data -u 5 --entrypoint cat app:1 new
	[[ $output == new ]]
	must image commit c new
	must image inspect new
	jq -e '.[0].Config | .Env == ["PATH=/bin", "A=1"] and .WorkingDir == "/data" and .User == "5"
		and .Entrypoint == ["cat"] and .Cmd == ["new"]' <<<"$output"
	must image inspect app:1
	jq -e '.[0].Config | .Env == ["PATH=/bin"] and .Cmd == ["sh"] and (has("User") | not)' <<<"$output"
}
