# Everything here needs Python 3.11 or newer, git and make; `setup` brings the rest into .venv.

PYTHON ?= python3
PY := .venv/bin/python

# What the user names goes to the recipes through the environment, as it was typed: neither make
# nor the shell ever reads it, whatever `$(…)`, quotes or `&` stand in it.
export PAGE_URL := $(value URL)
export DATA_SET := $(value DATA)
unexport URL DATA

.PHONY: help setup crawl test lint bench model lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

setup: .venv/.ready ## make .venv with everything in it, at the locked versions

.venv/.locked: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "review-archiver needs Python 3.11 or newer")'
	$(PYTHON) -m venv --clear .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r requirements/dev.txt
	@touch $@

.venv/.ready: .venv/.locked pyproject.toml setup.py
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.bench: .venv/.ready requirements/bench.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation -r requirements/bench.txt
	@touch $@

crawl: setup ## archive the demonstration site; with URL=https://… that page
	@if [ -n "$$PAGE_URL" ]; then exec $(PY) -m archiver crawl reviews --table -a "url=$$PAGE_URL"; else exec $(PY) -m tests.demo; fi

test: setup ## run all tests
	@$(PY) -m pytest -n 2

lint: setup ## formatting, lint, types, and which room may import which
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: .venv/.bench ## measure crawl and extraction; DATA=FOLDER holds the labelled pages
	$(PY) -m benchmarks.crawl --data "$$DATA_SET" --pages 300
	$(PY) -m benchmarks.extraction --data "$$DATA_SET"

model: .venv/.bench ## train the labeller again; DATA=FOLDER holds the labelled pages
	$(PY) -m benchmarks.model --data "$$DATA_SET"

lock: ## resolve the versions anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --strip-extras --no-emit-index-url \
		--custom-compile-command 'make lock' --extra dev -o requirements/dev.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --strip-extras --no-emit-index-url \
		--custom-compile-command 'make lock' --extra bench -c requirements/dev.txt -o requirements/bench.txt pyproject.toml

clean: ## remove what can be made again; never data/
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find archiver spiders pipelines tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
