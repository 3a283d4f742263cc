# The commands of the book; `make help` lists them.  Everything works from a fresh clone.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help book test test-gpu mutants run notebooks serve lint lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) tools/check_python.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV) (a few minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(INSTALLED)

book: $(INSTALLED)  ## Render the book to _build/html/index.html
	@$(BIN)/python -m tools.build

test: $(INSTALLED)  ## Prove everything: helpers, every chapter's outputs, the rendered book
	@$(BIN)/python -m tools.check

test-gpu: $(INSTALLED)  ## Check the chapters' claims on a GPU; store nothing
	@RNN_UTILS_DEVICE=$${RNN_UTILS_DEVICE:-cuda} $(BIN)/python -m tools.run --check $(if $(CHAPTER),--chapter $(CHAPTER))

mutants: $(INSTALLED)  ## Break the reference cells on purpose and see that a test notices
	@$(BIN)/python -m tools.mutants

run: $(INSTALLED)  ## Run the chapters again and store their outputs (CHAPTER=10 for one)
	@RNN_UTILS_DEVICE=cpu $(BIN)/python -m tools.run $(if $(CHAPTER),--chapter $(CHAPTER))

notebooks: $(INSTALLED)  ## Write the notebooks that people download to _build/notebooks/
	@$(BIN)/python -m tools.export

serve: book  ## Serve the rendered book on this machine
	@$(BIN)/python -m tools.serve

lint: $(INSTALLED)  ## Check code, notebooks and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

lock: $(INSTALLED)  ## Compile requirements.txt from pyproject.toml
	@$(BIN)/python -m tools.lock

clean:  ## Remove what the commands built (not the caches of your home)
	rm -rf _build $(VENV) .pytest_cache .ruff_cache rnn_utils.egg-info
