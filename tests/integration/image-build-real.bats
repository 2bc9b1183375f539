#!/usr/bin/env bats
# dabba-image build of real things: Debian with packages from its mirror, a node application,
# a static program made in one stage and put into another. They share a store and its cache.
load helpers/image

setup_file() {
	local base=${TEST_BASE-}
	# Each test says what is missing, and is skipped.
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR mirror_answers || return 0
	STORE=$BATS_FILE_TMPDIR/store
	[[ -n $base ]] || {
		base=$BATS_FILE_TMPDIR/base.tar
		"$TOP/tests/scenario/base-image.sh" "$base"
	}
	image import "$base" debian
	# Nobody needs what dpkg writes to survive a loss of power.
	cat >"$BATS_FILE_TMPDIR/first" <<-'EOT'
		FROM debian
		ENV DEBIAN_FRONTEND=noninteractive
		RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/unsafe && apt-get update
	EOT
	export STORE
}

setup() {
	require sandbox
	require dabba
	[[ -n ${STORE-} ]] || skip "no Debian mirror can be reached from this machine"
	mkdir -p "$BATS_TEST_TMPDIR/ctx"
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	cd / || return
	[[ -n ${STORE-} ]] || return 0
	store_verifies
	[[ -z $(image ps -aq) ]]
}

teardown_file() {
	[[ -z ${STORE-} ]] || image verify
}

image() {
	PATH=$TOP:$PATH timeout --foreground -k 5 600 "$TOP/dabba-image" --root "$STORE" "$@"
}

# build NAME <<EOF: after the first steps, which all have in common.
build() {
	cat "$BATS_FILE_TMPDIR/first" - >ctx/Containerfile
	must image build --progress plain -t "$1" ctx
}

cached() {
	grep -c ' CACHED$' <<<"$error" || true
}

@test "image build: Debian with a package of its mirror" {
	cat >packages <<-'EOF'
		RUN apt-get install -y --no-install-recommends jq && rm -rf /var/lib/apt/lists/* /var/cache/apt
		USER nobody
		ENTRYPOINT ["jq"]
		CMD ["--version"]
	EOF
	build jq <packages
	(($(cached) == 0))
	must image run --rm jq
	[[ $output == jq-* ]]
	must image run --rm jq -n '[1, 2] | add'
	[[ $output == 3 ]]
	# dpkg sees what it has installed, and nothing that it has not.
	must image run --rm --entrypoint dpkg jq --verify jq
	[[ -z $output ]]
	build jq <packages
	(($(cached) == 2))
}

@test "image build: an application for node, which changes" {
	echo '{ "name": "sample", "version": "1.0.0", "main": "app.js" }' >ctx/package.json
	mkdir ctx/lib ctx/node_modules
	echo 'exports.greet = (name) => `Hello from ${name}`' >ctx/lib/greet.js
	echo 'console.log(require("./lib/greet").greet(process.env.APP + " as " + process.getuid()))' >ctx/app.js
	printf 'node_modules\n*.md\n' >ctx/.dockerignore
	echo 'of the machine of whoever builds' >ctx/node_modules/junk
	cat >app <<-'EOF'
		RUN apt-get install -y --no-install-recommends nodejs
		ARG VERSION=1
		ENV APP=app-$VERSION NODE_ENV=production
		WORKDIR /srv/app
		COPY package.json ./
		RUN node -e 'console.log("building", require("./package.json").name)' && mkdir node_modules && \
		    echo 'exports.ready = true' >node_modules/dependency.js
		COPY --chown=1000:1000 . .
		USER 1000:1000
		EXPOSE 8080
		HEALTHCHECK --interval=30s CMD node -e 'process.exit(0)'
		CMD node app.js
	EOF
	build node-app <app
	[[ $error == *'| building sample'* ]]
	must image run --rm node-app
	[[ $output == 'Hello from app-1 as 1000' ]]
	must image run --rm node-app ls node_modules
	[[ $output == dependency.js ]]
	# The last COPY alone: npm's part, which takes long, is not done again.
	sed -i 's/Hello/Goodbye/' ctx/lib/greet.js
	build node-app <app
	(($(cached) == 5))
	must image run --rm node-app
	[[ $output == 'Goodbye from app-1 as 1000' ]]
	must skopeo inspect --config --raw "oci:$STORE:node-app"
	jq -e '.config | .User == "1000:1000" and .WorkingDir == "/srv/app" and
		.Healthcheck.Interval == 30000000000' <<<"$output"
}

@test "image build: a static program in C from a stage that has a compiler" {
	cat >ctx/hello.c <<-'EOF'
		#include <stdio.h>
		int main(int argc, char **argv)
		{
			printf("Hello, %s, from %s\n", argc > 1 ? argv[1] : "nobody", WHO);
			return 0;
		}
	EOF
	printf 'hello: hello.c\n\tgcc -O2 -Wall -static -DWHO='"'"'"$(WHO)"'"'"' -o $@ $<\n' >ctx/Makefile
	sed -i '1s/$/ AS compiler/' "$BATS_FILE_TMPDIR/first"
	cat >stages <<-'EOF'
		RUN --mount=type=cache,target=/var/cache/apt apt-get install -y --no-install-recommends gcc libc6-dev make
		FROM compiler AS build
		ARG WHO=scratch
		WORKDIR /src
		COPY Makefile *.c ./
		RUN make WHO="$WHO"
		FROM build AS test
		RUN ./hello tester | grep -x "Hello, tester, from $WHO" && exit 1
		FROM scratch
		COPY --from=build --chmod=0555 /src/hello /hello
		ENTRYPOINT ["/hello"]
		CMD ["world"]
	EOF
	build hello <stages
	must image run --rm hello
	[[ $output == 'Hello, world, from scratch' ]]
	must image unpack hello bundle
	[[ $(cd bundle/rootfs && find . -type f) == ./hello ]]
	build hello <stages
	(($(cached) == 6))
	sed -i 's/Hello/Salve/' ctx/hello.c
	build hello <stages
	(($(cached) == 3))
	must image run --rm hello you
	[[ $output == 'Salve, you, from scratch' ]]
}
