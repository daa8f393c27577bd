# Sallyport: every job has one name. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Pure Go everywhere but under the race detector: the binary runs on any Linux, whatever its C library.
export CGO_ENABLED ?= 0

TOOL := go tool -modfile=tools/go.mod
FUZZTIME ?= 20s
LISTEN ?= 127.0.0.1:8080

.PHONY: help
help: ## list these targets
	@awk 'BEGIN { FS = ":.*## "; print "Sallyport\n" } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## run a complete server with a sample account (needs only Go)
	@bin/sallyport demo --listen $(LISTEN)

.PHONY: example-nginx example-caddy example-haproxy example-traefik example-middleware example-curl
example-nginx: ## a dashboard behind the door, by nginx
example-caddy: ## by Caddy
example-haproxy: ## by HAProxy
example-traefik: ## by Traefik, which you bring along
example-middleware: ## a Go program with the middleware
example-curl: ## something to call with an API key and a code
example-nginx example-caddy example-haproxy example-traefik example-middleware example-curl: example-%:
	@examples/$*/run.sh

.PHONY: build
build: ## build bin/sallyport
	@mkdir -p bin
	go build -trimpath -ldflags '-s -w' -o bin/sallyport ./cmd/sallyport

.PHONY: test
test: ## check everything, as CI does; installs what it needs (ten minutes on two cores)
	@scripts/test.sh

.PHONY: quick
quick: ## the tests alone, with whatever this machine has (SQLite needs nothing)
	go test ./...

.PHONY: soak
soak: ## the long counts: races, kill -9, minutes of fuzzing, the race detector
	@scripts/soak.sh

.PHONY: requirements
requirements: ## walk the demand's rows and write docs/requirements.md from the run
	go build -o build/pg ./internal/db/dbtest/pg
	SALLYPORT_TEST_ENGINES=all SALLYPORT_REQUIREMENTS=write build/pg -- go test -count=1 ./internal/acceptance

.PHONY: lint
lint: ## formatting, vet, staticcheck, tidy and verified modules
	@scripts/lint.sh

.PHONY: bench
bench: ## the figures of docs/performance.md, measured on this machine
	@scripts/bench.sh

.PHONY: fuzz
fuzz: ## fuzz every parser for FUZZTIME each (20s)
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: fmt
fmt: ## format the code
	$(TOOL) gofumpt -w client cmd examples internal tools

.PHONY: clean
clean: ## remove what was built
	rm -rf bin build
