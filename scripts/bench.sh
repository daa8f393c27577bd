#!/usr/bin/env bash
# Measure this machine: every figure as a ratio with its two sides, so that a slow machine and
# a fast one can be compared. docs/performance.md says what each one means.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
go build -o build/pg ./internal/db/dbtest/pg
exec build/pg -- go run ./internal/bench "$@"
