# `make bench` compares the serializers, `make demo` shows a cluster that fails over, `make test` runs the tests. All
# install what the machine lacks.
#
#   PYTHON  the interpreter, CPython 3.11 or newer           make test PYTHON=python3.13
#   ARGS    more arguments for the command                   make test ARGS='-k msgpack'

PYTHON ?= python3
ARGS ?=

VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
BIN := .venv/bin

.DEFAULT_GOAL := help
.NOTPARALLEL: # every target shares one environment and one package manager

.PHONY: bench
bench: .venv/has-bench ## compare all serializers through memcached; writes bench-results/latest.json and latest.html
	@tools/prepare $(PYTHON) --optional memcached
	@$(BIN)/session-bench --output bench-results/latest.json --html bench-results/latest.html $(ARGS)

.PHONY: gate
gate: .venv/has-bench ## fail if bytes, fidelity or speed relative to pickle are not as in .ci/baseline.json
	@tools/prepare $(PYTHON) --optional memcached
	@$(BIN)/session-bench gate .ci/baseline.json $(ARGS)

.PHONY: demo
demo: .venv/has-demo ## kill and freeze the servers of a small cluster while somebody shops; ARGS='--visitors 200' for more
	@tools/prepare $(PYTHON) memcached nginx
	@$(BIN)/memcached-sessions demo $(ARGS)

.PHONY: test
test: .venv/has-test ## run the tests
	@tools/prepare $(PYTHON) memcached nginx --optional chromium haproxy
	@# loadscope: the tests of a module or class share a worker, and so what its fixtures build once.
	@# No restart: with loadscope the run would wait forever for what a crashed worker had been given.
	@$(BIN)/pytest --quiet --numprocesses=auto --dist=loadscope --max-worker-restart=0 $(ARGS)

.PHONY: lint
lint: .venv/has-lint ## check style and formatting with ruff, types with pyright
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

.PHONY: format
format: .venv/has-lint ## rewrite the source in the one format, with what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

.PHONY: clean
clean: ## remove the environment, the caches and what was built (bench-results stays)
	@rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .benchmarks
	@rm -f serializers/compact/_compact.c serializers/compact/_compact.*.so bench/_floor.c bench/_floor.*.so
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

# The environment is begun anew when pyproject.toml changed or another PYTHON is asked for. Each target adds only the
# extra that it needs, and builds the compiled modules again when their source changed. The link is for pyright, see
# pyproject.toml.
.venv/python-$(VERSION): pyproject.toml
	@tools/prepare $(PYTHON) venv --optional compiler
	@$(PYTHON) -m venv --clear .venv
	@mkdir .venv/typing && ln -s ../.. .venv/typing/memcached_sessions
	@touch $@

.venv/has-%: .venv/python-$(VERSION) $(wildcard serializers/compact/*.pyx serializers/compact/*.pxi bench/*.pyx)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
