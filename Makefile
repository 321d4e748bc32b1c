# Everything a newcomer and CI run. `make help` lists it.

PY := .venv/bin/python
T ?= tests

.DEFAULT_GOAL := help
.PHONY: help env demo test lint types imports unit bench chaos screenshots messages vendor

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make the project's own environment in .venv
	@python3 tools/bootstrap.py

demo: env ## start everything with sample data and print where it is
	@$(PY) -m app.cli demo

test: ## what CI runs: lint, types, import contracts, all tests; T=path runs only those tests
	@python3 tools/bootstrap.py --tests
	@$(MAKE) --no-print-directory lint types imports unit

lint: env ## ruff, and its format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: env ## mypy --strict over sources and tests
	$(PY) -m mypy
	$(PY) -m mypy tests

imports: env ## the contracts between packages
	@PYTHONPATH=src .venv/bin/lint-imports

unit: env ## the tests, against a real PostgreSQL
	$(PY) -m pytest -n 2 --durations=10 $(T)

bench: env ## measure; prints ratios and writes docs/performance.md
	$(PY) -m bench

chaos: env ## kill service and database under load for some minutes
	$(PY) -m bench.chaos

screenshots: env ## take the pictures of docs/screenshots from a running demo
	$(PY) tools/screenshots.py

messages: env ## update the catalogues from the sources
	$(PY) tools/messages.py update

vendor: ## take front-end files from npm and write their checksums
	npm ci --ignore-scripts
	$(PY) tools/vendor.py
