# Everything anybody does here, by its name. Each target sets up what it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check fix bench wheel clean

# The main job on the built-in example ecosystem, in a folder of its own.
demo: $(READY)
	@$(BIN)/python -m scheduled.demo

# Every test, the real cron daemon included where there is one.
test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

# What CI checks, besides the tests.
check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

fix: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Costs, as ratios against what they are made of; all in one run.
bench: $(READY)
	@$(BIN)/python -m bench

wheel: $(READY)
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
