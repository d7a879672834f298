# Everything here needs Python 3.11 or newer, git and make; `setup` brings the rest into .venv.

PYTHON ?= python3
PY := .venv/bin/python

# What the user names goes to the recipes through the environment, as it was typed: neither make
# nor the shell ever reads it, whatever `$(…)`, quotes or `&` stand in it.
export PAGE_URL := $(value URL)
export DATA_SET := $(value DATA)
unexport URL DATA

.PHONY: help setup crawl test test-replay test-browser test-wordpress lint bench model lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

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

test: setup .checkers-venv/.ready ## run all tests, then judge the archives that they wrote by other programs
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
		$(PY) -m pytest -n 2 --basetemp "$$folder/tests" && \
		$(PY) -m pytest -m checkers tests/checkers --written "$$folder/tests"

# Programs of others, with what they need, in environments of their own.
.%-venv/.ready: requirements/%.txt
	$(PYTHON) -m venv --clear .$*-venv
	.$*-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

test-replay: setup .replay-venv/.ready ## replay the demonstration in pywb, and judge its archives by other programs
	@$(PY) -m pytest -m replay tests/replay

REPLAYWEB := replaywebpage-2.5.3
REPLAYWEB_DIGEST := b7d35c39c4da9b7121c5a393911d8675d4cc6f19513c380191e16b086bea812c

# Of the package two files are needed, which hold all that it depends on.
.browser/$(REPLAYWEB).ready:
	@command -v npm >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends npm; }
	@rm -rf .browser && mkdir .browser
	cd .browser && npm pack --silent $(subst -,@,$(REPLAYWEB))
	cd .browser && echo "$(REPLAYWEB_DIGEST)  $(REPLAYWEB).tgz" | sha256sum --check --quiet
	cd .browser && tar -xzf $(REPLAYWEB).tgz package/ui.js package/sw.js
	@touch $@

test-browser: setup .browser/$(REPLAYWEB).ready ## see an archived page in headless Chromium, through replayweb.page
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium
	@$(PY) -m pytest -m browser tests/replay

test-wordpress: setup ## crawl a real WordPress on loopback, twice, and hold the records against what is in it
	@$(PY) -m pytest -m wordpress tests/wordpress

lint: setup ## formatting, lint, types, and which room may import which
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: .venv/.bench ## measure crawl and extraction; DATA=FOLDER holds the labelled pages
	$(PY) -m benchmarks.crawl --data "$$DATA_SET" --pages 300
	$(PY) -m benchmarks.pipeline --data "$$DATA_SET" --pages 300
	$(PY) -m benchmarks.slow_hosts
	$(PY) -m benchmarks.extraction --data "$$DATA_SET"

model: .venv/.bench ## train the labeller again; DATA=FOLDER holds the labelled pages
	$(PY) -m benchmarks.model --data "$$DATA_SET"

lock: ## resolve the versions anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --strip-extras --no-emit-index-url \
		--custom-compile-command 'make lock' --extra dev -o requirements/dev.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --strip-extras --no-emit-index-url \
		--custom-compile-command 'make lock' --extra bench -c requirements/dev.txt -o requirements/bench.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --strip-extras --no-emit-index-url \
		--custom-compile-command 'make lock' -o requirements/replay.txt requirements/replay.in
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --strip-extras --no-emit-index-url \
		--custom-compile-command 'make lock' -o requirements/checkers.txt requirements/checkers.in

clean: ## remove what can be made again; never data/
	rm -rf .venv .replay-venv .checkers-venv .browser build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find archiver spiders pipelines tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
