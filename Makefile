# One verb a line; `make help` lists them. Needs Python 3.11 or newer and make; everything else is brought by uv.lock.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
export PATH := $(CURDIR)/.uv/bin:$(PATH)
export UV_PYTHON_DOWNLOADS := never
export STUDYLINE_DATA ?= $(CURDIR)/.studyline

.PHONY: help install portal demo up test check format contracts bench bench-quick chaos clean

help: ## Say what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.uv/ready: deploy/local/bootstrap
	@deploy/local/bootstrap $(UV_VERSION)

install: .uv/ready ## Install everything into .venv, as uv.lock pins it
	@uv sync --quiet

portal: install ## Install the portal's browser libraries, as package-lock.json pins them
	@uv run --no-sync python deploy/local/portal_libraries.py

demo: install portal ## Start the platform, load the bundled portfolio, print the portal's address
	@uv run --no-sync studyline demo $(ARGS)

up: install portal ## Start the platform empty
	@uv run --no-sync studyline up $(ARGS)

test: install portal ## Run every test against real MongoDB and real Kafka
	@uv run --no-sync pytest $(ARGS)

check: install ## Style, types, imports, shape, contracts
	@uv run --no-sync ruff format --check --quiet
	@uv run --no-sync ruff check --quiet
	@uv run --no-sync lint-imports
	@uv run --no-sync pyright
	@uv run --no-sync pytest -q tests/architecture

format: install ## Let the formatter and the safe fixes do their work
	@uv run --no-sync ruff check --fix --quiet; uv run --no-sync ruff format --quiet

chaos: install ## Inflict faults on the running platform: make chaos SECONDS=600 SEED=7 REPLICAS=3
	@uv run --no-sync python tests/failures/rig.py $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(REPLICAS),--replicas $(REPLICAS)) $(ARGS)

contracts: install ## Write the event schemas anew from the event classes
	@uv run --no-sync python -m contracts.schemas

bench: install ## Measure speed beside the alternatives in one run; writes tests/bench/results.md
	@uv run --no-sync python tests/bench/run.py $(ARGS)

bench-quick: install ## The same in a few minutes
	@uv run --no-sync python tests/bench/run.py --quick $(ARGS)

clean: ## Remove what was installed and made here, the demo's data included
	rm -rf .venv .uv .studyline .pytest_cache .ruff_cache .hypothesis
