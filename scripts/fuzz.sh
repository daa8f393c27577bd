#!/usr/bin/env bash
# Fuzz every target of the tree in turn: scripts/fuzz.sh DURATION (as "3s" or "5m").
# FUZZWORKERS is how many processes try inputs at once; without it, one a core. FUZZGUIDE=off tries inputs without looking
# where they lead: for a second that is as good, and the tests' own build will do.
# Prints one line a target, and at the end their number; a crash shows its input and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
duration=${1:-20s} guide=on
[[ ${FUZZGUIDE:-on} == on ]] || guide=''

passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log binary=$work/fuzz.test found=$(go env GOCACHE)/fuzz/$(go list -m)

# Each package is built once for all its targets, and they run as "go test -fuzz" runs them: in its folder,
# with what was found before.
pkg='' built=''
while IFS=: read -r file target; do
	if [[ $pkg != "./$(dirname "$file")" ]]; then
		pkg=./$(dirname "$file") built=yes
		GOGC=400 go test -c ${guide:+-fuzz .} -vet=off -ldflags=-s -o "$binary" "$pkg" >"$work/build" 2>&1 || built=''
	fi
	fuzz() {
		[[ $built ]] || { cp "$work/build" "$log" && return 1; }
		(cd "$pkg" && "$binary" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$duration" \
			-test.parallel "${FUZZWORKERS:-$(nproc)}" \
			-test.fuzzcachedir "$found/${pkg#./}") >"$log" 2>&1
	}
	# Go's fuzzer sometimes fails by its own end of time, and says no more than that: once more then.
	if fuzz || { grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log" && fuzz; }; then
		passed=$((passed + 1))
		printf 'ok    fuzz  %s %s\n' "$pkg" "$target"
	else
		failed=$((failed + 1))
		printf 'FAIL  fuzz  %s %s\n' "$pkg" "$target"
		tail -40 "$log"
	fi
done < <(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' internal | sed -E 's/:[0-9]+:func /:/' | sort)
printf 'fuzz targets: %d passed, %d failed, %s each\n' "$passed" "$failed" "$duration"
((failed == 0))
