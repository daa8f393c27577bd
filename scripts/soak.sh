#!/usr/bin/env bash
# The long counts, for a night or before a release: hundreds of kill -9, tens of thousands of
# races, a million seals, the race detector over the tree, minutes of fuzzing.
set -euo pipefail
cd "$(dirname "$0")/.."
export SALLYPORT_TEST_ENGINES=all SALLYPORT_SOAK=1

scripts/install-test-tools.sh
mkdir -p build
go build -C tools -o ../build/summary ./summary
go build -o build/pg ./internal/db/dbtest/pg

build/pg -- go test -json -count=1 -timeout 4h ./... | build/summary
# The race detector sees an unguarded word in few runs as well as in many; it needs a C compiler.
CGO_ENABLED=1 SALLYPORT_SOAK= build/pg -- go test -json -race -count=1 -timeout 4h ./... | build/summary
scripts/fuzz.sh "${FUZZTIME:-3m}"
