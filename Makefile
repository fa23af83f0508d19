# Every task of the project, each of which works alone on a fresh clone: what a task needs is built on the way.

STAGE ?= dev
WORKERS ?= auto
PYTHON ?= $(shell for p in python3.11 python3; do $$p -c "" 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

VENV := .venv/.installed
NODE := $(if $(wildcard package.json),node_modules/.installed)

.DEFAULT_GOAL := help
.PHONY: help run test check e2e fuzz bench package deploy rotate-keys openapi clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV) $(NODE)  ## run the whole system on this machine, on loopback (PORT=8000, DATA_DIR=.local, DEMO=0)
	@exec $(BIN)/python -m infra.local

test: $(VENV) $(NODE)  ## run the tests in parallel and report coverage (WORKERS=auto, EXPLORE=1 for new examples)
	@$(BIN)/python -m pytest tests --ignore=tests/e2e -m "not e2e" -n $(WORKERS) --cov --cov-report=term:skip-covered

check: $(VENV) $(NODE)  ## check format, lint, types, layers and the contracts between rooms
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest tests/contract -n $(WORKERS)

e2e: $(VENV) $(NODE)  ## package, deploy to the emulated cloud and drive the deployed system over HTTP
	@$(BIN)/python -m pytest tests/e2e

fuzz: $(VENV) $(NODE)  ## thousands of generated requests against the API's description (BASE_URL= a running one)
	@$(BIN)/python -m tests.contract.schemathesis_run

bench: $(VENV) $(NODE)  ## measure cold start, size, units and handler time; fail on a broken promise
	@$(BIN)/python -m bench

package: $(VENV)  ## build what is deployed, into build/ (STAGE=dev)
	@$(BIN)/python -m infra.package $(STAGE)

deploy: $(VENV)  ## package and deploy to your AWS account through CloudFormation (STAGE=dev)
	@$(BIN)/python -m infra.deploy $(STAGE)

rotate-keys: $(VENV)  ## add a signing key; nobody is logged out (STAGE=dev)
	@$(BIN)/python -m infra.rotate_keys $(STAGE)

openapi: $(VENV)  ## write the committed API description anew from the routes
	@$(BIN)/python -m infra.openapi

clean:  ## remove what make has built; the data under .local/ stay
	@rm -rf .venv node_modules build .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path "./.local/*" -prune -exec rm -rf {} +

# An environment that no longer starts (its Python was removed) is made anew. The stamp comes last, so half an install is repeated.
$(VENV): requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null \
	  || { echo "Python 3.11 or newer is needed, and $(PYTHON) is older or missing: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing Python packages into .venv"
	@$(BIN)/python -c "" 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json
	@command -v npm >/dev/null || { echo "npm is needed for the local database engine: install Node.js 18 or newer"; exit 1; }
	@echo "Installing the local database engine into node_modules"
	@npm install --no-package-lock --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
