# Everything here works on a fresh machine that has git, make and Python >= 3.11 with venv.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A sandbox is a dozen Python processes: without compiled modules each compiles a thousand files anew.
unexport PYTHONDONTWRITEBYTECODE
# The set with the development tools contains the set that runs; once it is there, nothing is taken away again.
RUN_ENV := $(if $(wildcard .venv/.dev-stamp),.venv/.dev-stamp,.venv/.run-stamp)
RUN_NODE := $(if $(wildcard node_modules/.dev-stamp),node_modules/.dev-stamp,node_modules/.run-stamp)
DATA ?= .jeung

##@ Use
.PHONY: run demo help
run: $(RUN_ENV) $(RUN_NODE) ## Set everything up, start the sandbox, play the demo and stay up (DATA=folder)
	@$(BIN)/jeung up --demo --data "$(DATA)"

demo: $(RUN_ENV) $(RUN_NODE) ## Play the same story once in a throw-away folder; exit 0 or 1
	@$(BIN)/jeung demo --once

##@ Develop
.PHONY: setup check lint types arrows test format bench contracts slither lock system clean
setup: .venv/.dev-stamp node_modules/.dev-stamp ## Install the development tools

check: setup lint types arrows ## Lint, types, import arrows, formatting
lint: .venv/.dev-stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
types: .venv/.dev-stamp
	@$(BIN)/mypy
arrows: .venv/.dev-stamp
	@$(BIN)/lint-imports

# Coverage is demanded where a mistake costs most: the core and the key custody, every branch.
# A machine without SoftHSM skips what needs a token: there the token's backend is left out. Under CI nothing is skipped.
test: export UNREACHED := $(if $(or $(CI),$(shell command -v softhsm2-util)),nothing,keys/backends)
test: setup ## Run every test (Solidity, unit, behaviour, integration, end to end)
	@$(BIN)/pytest -n 2 --dist loadgroup -q --cov=jeung --cov=keys --cov-branch --cov-report=term --cov-fail-under=100

format: setup ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup ## Measure, side by side in one run; results go to bench/results
	@$(BIN)/python -m bench

contracts: setup ## Compile the contracts and write the artifacts
	@$(BIN)/python -m node.artifacts.compile

slither: setup .venv-slither/.stamp ## Analyse the contracts with Slither in an environment of its own
	@contracts/slither.sh

lock: .venv/.uv-stamp ## Resolve the lock files anew
	@for set in run dev; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    pyproject.toml --extra demo --group setup $$([ $$set = dev ] && echo --extra pkcs11 --group dev) -o requirements/$$set.lock || exit 1; done
	@for tool in uv slither; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    requirements/$$tool.in -o requirements/$$tool.lock || exit 1; done
	@npm install --package-lock-only

system: ## Install what Debian gives the tests (needs root)
	apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q chromium softhsm2 postgresql fonts-noto-cjk

clean: ## Remove environments and caches (never data)
	rm -rf .venv .venv-slither node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis cache out artifacts

help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

# ---- environments -------------------------------------------------------------------------------------------------
.venv/.uv-stamp: requirements/uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Jeung needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Setting up Python packages …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/uv.lock
	@touch $@

.venv/.run-stamp: requirements/run.lock pyproject.toml .venv/.uv-stamp
	@$(BIN)/uv pip sync -q --require-hashes --compile-bytecode --python $(BIN)/python requirements/run.lock requirements/uv.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev-stamp: requirements/dev.lock pyproject.toml .venv/.uv-stamp
	@$(BIN)/uv pip sync -q --require-hashes --compile-bytecode --python $(BIN)/python requirements/dev.lock requirements/uv.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.run-stamp: package-lock.json $(RUN_ENV)
	@echo "Setting up the embedded chain …"
	@npm install --no-save --omit=dev --loglevel=error >/dev/null
	@touch $@

node_modules/.dev-stamp: package-lock.json .venv/.dev-stamp
	@npm install --no-save --loglevel=error >/dev/null
	@touch $@

.venv-slither/.stamp: requirements/slither.lock .venv/.uv-stamp
	@$(PYTHON) -m venv .venv-slither
	@$(BIN)/uv pip sync -q --require-hashes --python .venv-slither/bin/python requirements/slither.lock
	@touch $@
