# The commands of the book; `make help` lists them.  Everything works from a fresh clone.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help book test test-gpu mutants run notebooks serve lint lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RENDER := $(VENV)/.render
TEST := $(VENV)/.test

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Outputs are stored, so rendering needs no framework; what runs or tests adds the rest to the same place.
$(VENV)/.%: requirements.txt pyproject.toml
	@$(PYTHON) tools/install.py $*

book: $(RENDER)  ## Render the book to _build/html/index.html
	@$(BIN)/python -m tools.build_book

test: $(TEST)  ## Prove everything (STAGE=unit for one stage): helpers, every chapter's outputs, the rendered book
	@$(BIN)/python -m tools.check $(STAGE)

test-gpu: $(TEST)  ## Check the chapters' claims on a GPU; store nothing
	@RNN_UTILS_DEVICE=$${RNN_UTILS_DEVICE:-cuda} $(BIN)/python -m tools.run_chapters --check $(if $(CHAPTER),--chapter $(CHAPTER))

mutants: $(TEST)  ## Break the reference cells on purpose and see that a test notices
	@$(BIN)/python -m tools.mutants

run: $(TEST)  ## Run the chapters again and store their outputs (CHAPTER=10 for one)
	@RNN_UTILS_DEVICE=cpu $(BIN)/python -m tools.run_chapters $(if $(CHAPTER),--chapter $(CHAPTER))

notebooks: $(RENDER)  ## Write the notebooks that people download to _build/notebooks/
	@$(BIN)/python -m tools.export_notebooks

serve: book  ## Serve the rendered book on this machine
	@$(BIN)/python -m tools.serve

lint: $(TEST)  ## Check code, notebooks and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

lock: $(TEST)  ## Compile requirements.txt from pyproject.toml
	@$(BIN)/python -m tools.lock

clean:  ## Remove what the commands built (not the caches of your home)
	rm -rf _build $(VENV) .pytest_cache .ruff_cache rnn_utils.egg-info
