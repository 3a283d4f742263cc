# The commands of the book; `make help` lists them.  Everything works from a fresh clone.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help book test test-gpu versions mutants run new tidy check study bench restamp notebooks serve lint lock clean

# pip is told to leave compiling to the first import; kept, that halves every later start of TensorFlow and PyTorch.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RENDER := $(VENV)/.render
TEST := $(VENV)/.test
CLUSTER := $(VENV)/.cluster

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Outputs are stored, so rendering needs no framework; what runs or tests adds the rest to the same place.
$(VENV)/.%: requirements.txt pyproject.toml
	@$(PYTHON) tools/install.py $*

book: $(VENV)/.$(if $(BOOK_URL),publish,render)  ## Render the book to _build/html/index.html
	@$(BIN)/python -m tools.build

test: $(TEST)  ## Check everything by running it (STAGE=unit for one stage; RNN_UTILS_PROFILE=quick or full): helpers, every chapter's outputs, the rendered book
	@$(BIN)/python -m tools.check $(STAGE)

test-gpu: $(TEST)  ## Check the chapters' claims on a GPU; store nothing
	@RNN_UTILS_DEVICE=$${RNN_UTILS_DEVICE:-cuda} $(BIN)/python -m tools.run --check $(if $(CHAPTER),--chapter $(CHAPTER))

versions: $(TEST)  ## Test the helpers with the oldest and the newest releases allowed (WHICH=oldest)
	@$(BIN)/python -m tools.versions $(WHICH)

mutants: $(TEST)  ## Break the reference cells on purpose and see that a test notices
	@$(BIN)/python -m tools.mutate

run: $(TEST)  ## Run the chapters again and store their outputs (CHAPTER=10 for one; RNN_UTILS_PROFILE=quick to look)
	@RNN_UTILS_DEVICE=cpu $(BIN)/python -m tools.run $(if $(CHAPTER),--chapter $(CHAPTER))

new: $(RENDER)  ## Begin a chapter as a draft (CHAPTER=05 TITLE="A look inside")
	@$(BIN)/python -m tools.new --chapter "$(CHAPTER)" --title "$(TITLE)"

tidy: $(RENDER)  ## Make saved notebooks normal: metadata, ids, source (CHAPTER=10 for one); run nothing
	@$(BIN)/python -m tools.tidy $(if $(CHAPTER),--chapter $(CHAPTER))

check: $(TEST)  ## Hold one chapter against the rules and run it (CHAPTER=20), in about a minute
	@$(BIN)/python -m tools.check --chapter "$(CHAPTER)"

study: $(CLUSTER)  ## Do the runs of a study that are not stored yet (STUDY=sine_seeds, AT_ONCE=2)
	@$(BIN)/python -m tools.study "$(STUDY)" $(if $(AT_ONCE),--at-once $(AT_ONCE))

bench: $(CLUSTER)  ## Print what is held to bars and what was measured; first, do the runs that are not stored
	@$(BIN)/python -m tools.bench

restamp: $(CLUSTER)  ## Show that a change left a study's numbers alone (STUDY=sine_seeds FROM=commit)
	@$(BIN)/python -m tools.restamp "$(STUDY)" "$(FROM)"

notebooks: $(RENDER)  ## Write the notebooks that people download to _build/notebooks/
	@$(BIN)/python -m tools.export

serve: book  ## Serve the rendered book on this machine (PORT=8000)
	@$(BIN)/python -m tools.serve $(if $(PORT),--port $(PORT))

lint: $(TEST)  ## Check code, notebooks, types, dependencies, workflows and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/deptry .
	$(BIN)/zizmor --offline --quiet .github

lock: $(TEST)  ## Compile requirements.txt from pyproject.toml
	@$(BIN)/python -m tools.lock $(if $(UPGRADE),--upgrade)

clean:  ## Remove what the commands built (not the caches of your home)
	rm -rf _build $(VENV) .pytest_cache .ruff_cache rnn_utils.egg-info
