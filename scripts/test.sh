#!/usr/bin/env bash
# Everything that must hold before a change may land, in one go and without a question.
# Both databases run; a missing tool is a failure here, not a skipped test (but for
# Traefik, which Debian does not have).
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
export SALLYPORT_TEST_ENGINES=all CGO_ENABLED="${CGO_ENABLED:-0}"
# Some tests build the program as it is shipped. Built alike, everything is compiled once for all, and for another clone not again.
export GOFLAGS="${GOFLAGS:-} -trimpath"

scripts/install-test-tools.sh

# The tests' databases lie in memory where there is enough of it: otherwise half of the time goes into waiting for the
# disk. The programs write and sync as ever; only a power cut could tell the difference, and no test has one.
disk=${TMPDIR:-/tmp} room=$(df --output=avail -BM /dev/shm 2>/dev/null | tail -1 | tr -dc 0-9 || true)
if ((${room:-0} >= 2048)); then
	memory=$(mktemp -d /dev/shm/sallyport-test-XXXXXX)
	trap 'rm -rf "$memory"' EXIT
	chmod 1777 "$memory" # PostgreSQL may run as a user of its own
	# A container may forbid programs there, and some tests make one.
	if cp "$(type -P true)" "$memory/probe" && "$memory/probe" 2>/dev/null; then
		export TMPDIR=$memory GOTMPDIR=${GOTMPDIR:-$disk}
	fi
fi

failed=()
stage() { # stage NAME COMMAND…
	local name=$1 from=$SECONDS
	shift
	printf '\n== %s\n' "$name"
	"$@" || failed+=("$name")
	printf '== %s: %d s\n' "$name" $((SECONDS - from))
}

mkdir -p build
go build -C tools -o ../build/summary ./summary
go build -o build/pg ./internal/db/dbtest/pg

# What has limits of time runs first, the longest of it at the beginning. What waits, for codes, rotations and browsers, comes after
# it: it measures nothing, but it needs the machine, and what only computes fills its pauses.
# What waits starts programs and scripts, whose changes Go's cache of results does not know, so it always runs.
# The linters vet; and without a debugger's tables the linker has half the work.
tests() {
	local once='-json -timeout 30m -vet=off -ldflags=-s' waiting='./internal/e2e ./internal/acceptance ./internal/proxytest ./internal/cli' computing='./internal/web ./internal/api' rest
	rest=$(go list ./... | grep -vE '/(cmd/sallyport|internal/(e2e|acceptance|proxytest|cli|web|api))$')
	# shellcheck disable=SC2086 # the lists are meant to be split
	{ go test $once -p 3 ./cmd/sallyport $rest; go test $once -count=1 -p 3 -parallel 6 $waiting $computing; } || true
}
export -f tests

# The linters and then the fuzzing run beside the tests, which often wait, and leave them the way.
beside() { # beside NAME COMMAND…
	local name=$1 verdict=0
	shift
	nice -n 15 "$@" >"build/$name" 2>&1 || verdict=$?
	echo "$verdict" >"build/$name.verdict"
}
verdict_of() { cat "build/$1" && return "$(<"build/$1.verdict")"; }
# The linters and the compiler spend less on collecting garbage where there is memory; the tests run as they always do.
{ GOGC=400 beside lint scripts/lint.sh; FUZZWORKERS=1 FUZZGUIDE=off beside fuzz scripts/fuzz.sh "${FUZZTIME:-1s}"; } &
others=$!
# The pipe's verdict is the summary's: it fails when a test failed, or when none ran.
stage tests bash -c 'set -o pipefail; build/pg -- bash -c tests | build/summary -counts build/counts'
wait "$others"
stage lint verdict_of lint
stage fuzz verdict_of fuzz

printf '\n'
if ((${#failed[@]})); then
	printf 'failed: %s\n' "${failed[*]}"
fi
printf 'in all %d s\n' $((SECONDS - started))
cat build/counts
((${#failed[@]} == 0))
