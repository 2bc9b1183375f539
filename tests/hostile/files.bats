#!/usr/bin/env bats
# Images that want the runtime to make, mount or write something outside of them.
# tests/hostile/prove.sh shows that each test fails without the defence it is for.
load helpers/bundle

setup() {
	setup_bundle
	# What a link in the image leads to when it is followed on the host.
	mkdir victim
	echo word >victim/file
}

untouched() {
	[[ $(cat victim/file) == word && $(ls -A victim) == file ]] || {
		echo "the host was reached:"
		ls -lA victim
		return 1
	}
}

# race A B: two names change places in the background, as fast as they can, until the
# end of the test.
race() {
	/usr/bin/python3 - "$@" 3>&- <<-'END' &
	import ctypes, os, sys, time
	libc, stop = ctypes.CDLL(None), time.time() + 60
	a, b = [os.fsencode(os.path.abspath(name)) for name in sys.argv[1:3]]
	while time.time() < stop and os.path.lexists(a):
	    for i in range(1000):
	        libc.renameat2(-100, a, -100, b, 2)
	END
	RACER=$!
}

stop_race() {
	kill "$RACER" || true
	wait "$RACER" || true
}

# for_seconds N COMMAND...: again and again, at least 10 times, until COMMAND fails.
for_seconds() {
	local end=$((SECONDS + $1)) n=0
	shift
	while ((SECONDS < end || n < 10)); do
		"$@" || return
		n=$((n + 1))
	done
	echo "$n rounds"
}

@test "files: a mount point behind an absolute link (CVE-2019-18837, CVE-2024-45310)" {
	mkdir source
	ln -s "$BUNDLE/victim" rootfs/data
	edit '.mounts += [
		{destination: "/data/made/deep", type: "tmpfs", source: "tmpfs"},
		{destination: "/data/made/file", type: "bind", source: "config.json", options: ["bind"]},
		{destination: "/data/file", type: "bind", source: "config.json", options: ["bind"]},
		{destination: "/data", type: "bind", source: $s, options: ["rbind"]}]' --arg s "$BUNDLE/source"
	try runtime run "$ID"
	untouched
	nothing_left
}

@test "files: a mount point that dangles (CVE-2024-45310, CVE-2025-24965)" {
	ln -s "$BUNDLE/victim/empty" rootfs/dangling
	ln -s ../../../../../../../../../../../../../../../../tmp rootfs/up
	edit '.mounts += [
		{destination: "/dangling", type: "bind", source: "config.json", options: ["bind"]},
		{destination: "/up/dangling-\($id)", type: "bind", source: "config.json", options: ["bind"]}]' \
		--arg id "$$"
	try runtime run "$ID"
	untouched
	[[ ! -e /tmp/dangling-$$ ]]
}

@test "files: a mount point that changes while it is looked for (CVE-2021-30465, CVE-2024-45310)" {
	mkdir -p volume/real source
	ln -s "$BUNDLE/victim" volume/link
	edit '.mounts += [
		{destination: "/volume", type: "bind", source: $v, options: ["rbind"]},
		{destination: "/volume/real/a/b", type: "tmpfs", source: "tmpfs"},
		{destination: "/volume/real/c", type: "bind", source: "config.json", options: ["bind"]},
		{destination: "/volume/real/d/e", type: "bind", source: $s, options: ["bind"]}]' \
		--arg v "$BUNDLE/volume" --arg s "$BUNDLE/source"
	race volume/real volume/link
	round() {
		runtime run "$ID" >/dev/null 2>&1 || true
		untouched
	}
	for_seconds 8 round
	stop_race
	untouched
}

@test "files: /proc and /sys that are links (CVE-2019-19921, CVE-2023-27561, CVE-2025-54867)" {
	local dir
	for dir in proc sys; do
		mkdir -p rootfs/fake/self/attr
		rm -rf "rootfs/$dir"
		ln -s fake "rootfs/$dir"
		fails runtime run "$ID"
		said "/$dir"
		rm "rootfs/$dir"
		mkdir "rootfs/$dir"
	done
	nothing_left
}

@test "files: a parent of /proc that is a link (CVE-2023-28642)" {
	mkdir rootfs/real
	ln -s real rootfs/a
	edit '.mounts += [{destination: "/a/proc", type: "proc", source: "proc"}]'
	fails runtime run "$ID"
	said '/a/proc'
}

@test "files: what is no procfs on /proc (CVE-2019-16884)" {
	mkdir -p fake/self/attr
	touch fake/self/attr/exec
	edit '(.mounts[] | select(.destination == "/proc")) |=
		{destination, type: "bind", source: "fake", options: ["rbind"]}'
	fails runtime run "$ID"
	said 'proc file system'
}

@test "files: a volume that the image leads into /proc (CVE-2019-16884)" {
	mkdir volume
	ln -s proc/sys/kernel rootfs/data
	edit '.mounts += [{destination: "/data", type: "bind", source: "volume", options: ["rbind"]}]'
	fails runtime run "$ID"
	said 'proc file system'
}

@test "files: /dev that is a link (CVE-2026-41579, CVE-2026-47766)" {
	rm -r rootfs/dev
	ln -s "$BUNDLE/victim" rootfs/dev
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	fails runtime run "$ID"
	said '/dev'
	untouched
	nothing_left
}

@test "files: links in /dev (CVE-2025-31133, CVE-2026-41579)" {
	local link
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	for link in null zero tty ptmx shm console fd core; do
		rm -r rootfs/dev
		mkdir rootfs/dev
		ln -s "$BUNDLE/victim/file" "rootfs/dev/$link"
		try runtime run "$ID"
		untouched
	done
	nothing_left
}

@test "files: something else in the place of a device" {
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	echo evil >rootfs/dev/null
	fails runtime run "$ID"
	said '/dev/null.*something else is there'
	rm rootfs/dev/null
	mknod rootfs/dev/null c 1 11
	fails runtime run "$ID"
	said '/dev/null.*something else is there'
}

# A hook stands for a process that changes the image at just that moment.
replace_null() {
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))
		| .hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' \
		--arg script "rm $BUNDLE/rootfs/dev/null; $1 $BUNDLE/rootfs/dev/null"
}

@test "files: a mask is the host's /dev/null, whatever the image's is (CVE-2025-31133, CVE-2025-62161)" {
	echo secret >rootfs/etc/secret
	echo evil >rootfs/etc/evil
	edit '.linux.maskedPaths = ["/etc/secret"]'
	replace_null "ln -s /etc/evil"
	run_sh 'cat /etc/secret'
	((status == 0))
	[[ -z $output ]]
	replace_null "cp -a $BUNDLE/rootfs/etc/evil"
	run_sh 'cat /etc/secret'
	[[ -z $output ]]
}

@test "files: a FIFO in the place of /dev/null is not opened" {
	# Its reader comes to an end once somebody has opened the other side.
	replace_null "mkfifo $BUNDLE/rootfs/dev/null
		(timeout 5 cat $BUNDLE/rootfs/dev/null && touch $BUNDLE/opened) & sleep 0.3; :"
	sh_args true
	must runtime create "$ID"
	sleep 1
	[[ ! -e opened ]]
}

@test "files: masked and read-only paths that are links stay inside (GHSA-3q8j-pf29-vwv8)" {
	echo secret >rootfs/etc/secret
	ln -s ../../../../../../etc/secret rootfs/etc/link
	ln -s "$BUNDLE/victim/file" rootfs/etc/out
	mkdir rootfs/data
	ln -s /data rootfs/etc/data
	edit '.linux.maskedPaths = ["/etc/link", "/etc/out"] | .linux.readonlyPaths = ["/etc/data"]'
	run_sh 'cat /etc/secret; touch /data/x 2>/dev/null || echo read-only'
	[[ $output == read-only ]]
	untouched
}

@test "files: a mask is never left out for an error" {
	ln -s /proc/self/root/etc rootfs/secret
	edit '.linux.maskedPaths = ["/secret/passwd"]'
	fails runtime run "$ID"
	said 'masked path /secret/passwd'
	edit '.linux.maskedPaths = [] | .linux.readonlyPaths = ["/secret/passwd"]'
	fails runtime run "$ID"
	said 'read-only path /secret/passwd'
}

@test "files: a masked path that changes while it is looked for (GHSA-3q8j-pf29-vwv8)" {
	mkdir -p rootfs/data/real
	echo secret >rootfs/data/real/file
	ln -s "$BUNDLE/victim" rootfs/data/link
	edit '.linux.maskedPaths = ["/data/real/file"] | .linux.readonlyPaths = ["/data/real"]'
	sh_args 'cat /data/real/file /data/link/file 2>/dev/null; true'
	race rootfs/data/real rootfs/data/link
	round() {
		runtime run "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 || true
		# The mask is a mount on the host's file only if the path led out.
		! grep -q word "$BATS_TEST_TMPDIR/out" && untouched
	}
	for_seconds 4 round
	stop_race
	untouched
}

@test "files: a first mask that changes before it covers others" {
	mkdir -p rootfs/data/empty rootfs/secret
	echo secret >rootfs/secret/file
	ln -s ../secret rootfs/data/link
	edit '.linux.maskedPaths = ["/data/empty", "/secret"]'
	sh_args 'cat /secret/file 2>/dev/null; true'
	race rootfs/data/empty rootfs/data/link
	round() {
		runtime run "$ID" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || true
		! grep -q secret "$BATS_TEST_TMPDIR/out"
	}
	for_seconds 4 round
	stop_race
	runtime run "$ID" >"$BATS_TEST_TMPDIR/out"
	[[ ! -s $BATS_TEST_TMPDIR/out ]]
}

@test "files: a terminal from what is no devpts (CVE-2025-52565)" {
	edit '.mounts |= map(select(.destination != "/dev/pts")) | .process.terminal = true
		| .mounts += [{destination: "/dev/pts", type: "bind", source: "pts", options: ["rbind"]}]'
	mkdir pts
	mknod pts/ptmx c 5 2
	fails /usr/bin/python3 "$TOOLS/onpty.py" "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output$error == *devpts* ]]
}

@test "files: /dev/console that is a link (CVE-2025-52565)" {
	ln -s /etc/group rootfs/dev/console
	edit '.mounts |= map(select(.destination != "/dev")) | .process.terminal = true'
	mkdir -p rootfs/dev/{pts,shm,mqueue}
	fails /usr/bin/python3 "$TOOLS/onpty.py" "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output$error == *console* ]]
}

@test "files: nothing but mount points is made in an image" {
	local before
	before=$(find rootfs | sort)
	sh_args true
	must runtime run "$ID"
	[[ $(find rootfs | sort) == "$before" ]]
}
