# Every target that needs the environment makes it first: `make demo` and `make test` work
# on a fresh machine with any Python 3.11 or newer.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help setup demo test check format bench clean

help: ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(STAMP) ## .venv with glia, the sandbox and the developers' tools in it

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Glia needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[sandbox,dev]'
	@$(BIN)/python -m compileall -q controller # pip compiles only what is not editable
	@touch $@

demo: $(STAMP) ## the main job, start to finish, in the embedded ECS
	$(BIN)/glia demo

# Tracing branches takes as long again as the tests: only where somebody asks for it. Compiled
# tests are kept even where the environment says no: each worker spends 6 s on compiling them.
test: $(STAMP) ## the whole suite; COVERAGE=95 measures its branches, and fails below that
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal $(if $(COVERAGE),--cov --cov-report=term --cov-fail-under=$(COVERAGE))

check: $(STAMP) ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure, and print the figures
	for b in benchmarks/*.py; do $(BIN)/python $$b || exit 1; done

clean: ## forget the environment and everything built
	rm -rf $(VENV) build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
