# Every target sets up what it needs in .venv; nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test pages ray fuzz lint format install clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(STAMP) ## Set up .venv with the tested versions

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("rlnas needs Python 3.10 or later; set PYTHON=… to one") if sys.version_info < (3, 10) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the tested versions into $(VENV) (first time: a minute or two) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP) ## Run a small transfer matrix and show what pretraining saves
	@rm -rf runs/demo
	@$(BIN)/rlnas matrix --preset demo --workers $(WORKERS) --out runs/demo

test: $(STAMP) lint ## Lint, check types and run the tests on $(WORKERS) processes
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --ignore tests/docs

pages: $(STAMP) ## Run every block of README and docs and compare what it prints (minutes)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/docs

ray: $(STAMP) ## Run the tests on Ray, in .venv with the extra (a minute or two)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[ray]'
	@$(BIN)/python -m pytest -m ray

fuzz: $(STAMP) ## Damaged files, users' functions and command lines by the thousand (an hour)
	@for name in files loaders functions commands faults studies; do \
	  script=tests/robustness/$$name.py; test -f $$script || continue; \
	  echo "== $$script"; $(BIN)/python $$script || exit 1; \
	done

lint: $(STAMP) ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMP) ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## Remove what was built, but not downloaded tables or runs
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
