#!/usr/bin/env bash
# Measure this machine: every figure as a ratio with its two sides, so that a slow machine and
# a fast one can be compared. docs/performance.md says what each one means.
#
#   scripts/bench.sh [-only GROUPS] [-rounds N] …   as the machine is
#   FSYNC_ADDS=1400 scripts/bench.sh -only sqlite   with 1,400 µs more for each fsync, PostgreSQL's too
#
# Without arguments it measures everything, and then the second step once more with a slower disk: on one that answers at once
# nothing waits for a commit, so it does not show what commits cost elsewhere, nor what sharing them is good for.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
go build -o build/pg ./internal/db/dbtest/pg
go build -o build/bench ./internal/bench

measure() { # measure µs ARGUMENT…
	local longer=$1
	shift
	if [[ $longer == 0 ]]; then
		build/pg -- build/bench "$@"
		return
	fi
	if ! type -P strace >/dev/null; then
		echo "A slower disk needs strace: install it (apt-get install strace) and call this again." >&2
		return 1
	fi
	printf '\nWith %s µs more for each fsync:\n\n' "$longer"
	strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter="$longer" \
		build/pg -- build/bench "$@"
}

measure "${FSYNC_ADDS:-0}" "$@"
if [[ $# == 0 && -z ${FSYNC_ADDS:-} ]]; then
	measure 1400 -only '^(sqlite|postgres)$' || echo "The slower disk was not measured; the figures above stand." >&2
fi
