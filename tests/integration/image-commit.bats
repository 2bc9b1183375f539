#!/usr/bin/env bats
# dabba-image commit: the layer is the difference, the config is docker's.
load helpers/image

setup() {
	setup_app
}

teardown() {
	remove_containers
	[[ -z $(grep -F " $STORE/" /proc/self/mountinfo) ]]
	store_verifies
}

# config IMAGE FILTER: of its config.
config() {
	skopeo inspect --config --raw "oci:$STORE:$1" | jq -rc "$2"
}

# layer IMAGE: the names in its last layer.
layer() {
	local digest
	digest=$(skopeo inspect --raw "oci:$STORE:$1" | jq -r '.layers[-1].digest')
	tar -tf "$(blob "$STORE" "$digest")"
}

# made SCRIPT: a container "c" that ran SCRIPT.
made() {
	must image run --name c app:1 sh -c "$1"
}

@test "image commit: one layer with the difference alone" {
	made 'echo x >/new; busybox rm /etc/greeting; busybox rm -r /data; busybox mkdir /data; echo y >/data/y'
	must image commit c changed
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
	[[ $(layer changed) == $'data/\ndata/.wh..wh..opq\ndata/y\netc/\netc/.wh.greeting\nnew' ]]
	[[ $(config changed '.rootfs.diff_ids | length') == 3 ]]
	# The layers below are the same blobs.
	[[ $(skopeo inspect --raw "oci:$STORE:changed" | jq -c '.layers[:2]') == \
		"$(skopeo inspect --raw "oci:$STORE:app:1" | jq -c .layers)" ]]
	must image run changed sh -c 'cat /new /data/y; busybox ls /data; ! busybox test -e /etc/greeting'
	[[ $output == $'x\ny\ny' ]]
}

@test "image commit: others see the same files" {
	made 'echo x >/new; busybox ln /new /hard; busybox ln -s new /soft; busybox rm /etc/greeting;
		busybox mkfifo /pipe; busybox chmod 4711 /new; busybox chown 12:34 /data;
		busybox touch -d @1000000000 /data/new'
	must image commit c changed
	umoci unpack --image "$STORE:changed" theirs >/dev/null 2>&1
	must image unpack changed ours
	tell() {
		(cd "$1/rootfs" && find . -printf '%p %y %m %U:%G %n %l %Ts\n' | LC_ALL=C sort)
	}
	diff <(tell theirs) <(tell ours)
	diff -r --no-dereference theirs/rootfs/data ours/rootfs/data
}

@test "image commit: history, author and message" {
	made 'echo x >/new'
	must image commit -m 'Add new' -a 'Me <me@example.org>' c changed
	[[ $(config changed '.history | length') == 4 ]]
	[[ $(config changed '.history[:3]') == "$(config app:1 .history)" ]]
	[[ $(config changed '.history[3] | [.comment, .author, .created_by]') == \
		'["Add new","Me <me@example.org>","sh -c echo x >/new"]' ]]
	[[ $(config changed .author) == 'Me <me@example.org>' ]]
	[[ $(config changed .created) == "$(config changed '.history[3].created')" ]]
	[[ $(config changed '.["x-unknown"]') == '{"kept":true}' ]]
}

@test "image commit: nothing changed" {
	must image run --name c app:1 busybox true
	must image commit c same
	[[ $(config same '.rootfs.diff_ids | length') == 2 ]]
	[[ $(config same '.history[-1].empty_layer') == true ]]
	must image run same cat /etc/greeting
}

@test "image commit: nothing of the runtime leaks" {
	made 'echo x >/etc/mine'
	must image commit c changed
	! layer changed | grep -E 'resolv.conf|hosts|^dev|^proc|^sys' || return 1
	[[ $(config changed .config.Env) == '["PATH=/bin"]' ]]
}

@test "image commit: change instructions" {
	made 'echo x >/f'
	must image commit -c 'CMD ["cat", "/etc/greeting"]' -c 'ENV A="b c" PATH=$PATH:/opt' \
		-c 'LABEL one=1 two="2 3"' -c 'EXPOSE 80 53/udp' -c 'USER 7' -c 'WORKDIR /srv/x' \
		-c 'VOLUME /data' -c 'STOPSIGNAL SIGINT' -c 'ONBUILD RUN make' \
		-c 'HEALTHCHECK --interval=1m CMD true' -c 'ENTRYPOINT ["busybox"]' c changed
	[[ $(config changed '.config | [.Cmd, .Entrypoint, .Env, .User, .WorkingDir, .StopSignal]') == \
		'[["cat","/etc/greeting"],["busybox"],["PATH=/bin:/opt","A=b c"],"7","/srv/x","SIGINT"]' ]]
	[[ $(config changed '.config | [.Labels, .ExposedPorts, .Volumes, .OnBuild]') == \
		'[{"purpose":"test","one":"1","two":"2 3"},{"80/tcp":{},"53/udp":{}},{"/data":{}},["RUN make"]]' ]]
	[[ $(config changed '.config.Healthcheck') == '{"Test":["CMD-SHELL","true"],"Interval":60000000000}' ]]
	must image run changed
	[[ $output == 'hello again' ]]
}

@test "image commit: a shell form" {
	made 'echo "from a file" >/f'
	must image commit -c 'CMD cat /f' c changed
	must image run changed
	[[ $output == 'from a file' ]]
}

@test "image commit: a wrong change does nothing" {
	made 'echo x >/new'
	local before
	before=$(find "$STORE" | sort)
	fails image commit -c 'RUN make' c changed
	one_image_sentence
	[[ $error == *RUN* && $error == *ENTRYPOINT* ]]
	fails image commit -c 'ENV A="1' c changed
	[[ $error == *'quote is not closed'* ]]
	fails image commit c 'Not Valid'
	one_image_sentence
	fails image commit nosuch changed
	one_image_sentence
	[[ $(find "$STORE" | sort) == "$before" ]]
}

@test "image commit: a running container" {
	must image run -d --name c app:1 sh -c 'echo x >/new; echo done; busybox sleep 20'
	eventually grep -q 'done' "$STORE"/containers/*/log
	must image commit c changed
	[[ $(layer changed) == new ]]
	must image ps
	[[ $output == *Up* ]]
	must image rm -f c
}

@test "image commit: twice, upon each other, and the same layer twice" {
	made 'echo 1 >/one'
	must image commit c first
	must image commit c again
	[[ $(skopeo inspect --raw "oci:$STORE:first" | jq -c .layers) == \
		"$(skopeo inspect --raw "oci:$STORE:again" | jq -c .layers)" ]]
	must image run --name d first sh -c 'echo 2 >/two; busybox rm /one'
	must image commit d second
	[[ $(layer second) == $'.wh.one\ntwo' ]]
	must image run second sh -c 'cat /two; busybox test -e /one || echo gone'
	[[ $output == $'2\ngone' ]]
}

@test "image commit: compression" {
	made 'echo x >/new'
	for form in none zstd; do
		must image commit --compress $form c as-$form
		must image run --rm as-$form cat /new
		[[ $output == x ]]
	done
	skopeo inspect --raw "oci:$STORE:as-zstd" | jq -e '.layers[-1].mediaType |
		endswith("tar+zstd")'
	skopeo inspect --raw "oci:$STORE:as-none" | jq -e '.layers[-1].mediaType | endswith(".tar")'
}

@test "image commit: a full disk" {
	mkdir small
	host_mount -t tmpfs -o size=12m none small
	STORE=$PWD/small/store
	must image import app.tar
	made 'busybox dd if=/dev/urandom of=/big bs=1M count=4 2>/dev/null'
	busybox dd if=/dev/zero of=small/filler bs=64k 2>/dev/null || true
	local before
	before=$(find "$STORE" -not -name '*.json' | sort)
	fails image commit c changed
	one_image_sentence
	[[ $error == *'No space left'* ]]
	[[ $(find "$STORE" -not -name '*.json' | sort) == "$before" ]]
	rm small/filler
	must image commit c changed
	must image rm -f c
	store_verifies
	umount -l small
	STORE=$BATS_TEST_TMPDIR/store
}

@test "image commit: every change in both forms, and its quoting" {
	made 'echo x >/f'
	# check FILTER EXPECTED CHANGE...: what the changes make of the config.
	check() {
		local filter=$1 expected=$2 change args=()
		shift 2
		for change; do args+=(-c "$change"); done
		must image commit "${args[@]}" c changed
		[[ $(config changed ".config | $filter") == "$expected" ]] || {
			config changed ".config | $filter"
			return 1
		}
	}
	check .Cmd '["/bin/sh","-c","node app.js"]' 'CMD node app.js'
	check .Cmd '["node","app.js"]' 'CMD ["node", "app.js"]'
	check .Cmd '["/bin/sh","-c","[\"not json]"]' 'CMD ["not json]'
	check '[.Entrypoint, .Cmd]' '[["/bin/sh","-c","exec top"],null]' 'ENTRYPOINT exec top'
	check '[.Entrypoint, .Cmd]' '[["top","-b"],["-n","1"]]' 'ENTRYPOINT ["top", "-b"]' 'cmd ["-n","1"]'
	check .Env '["PATH=/bin","A=b c d"]' 'ENV A b c d'
	check .Env '["PATH=/bin","A=1","B=2 3","C=4 5","D=x\"y"]' "ENV A=1 B='2 3' C=4\\ 5 D=\"x\\\"y\""
	check .Env '["PATH=/usr/bin:/bin"]' 'ENV PATH=/usr/bin:$PATH'
	check .Env '["PATH=/bin","A=1","B=1/x","C=${A}","D=$A"]' 'ENV A=1' "ENV B=\${A}/x C='\${A}' D=\\\$A"
	check .Env '["PATH=/bin","A=2","B=none","C="]' 'ENV A=2 B=${A:-none} C=${A:+set}'
	check .Labels '{"purpose":"test","a":"b","c":"d e"}' 'LABEL a=b c="d e"'
	check .Labels '{"purpose":"new","multi word":"line one two"}' 'LABEL purpose=new "multi word"="line one two"'
	check .Labels '{"purpose":"test","a":"b c \"d\""}' "LABEL a='b c \"d\"'"
	check .Labels '{"purpose":"test","old":"form of it"}' 'LABEL old form of it'
	check .Labels '{"purpose":"test","path":"/bin"}' 'LABEL path=$PATH'
	check '.ExposedPorts | keys' '["53/udp","80/tcp","8000/tcp","8001/tcp"]' 'EXPOSE 80 53/udp 8000-8001'
	check '.ExposedPorts | keys' '["7/sctp"]' 'EXPOSE 7/sctp'
	check .Healthcheck '{"Test":["CMD","a","b"],"Interval":90000000000,"Timeout":500000000,"Retries":3}' \
		'HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD ["a", "b"]'
	check .Healthcheck '{"Test":["CMD-SHELL","a || b"],"StartPeriod":1000000000}' 'HEALTHCHECK --start-period=1s CMD a || b'
	check .Healthcheck '{"Test":["NONE"]}' 'HEALTHCHECK NONE'
	check .OnBuild '["RUN make \"x y\"","COPY . /src"]' 'ONBUILD RUN make "x y"' 'ONBUILD COPY . /src'
	check .User 'bin:1' 'USER bin:1'
	check '.Volumes | keys' '["/a","/b"]' 'VOLUME /a /b'
	check '.Volumes | keys' '["/a b","/c"]' 'VOLUME ["/a b", "/c"]'
	check .WorkingDir '/a/c' 'WORKDIR /a' 'WORKDIR b/../c'
	check .StopSignal 'SIGQUIT' 'STOPSIGNAL SIGQUIT'
	for bad in 'EXPOSE 70000' 'EXPOSE 1/tls' 'LABEL a' 'LABEL =b' 'ENV A=${' 'HEALTHCHECK what' \
		'HEALTHCHECK --interval=soon CMD a' 'ONBUILD FROM x' 'STOPSIGNAL WHAT' 'CMD' 'ADD a b'; do
		fails image commit -c "$bad" c changed
		one_image_sentence
		[[ $error == *"${bad%% *}"* ]]
	done
}

@test "image commit: --stopped refuses a container that runs" {
	must image run -d --name c app:1 sh -c 'echo >/x; trap "exit 0" TERM; busybox sleep 20 & wait'
	sleep 0.3
	fails image commit --stopped c changed
	said 'container c is running'
	one_image_sentence
	must image stop c
	must image commit --stopped c changed
	[[ $(layer changed) == x ]]
}

@test "image commit: paused meanwhile, and resumed" {
	must image run -d --name c --runtime "$TOP/dabba" app:1 sh -c \
		'i=0; while :; do i=$((i + 1)); echo $i >/count; done'
	sleep 0.3
	cat >spy <<-END
		#!/bin/sh
		echo "\$@" >>"$PWD/calls"
		exec "$TOP/dabba" "\$@"
	END
	chmod +x spy
	id=$(image ps -q --no-trunc)
	jq --arg spy "$PWD/spy" '.runtime = $spy' "$STORE/containers/$id/record.json" >record
	cp record "$STORE/containers/$id/record.json"
	must image commit c changed
	[[ $(awk '{print $1}' calls | xargs) == 'pause resume' ]]
	must image commit --no-pause c again
	(($(wc -l <calls) == 2))
	must image rm -f c
}

@test "image commit: from a bundle, what was changed alone" {
	hard_archive hard.tar
	must image import hard.tar
	must image unpack hard:1 bundle
	must image commit --bundle bundle nothing
	[[ $(config nothing '.history[-1].empty_layer') == true ]]
	cd bundle/rootfs
	rm -r empty deep opaque/three
	echo changed >d/x
	ln links/first links/fifth
	mkdir -p new/dir
	setfattr -n user.new -v x sticky
	rm swap/dir-to-link
	mkdir swap/dir-to-link
	chown 7:8 etc/greeting
	touch -d 1970-01-02T00:00:00Z bin bin/tool
	cd ../..
	must image commit -m mine -c 'CMD x' --bundle bundle new
	[[ $(layer new) == '.wh.deep
.wh.empty
bin/
bin/tool
d/
d/x
etc/
etc/greeting
links/
links/fifth
links/first
links/fourth
links/second
links/third
new/
new/dir/
opaque/
opaque/.wh.three
sticky/
swap/
swap/dir-to-link/' ]]
	[[ $(config new '.config.Cmd | last') == x && $(config new '.history[-1].comment') == mine ]]
	"$TOOLS/treelist.py" bundle/rootfs >bundle-tree
	# A layer has whole seconds.
	diff <(without_times <bundle-tree) <(tree_of new | without_times)
	must image verify
}

@test "image commit: from a bundle that ran: no mount points of the runtime" {
	must image unpack app:1 bundle
	rmdir bundle/rootfs/proc bundle/rootfs/sys bundle/rootfs/dev
	must image commit -b bundle without
	[[ $(layer without) == $'.wh.dev\n.wh.proc\n.wh.sys' ]]
	rm -r bundle
	must image unpack app:1 bundle
	touch host
	jq --arg host "$PWD/host" '.process.args = ["sh", "-c", "echo x >/made"] | .process.terminal = false
		| .mounts += [{destination: "/deep/er/conf", type: "bind", source: $host, options: ["bind"]},
			{destination: "/etc/resolv.conf", type: "bind", source: $host, options: ["bind"]},
			{destination: "/data/vol", type: "tmpfs", source: "tmpfs"}]' bundle/config.json >config
	mv config bundle/config.json
	must "$TOP/dabba" --root "$PWD/state" run --bundle bundle box
	[[ -e bundle/rootfs/deep/er/conf && -d bundle/rootfs/data/vol ]]
	must image commit -b bundle ran
	[[ $(layer ran) == made ]]
	echo real >bundle/rootfs/deep/er/conf
	must image commit -b bundle real
	[[ $(layer real) == $'deep/\ndeep/er/\ndeep/er/conf\nmade' ]]
	rm bundle/image.json
	fails image commit -b bundle again
	one_image_sentence
	said 'image.json'
	must image rmi ran real without
	must image import "$MADE/layer1.tar" other
	must image unpack other bundle2
	must image rmi other
	fails image commit -b bundle2 again
	said 'not in the store'
	one_image_sentence
}
