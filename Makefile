# The targets that people use: demo, test, build. Those before a commit: check.
# `make help` explains all of them.

GO          ?= go
FUZZTIME    ?= 10s
TESTFLAGS   ?=
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# The agent is one static binary: no C compiler, no libraries on the box.
export CGO_ENABLED = 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
DATE    := $(shell git log -1 --format=%cI 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
export LDFLAGS

OURS     := cmd agent drivers store protocol
PROGRAMS := $(notdir $(wildcard cmd/*))

.PHONY: help build demo test race check fmt vet lint modules cross fuzz bench

help: ## explain the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

build: ## build the programs into bin/
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ $(PROGRAMS:%=./cmd/%)

demo: build ## play a day of a car park with simulated devices, on this machine
	bin/parkagent demo

test: ## run the tests
	@$(GO) test $(TESTFLAGS) ./...

race: ## run the tests with the race detector; it alone needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...

check: fmt vet lint modules race cross ## everything that must hold before a commit

fmt: ## list the files that are not formatted
	@found=$$(gofmt -l $(OURS)); test -z "$$found" || { echo "not formatted: $$found" >&2; exit 1; }

vet: ## let the Go tool look for mistakes, on both systems
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./...

lint: bin/$(STATICCHECK:honnef.co/go/tools/cmd/%=%) ## let staticcheck look for mistakes, on both systems
	$< ./...
	GOOS=windows $< ./...

bin/$(STATICCHECK:honnef.co/go/tools/cmd/%=%):
	@mkdir -p bin
	GOBIN=$(CURDIR)/bin $(GO) install $(STATICCHECK)
	mv bin/staticcheck $@

modules: ## check that the modules are those that go.mod and go.sum name
	$(GO) mod verify
	$(GO) mod tidy -diff

cross: ## build for every supported system and show the sizes
	@GO=$(GO) scripts/cross-compile

fuzz: ## run every fuzz target for FUZZTIME, 10s unless told otherwise
	@GO=$(GO) scripts/fuzz $(FUZZTIME)

bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...
