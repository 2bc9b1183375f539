#!/usr/bin/env bats
# The broken bundles of tests/conformance/broken.tsv: each is refused with one
# sentence that has the right words, and leaves nothing.
load helpers/bundle

setup() {
	setup_bundle
	require dabba
}

# break_bundle HOW: sets DETACH if the bundle is to be run that way.
break_bundle() {
	DETACH=
	if [[ $1 == !* ]]; then
		eval "${1#!}"
	else
		edit "$1"
	fi
}

# each_broken_bundle CHECK...: CHECK with the WORDS and the NAME of each bundle, made anew.
each_broken_bundle() {
	local name how words wrong=0 count=0
	while IFS=$'\t' read -r name how words; do
		[[ $name && $name != \#* ]] || continue
		cd "$BATS_TEST_TMPDIR" && rm -rf "$BUNDLE" && make_bundle "$BUNDLE" "$ID"
		cd "$BUNDLE" && break_bundle "$how"
		((++count))
		"$@" "$words" "$name" || {
			echo "=> $name: $error$output"
			((++wrong))
		}
	done <"$TOP/tests/conformance/broken.tsv"
	echo "$wrong of $count bundles"
	((wrong == 0 && count >= 30))
}

run_refuses() {
	try runtime run ${DETACH:+"$DETACH"} "$ID"
	((status != 0)) && one_sentence && [[ $error =~ $1 ]] && nothing_left
}

check_agrees() {
	try runtime check
	[[ $2 == *'*' ]] || ((status == 1)) && nothing_left
}

@test "broken: run refuses each with one sentence, and leaves nothing" {
	each_broken_bundle run_refuses
}

@test "broken: check finds what is wrong without making anything" {
	each_broken_bundle check_agrees
}
