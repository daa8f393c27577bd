#!/usr/bin/env bash
# The checks that read the code without running it. Each tool's version is pinned in tools/go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=(go tool -modfile=tools/go.mod)

failed=0
check() { # check NAME COMMAND…: run it, show its output only if it fails
	local name=$1 out
	shift
	if out=$("$@" 2>&1) && [[ -z $out || $name != gofumpt ]]; then
		printf 'ok    lint  %s\n' "$name"
	else
		printf 'FAIL  lint  %s\n%s\n' "$name" "$out"
		failed=1
	fi
}

# gofumpt lists the files it would change and exits 0, so for it any output is a failure.
check gofumpt "${tool[@]}" gofumpt -l client cmd examples internal tools
check vet go vet ./...
check staticcheck "${tool[@]}" staticcheck ./...
check tidy go mod tidy -diff
check verify go mod verify
exit "$failed"
