#!/bin/bash
# What dabba, crun and runc say of the bundles of broken.tsv, as a Markdown table.
#
#	tests/helpers/sandbox tests/conformance/compare.sh [RUNTIME...] >broken.md
#
# Without arguments ./dabba and whatever of crun and runc is installed.
set -uo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
HERE=$TOP/tests/conformance
CONFIG=$TOP/tests/integration/helpers/config.json
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

make_bundle() {
	rm -rf "$WORK/bundle"
	mkdir -p "$WORK"/bundle/rootfs/{bin,dev,etc,proc,sys,tmp}
	cp "$(command -v busybox)" "$WORK/bundle/rootfs/bin/busybox"
	ln -s busybox "$WORK/bundle/rootfs/bin/true"
	echo root:x:0:0:root:/root:/bin/sh >"$WORK/bundle/rootfs/etc/passwd"
	jq '.linux.cgroupsPath = "/compare"' "$CONFIG" >"$WORK/bundle/config.json"
	cd "$WORK/bundle" || exit 1
}

# break_bundle HOW: as in broken.tsv; sets DETACH.
break_bundle() {
	DETACH=
	case $1 in
	!*) eval "${1#!}" ;;
	*) jq "$1" config.json >c && mv c config.json ;;
	esac
}

# answer RUNTIME: its words, on one line, without what differs from run to run.
answer() {
	local words status=0
	words=$(timeout -k 1 20 "$1" --root "$WORK/state" run ${DETACH:+"$DETACH"} broken 2>&1 \
		</dev/null | tr -d '\0') || status=$?
	timeout 20 "$1" --root "$WORK/state" delete --force broken >/dev/null 2>&1 </dev/null
	((status != 0)) || words="**accepted** $words"
	printf '%s' "$words" | tr '\n' ' ' |
		sed -E -e 's/time="[^"]*" level=error msg=//g' -e "s#$WORK#W#g" \
			-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z[: ]*//g' -e 's/\|/\\|/g' | cut -c 1-400
}

(($#)) || for runtime in "$TOP/dabba" crun runc; do
	! command -v "$runtime" >/dev/null || set -- "$@" "$runtime"
done
printf '| broken |'
printf ' %s |' "${@##*/}"
printf '\n|---|'
printf -- '---|%.0s' "$@"
echo
while IFS=$'\t' read -r name how _; do
	[[ $name && $name != \#* ]] || continue
	printf '| %s |' "${name% \*}"
	for runtime; do
		make_bundle
		break_bundle "$how"
		printf ' %s |' "$(answer "$runtime")"
	done
	echo
done <"$HERE/broken.tsv"
