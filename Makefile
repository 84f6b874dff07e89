# Set-up is one step (.venv, from a lock file with hashes) that every target asks for. Needs Python 3.11, make and git.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
LOCK := requirements/all.lock
STAMP := $(VENV)/.installed
# PyTorch's own index with CPU builds; used only where the build is not found otherwise.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

export PYTHONWARNINGS ?= ignore

.PHONY: help setup demo test check format dev serve bench lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: $(STAMP)  ## install everything into .venv

$(STAMP): $(LOCK) pyproject.toml requirements/install.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" LOCK="$(LOCK)" TORCH_INDEX="$(TORCH_INDEX)" bash requirements/install.sh
	@touch $(STAMP)

demo: $(STAMP)  ## corpus to served answers: build, evaluate, gate, promote, serve, roll back
	$(BIN)/python -m pipelines.demo

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(STAMP)  ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

dev: $(STAMP)  ## Dagster UI and MLflow UI
	$(BIN)/headgate dev

serve: $(STAMP)  ## the promoted bundle on http://127.0.0.1:8080
	$(BIN)/headgate serve

bench: $(STAMP)  ## the benchmarks; results go to benchmarks/RESULTS.md by hand, with the command
	$(BIN)/python -m benchmarks

lock: $(STAMP)  ## write the lock file anew from pyproject.toml (needs uv)
	bash requirements/lock.sh

clean:  ## remove what was built; the virtual environment stays
	rm -rf .headgate build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
