#!/bin/bash
# Installs what the tests need, builds, runs every test, and counts.
#
#	sudo tests/run.sh			everything
#	sudo tests/run.sh tests/integration/kill.bats...	these files only
#	sudo tests/run.sh tests/clients/*.bats	the engines with dabba: podman, docker...
#
# RUNTIME=crun (or runc) runs the tests of the runtime against that program.
# A behaviour test that takes BATS_TEST_TIMEOUT seconds (600) has failed. The clock is a
# child of the test: a "wait" without a pid waits for it.
# CONFIGURE_FLAGS goes to ./configure when the tree is not configured yet.
# TEST_BASE names a base image that tests/scenario/base-image.sh made, to save its time.
# The last line is "N passed, N failed, N skipped"; the exit status is 1 when
# anything failed.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=contrib/setup.sh
source contrib/setup.sh

export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT-600}

# tally NAME FILE: counts one TAP stream; shows its failures and its skips.
tally() {
	awk -v name="$1" -v counts="$OUT/counts" '
	/^1\.\.[0-9]+/ { planned = substr($1, 4); all_skipped = /# SKIP/ ? $0 : "" }
	/^(not )?ok / { seen++; failing = 0 }
	/^ok / && tolower($0) ~ /# skip/ { skipped++; print "SKIP  " name ": " $0; next }
	/^ok / { passed++; next }
	/^not ok / { failed++; failing = 1; print "FAIL  " name ": " $0; next }
	/^Bail out!/ { failed++; print "FAIL  " name ": " $0; next }
	failing && /^#/ { print "      " $0 }
	END {
		if (all_skipped && planned + 0 == 0) {
			skipped++
			print "SKIP  " name ": " all_skipped
		} else if (!planned || seen != planned) {
			failed++
			print "FAIL  " name ": " seen + 0 " tests of " planned + 0 " ran"
		}
		print passed + 0, failed + 0, skipped + 0 >> counts
	}' "$2"
}

unit_tests() {
	local log
	say "unit tests (make check)"
	rm -f tests/{unit,fuzz}/*.{log,trs}
	make check >"$OUT/check" 2>&1 </dev/null || true
	compgen -G 'tests/unit/*.log' >/dev/null || {
		tail -n 40 "$OUT/check" >&2
		die "make check ran nothing"
	}
	for log in tests/unit/*.log tests/fuzz/*.log; do
		tally "$(basename "$log" .log)" "$log"
	done
	check_scripts
}

# "make check" also runs scripts that print no TAP: one test each.
check_scripts() {
	local trs number=0
	while IFS= read -r trs; do
		if grep -q '^:test-result: FAIL' "$trs"; then
			printf 'not '
		fi
		echo "ok $((++number)) ${trs%.trs}"
	done < <(find . -name '*.trs' ! -path './tests/unit/*' ! -path './tests/fuzz/*') >"$OUT/scripts"
	[[ ! -s $OUT/scripts ]] || {
		echo "1..$(wc -l <"$OUT/scripts")" >>"$OUT/scripts"
		tally "make check" "$OUT/scripts"
	}
}

# place FILE COMMAND...: where the tests of FILE run. Systemd makes the cgroups of whoever
# asks it: in the virtual machine the clients do, and stay in the hierarchy as it is.
place() {
	local wrapper=(tests/helpers/sandbox)
	if [[ $1 == tests/clients/* ]]; then
		[[ ! -e /run/vm/job || ! -d /run/systemd/system ]] || wrapper=()
		wrapper+=(tests/clients/machine)
	elif [[ $1 == */systemd.bats ]]; then
		wrapper=()
	fi
	"${wrapper[@]}" "${@:2}"
}

behaviour_tests() {
	local file
	say "behaviour tests${RUNTIME:+ of $RUNTIME}"
	for file in "$@"; do
		echo "   ${file##*/}"
		# The leak checker looks at the process from a child with ptrace: no child of
		# "exec" can, being in the container's pid namespace. Unit tests look for leaks.
		ASAN_OPTIONS=detect_leaks=0 place "$file" bats --tap "$file" \
			>"$OUT/tap" 2>"$OUT/stderr" </dev/null || true
		tally "${file##*/}" "$OUT/tap"
		[[ ! -s $OUT/stderr ]] || sed 's/^/      /' "$OUT/stderr"
	done
}

summary() {
	awk '{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || !passed
	}' "$OUT/counts"
}

((EUID == 0)) || die "the tests make namespaces, cgroups and mounts: run this as root"
install_packages "${BUILD_PACKAGES[@]}" "${SCENARIO_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
if [[ $* == *tests/clients/* ]]; then
	install_packages "${CLIENT_PACKAGES[@]}"
fi
build
if (($#)); then
	behaviour_tests "$@"
else
	unit_tests
	behaviour_tests tests/integration/*.bats tests/hostile/*.bats
fi
summary
