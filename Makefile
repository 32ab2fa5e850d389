# Tidemark. `make` alone explains itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED := 0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN := bin/tidemark
GO ?= go

.PHONY: help
help: ## Show what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/tidemark
	@$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) .

.PHONY: engine
engine: build ## Fetch the embedded ClickHouse once (needs npm), into the user's cache
	@$(BIN) engine fetch

.PHONY: demo
demo: engine ## The whole pipeline on simulated publishers; ends with a workbook
	@$(BIN) demo

.PHONY: test
test: engine ## Run all tests but the long one of `make real`, on a real embedded ClickHouse
	$(GO) test -timeout 30m -skip '^TestReal$$' ./...
	cd .ci/peers && $(GO) test ./...

.PHONY: check
check: engine format lint layers deployment ## Format, lint, layers and tests with the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 30m -skip '^TestSoak$$|AwayForAWeek$$' $(RACE_PACKAGES)

# The packages that share memory between goroutines. The others, and the days of the
# daemon, spend their time inside the engine, and `make test` covers them.
RACE_PACKAGES := ./extract/... ./transform/... ./load/engine/... ./load/clickhouse/... ./jobs ./jobs/alert/... ./jobs/schedule/... ./jobs/web/...

.PHONY: format
format: ## Fail where a file is not formatted
	@out=$$($(GO) tool gofumpt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not formatted (run make fmt):"; echo "$$out"; exit 1; fi

.PHONY: fmt
fmt: ## Format all files
	@$(GO) tool gofumpt -w $$(git ls-files '*.go')

.PHONY: lint
lint: ## Run the linters, and look for dead code
	$(GO) vet ./...
	$(GO) tool -modfile=.ci/lint/go.mod golangci-lint run
	@out=$$($(GO) tool deadcode -test ./...); if [ -n "$$out" ]; then echo "dead code:"; echo "$$out"; exit 1; fi

.PHONY: layers
layers: ## Hold the imports to their one direction
	$(GO) test -run TestLayers -count=1 .

# The folder of recorded answers and real history, for `make real`.
SHARED ?= ../shared

.PHONY: real
real: engine ## The whole pipeline over recorded answers and real history in SHARED; keeps the workbook in out
	@mkdir -p out
	@TIDEMARK_SHARED=$(abspath $(SHARED)) $(GO) test -count=1 -v -run '^TestReal$$' -artifacts -outputdir $(CURDIR)/out -timeout 20m .

# Where `make clients` keeps what it installs.
CLIENTS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tidemark/clients

.PHONY: clients
clients: engine ## Install the clients of BI tools, those that can be, and let them read a demonstration's warehouse
	@.ci/clients/install $(CLIENTS)
	TIDEMARK_CLIENTS=$(CLIENTS) $(GO) test -count=1 -v -run '^TestClients$$' -timeout 20m .

# Where `make readers` keeps what it installs.
READERS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tidemark/readers

.PHONY: readers
readers: ## Install other programs that read workbooks, those that can be, and let them read some
	@.ci/readers/install $(READERS)
	TIDEMARK_READERS=$(READERS) $(GO) test -count=1 -v -run '^TestReaders$$' -timeout 20m ./load/excel

# How often `make kill` kills the daemon.
KILLS ?= 200

.PHONY: packages
packages: ## Make the Debian package, the archive for other systems and what they consist of, in dist
	@GO=$(GO) .ci/packages

.PHONY: packages-try
packages-try: engine ## Install, run, upgrade and remove the package on a fresh Debian (needs root)
	@.ci/packages-try

.PHONY: deployment
deployment: ## Hold the files of deploy against the libraries that read them in earnest
	cd .ci/deploy && $(GO) test -count=1 ./...

.PHONY: vulnerabilities
vulnerabilities: ## Ask Go's database of vulnerabilities about the parts that the program reaches (needs the internet)
	cd .ci/package && $(GO) build -o $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tidemark/packages/ golang.org/x/vuln/cmd/govulncheck
	$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tidemark/packages/govulncheck ./...

.PHONY: kill
kill: engine ## Kill the daemon at random while it builds ten years, KILLS times, and compare the tables
	TIDEMARK_KILLS=$(KILLS) $(GO) test -count=1 -v -run '^TestDaemonKilled$$' -timeout 90m .

.PHONY: faults
faults: engine ## Let every fault strike at every step of the pipeline, or those of CELLS, and write docs/faults.md
	TIDEMARK_FAULTS=$(CURDIR)/docs/faults.md $(GO) test -count=1 -v -run '^TestFaults$$/$(CELLS)' -timeout 90m .

.PHONY: fuzz
fuzz: ## Feed every parser with inputs that nobody thought of, FUZZTIME each, and write docs/fuzz.md
	@GO=$(GO) FUZZTIME=$(FUZZTIME) KEEP=$(KEEP) .ci/fuzz

.PHONY: workers
workers: engine ## Let one, two and four processes share a backfill, and write docs/workers.md
	@GO=$(GO) .ci/workers

.PHONY: bytes
bytes: engine ## Measure what a row of each table takes on the disk, and write docs/bytes.md
	@GO=$(GO) .ci/bytes

.PHONY: soak
soak: engine ## Let the daemon live through a simulated year with faults, and write docs/soak.md
	@GO=$(GO) .ci/soak

.PHONY: bench
bench: engine ## Measure an evening, the whole register and the stages, and write docs/figures.md
	@GO=$(GO) .ci/bench

.PHONY: bench-history
bench-history: engine ## Measure how the history of all publishers comes, and write docs/history.md
	@GO=$(GO) .ci/bench-history

.PHONY: bench-peers
bench-peers: engine ## Hold breadth and concentration against DuckDB, Polars and ClickHouse, and write docs/peers.md
	@SHARED=$(SHARED) .ci/bench-peers

.PHONY: clean
clean: ## Remove what was built, but not the cache
	rm -rf bin
