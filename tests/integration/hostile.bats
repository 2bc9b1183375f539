#!/usr/bin/env bats
# Hostile containers: what other runtimes had to learn, each by its CVE.
load helpers/bundle

setup() {
	setup_bundle
}

binary_unchanged() {
	[[ $(sha256sum <"$PROGRAM") == "$BEFORE" ]]
}

@test "hostile: the runtime's own program cannot be written through /proc (CVE-2019-5736)" {
	BEFORE=$(sha256sum <"$PROGRAM")
	# The interpreter of this "script" is whatever executes it: the runtime.
	printf '#!/proc/self/exe\n' >rootfs/bin/trick
	chmod 755 rootfs/bin/trick
	sh_args 'touch /tmp/ready
		while :; do for exe in /proc/[0-9]*/exe; do
			case $(readlink $exe) in */busybox) ;; *) { echo x >>$exe; } 2>/dev/null && echo hit >/tmp/hit ;; esac
		done; done'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -e rootfs/tmp/ready
	for _ in {1..20}; do
		try runtime exec "$ID" /bin/trick
		try runtime exec "$ID" true
	done
	must runtime delete --force "$ID"
	[[ ! -e rootfs/tmp/hit ]]
	binary_unchanged
}

@test "hostile: a working directory behind a descriptor (CVE-2024-21626)" {
	local fd
	start_sleeper
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		try runtime exec --cwd "/proc/self/fd/$fd" "$ID" sh -c 'ls ../../../../../../../..'
		[[ $output != *boot* ]]
	done
}

@test "hostile: exec does not read the container's passwd for numbers (CVE-2026-30892)" {
	start_sleeper
	echo '1:x:0:0::/:/bin/sh' >rootfs/etc/passwd
	must runtime exec -u 1 "$ID" id -u
	[[ $output == 1 ]]
}

@test "hostile: links in /dev of the image (CVE-2025-31133, CVE-2026-41579)" {
	local link
	mkdir victim
	echo word >victim/file
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	for link in null ptmx shm console fd core; do
		rm -rf rootfs/dev
		mkdir rootfs/dev
		ln -s "../../../../../../../../../$BUNDLE/victim/file" "rootfs/dev/$link"
		try runtime run "$ID"
		[[ $(cat victim/file) == word && $(ls victim) == file ]]
	done
	nothing_left
}

@test "hostile: targets that change under a mount do not lead out (CVE-2021-30465)" {
	local i racer
	mkdir -p volume/real source victim
	ln -s "../../../../../../../../../$BUNDLE/victim" volume/link
	edit '.mounts += [
		{destination: "/volume", type: "bind", source: $v, options: ["rbind"]},
		{destination: "/volume/real/deep", type: "bind", source: $s, options: ["bind"]}]' \
		--arg v "$BUNDLE/volume" --arg s "$BUNDLE/source"
	/usr/bin/python3 - volume/real volume/link 3>&- <<-'END' &
	import ctypes, os, sys, time
	libc, stop = ctypes.CDLL(None), time.time() + 20
	while time.time() < stop and os.path.lexists(sys.argv[1]):
	    libc.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)
	END
	racer=$!
	for ((i = 0; i < 60; i++)); do
		try runtime run "$ID"
		[[ -z $(ls -A victim) ]] || break
	done
	kill "$racer" || true
	wait "$racer" || true
	[[ -z $(ls -A victim) ]]
}

@test "hostile: a masked path that is a link masks inside the container" {
	require dabba
	echo secret >rootfs/etc/secret
	ln -s ../../../../../../etc/secret rootfs/etc/link
	edit '.linux.maskedPaths = ["/etc/link"]'
	run_sh 'cat /etc/secret'
	[[ -z $output ]]
}

@test "hostile: /sys and /proc as links (CVE-2023-27561, CVE-2025-54867)" {
	local dir
	for dir in proc sys; do
		rm -rf "rootfs/$dir"
		ln -s tmp "rootfs/$dir"
		try runtime run "$ID"
		rm "rootfs/$dir"
		mkdir "rootfs/$dir"
		is_dabba || continue
		[[ $dir == sys ]] || ((status != 0))
	done
	nothing_left
}
