# Twoseas. `make help` lists the targets.
#
# Needs Go 1.26. Everything else is fetched by Go, or is optional and the
# target says loudly what it left out: PostgreSQL for the second engine,
# ../shared/data for the tests and the demonstration on real threat data.

T     ?= 30s
ARGS  ?=
BENCH ?= .
PKG   ?= ./...

STATIC := internal/edge/web/assets/dist
TEMPL  := go tool -modfile=tools/go.mod templ
DATA   := $(wildcard ../shared/data/stix)
LINTER := go tool -modfile=tools/go.mod golangci-lint

.PHONY: build assets screenshots demo test race fuzz lint fmt vet tidy check fresh bench cover generate dist clean help

build: $(STATIC)/manifest.json ## build bin/twoseas and bin/twoseas-verify (what plain `make` does)
	@go build -trimpath -o bin/ ./cmd/twoseas ./cmd/twoseas-verify

assets: ## bundle style sheets, scripts and icons of the pages (needs Node 20 and npm)
	cd assets && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs

# Without Node the program is built all the same; its pages then say what is missing.
$(STATIC)/manifest.json: $(wildcard assets/src/*) assets/build.mjs assets/package-lock.json
	@if ! command -v npm >/dev/null; then echo "NOTE: npm is not installed: pages are built without style sheets and scripts (make assets)"; \
	elif $(MAKE) --no-print-directory assets; then touch $@; \
	else echo "NOTE: make assets did not work: pages are built without style sheets and scripts"; fi

demo: build ## two nodes exchange threat data and keep serving; make demo ARGS="--once --json"
	@bin/twoseas demo $(if $(DATA),--data $(DATA)) $(ARGS)

test: $(STATIC)/manifest.json ## all Go tests, on SQLite and on a throw-away PostgreSQL; PKG=./internal/law/... for some
	scripts/test.sh $(PKG)

screenshots: $(STATIC)/manifest.json ## pictures of every page in both themes into docs/screenshots (needs Chromium)
	TWOSEAS_SCREENSHOTS=$(CURDIR)/docs/screenshots go test -count=1 -timeout 15m -run TestEveryPageIsFitForEverybody ./internal/webtest

race: ## the same under the race detector (needs a C compiler)
	CGO_ENABLED=1 scripts/test.sh -race $(PKG)

fuzz: ## fuzz every target for T=30s each
	scripts/fuzz.sh $(T)

lint: ## golangci-lint (compiled on first use, about two minutes)
	$(LINTER) run $(PKG)

fmt: ## format the sources
	$(LINTER) fmt

vet: ## go vet
	go vet $(PKG)

tidy: ## are go.mod and go.sum exact, are the modules what they were?
	go mod tidy -diff
	go mod verify
	cd tools && go mod tidy -diff && go mod verify

check: ## all that a change must pass: format, vet, lint, modules, generated files, tests
	@test -z "$$(gofmt -l cmd internal)" || { echo "not formatted, run make fmt:"; gofmt -l cmd internal; exit 1; }
	@$(MAKE) --no-print-directory vet lint tidy fresh test

fresh: # make generate changes nothing; needs git
	@before=$$(git status --porcelain; git diff | cksum); $(MAKE) --no-print-directory generate; \
	after=$$(git status --porcelain; git diff | cksum); \
	[ "$$before" = "$$after" ] || { echo "make generate changed files; commit them:"; echo "$$after"; exit 1; }

bench: ## the figures of docs/performance.md: one table, bench/latest.json; BENCH=Walk for one
	scripts/bench.sh '$(BENCH)'

cover: ## coverage per folder; law and act below 85 % fail
	@mkdir -p bench
	scripts/test.sh -coverprofile=bench/cover.out -coverpkg=./internal/... ./...
	@awk -f scripts/cover.awk bench/cover.out

generate: ## generated files: pages' templates
	go generate ./...
	@$(TEMPL) generate -path internal/edge/web

dist: ## what is released: programs for linux, bills of materials, checksums; built twice and compared
	scripts/dist.sh

clean: ## remove what was built
	rm -rf bin dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
