#!/bin/bash
# Fuzzes: builds the targets in a directory of their own and runs them one after another.
#
#	tests/fuzz/run.sh [-t SECONDS] [-a] [-d DIRECTORY] [TARGET...]
#
# -t is the time for each target (20), -a uses AFL++ in place of libFuzzer, -d keeps the
# build and what was found there (default: a temporary directory, which stays when there
# are findings).  Prints one line per target; exit status 1 when there was a finding, to
# be kept in tests/fuzz/inputs/TARGET once it is mended.
set -euo pipefail
cd "$(dirname "$0")/../.."
SOURCE=$PWD
SECONDS_EACH=20
ENGINE=libfuzzer
DIR=

die() {
	echo "$0: $*" >&2
	exit 1
}

while getopts t:ad: option; do
	case $option in
	t) SECONDS_EACH=$OPTARG ;;
	a) ENGINE=afl ;;
	d) DIR=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

build() {
	local compiler=clang
	[[ $ENGINE == libfuzzer ]] || compiler=afl-clang-fast
	command -v "$compiler" >/dev/null || die "$compiler is not installed"
	mkdir -p "$DIR/build-$ENGINE"
	# The committed tree and what is changed in it, without what is built there.
	git ls-files -z --cached --others --exclude-standard |
		tar --null --files-from=- --create --ignore-failed-read |
		tar --extract --directory "$DIR/build-$ENGINE"
	(
		cd "$DIR/build-$ENGINE"
		[[ -e configure ]] || ./autogen.sh
		[[ -e config.status ]] || CC=$compiler ./configure --enable-fuzzers
		AFL_QUIET=1 make -j"$(nproc)" "${TARGETS[@]/#/tests/fuzz/fuzz-}"
	) >"$DIR/build.log" 2>&1 </dev/null || {
		tail -n 30 "$DIR/build.log" >&2
		die "the targets do not build"
	}
}

# run_libfuzzer TARGET: leaves the log in $DIR/TARGET.log.
run_libfuzzer() {
	local found=$DIR/found/$1
	mkdir -p "$found" "$DIR/corpus/$1"
	"$DIR/build-$ENGINE/tests/fuzz/fuzz-$1" -max_total_time="$SECONDS_EACH" -timeout=10 \
		-rss_limit_mb=1024 -max_len=65536 -artifact_prefix="$found/" \
		-print_final_stats=1 "$DIR/corpus/$1" "tests/fuzz/inputs/$1" \
		>"$DIR/$1.log" 2>&1 </dev/null || true
	awk '/^stat::number_of_executed_units/ { n = $2 } / cov: / { for (i = 1; i < NF; i++)
		if ($i == "cov:") cov = $(i + 1) }
		END { printf "%d inputs, %d edges", n, cov; exit !n }' "$DIR/$1.log" || {
		tail -n 20 "$DIR/$1.log"
		touch "$found/crash-at-start"
	}
}

run_afl() {
	local found=$DIR/found/$1 out=$DIR/afl/$1
	mkdir -p "$found"
	rm -rf "$out"
	mkdir -p "$out"
	AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 \
		afl-fuzz -i "tests/fuzz/inputs/$1" -o "$out" -V "$SECONDS_EACH" -m none -t 5000 \
		-- "$DIR/build-$ENGINE/tests/fuzz/fuzz-$1" >"$DIR/$1.log" 2>&1 </dev/null ||
		die "afl-fuzz: see $DIR/$1.log"
	find "$out/default/crashes" "$out/default/hangs" -name 'id:*' -exec cp -t "$found" {} +
	awk -F ' *: ' '/^execs_done/ { n = $2 } /^edges_found/ { cov = $2 }
		END { printf "%d inputs, %d edges", n, cov }' "$out/default/fuzzer_stats"
}

TARGETS=("$@")
if ((!$#)); then
	TARGETS=(tests/fuzz/fuzz-*.c)
	TARGETS=("${TARGETS[@]##*/fuzz-}")
	TARGETS=("${TARGETS[@]%.c}")
fi
TEMPORARY=
[[ -n $DIR ]] || TEMPORARY=$(mktemp -d)
DIR=$(realpath "${DIR:-$TEMPORARY}")
cd "$SOURCE"
build
FINDINGS=0
for target in "${TARGETS[@]}"; do
	printf '%-10s %s seconds: ' "$target" "$SECONDS_EACH"
	"run_$ENGINE" "$target"
	n=$(find "$DIR/found/$target" -type f | wc -l)
	echo ", $n findings"
	((FINDINGS += n)) || true
done
if ((FINDINGS)); then
	echo "found: $DIR/found" >&2
	exit 1
fi
[[ -z $TEMPORARY ]] || rm -rf "$TEMPORARY"
