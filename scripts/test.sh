#!/usr/bin/env bash
# Everything that must hold before a change may land, in one go and without a question.
# Both databases run; a missing tool is a failure here, not a skipped test.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
export SALLYPORT_TEST_ENGINES=all CGO_ENABLED="${CGO_ENABLED:-0}"

scripts/install-test-tools.sh

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

# The browser's tests come after the others: they measure nothing, but they need the machine.
tests() {
	local house
	house=$(go list ./... | grep -v '/internal/e2e$')
	# shellcheck disable=SC2086 # the list of packages is meant to be split
	{ go test -json $house; go test -json -parallel 5 ./internal/e2e; } || true
}
export -f tests

stage lint scripts/lint.sh
# The pipe's verdict is the summary's: it fails when a test failed, or when none ran.
stage tests bash -c 'set -o pipefail; build/pg -- bash -c tests | build/summary -counts build/counts'
stage fuzz scripts/fuzz.sh "${FUZZTIME:-2s}"

printf '\n'
if ((${#failed[@]})); then
	printf 'failed: %s\n' "${failed[*]}"
fi
printf 'in all %d s\n' $((SECONDS - started))
cat build/counts
((${#failed[@]} == 0))
