# Everything anybody does here, by its name. Each target sets up what it needs.

PYTHON ?= python3
export PYTHON
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PARTS  := pyproject.toml setup.py scheduled/version.py .ci/environment

.PHONY: demo test check fix bench wheel lock clean

# The main job on the built-in example ecosystem, in a folder of its own.
demo: .venv-demo/.ready
	@.venv-demo/bin/python -m scheduled.demo

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

# The source distribution, and the wheel made from it.
wheel: $(READY)
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist

# The newest versions that pyproject.toml allows, with hashes, for development and CI.
lock:
	.ci/lock

clean:
	rm -rf .venv .venv-* build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

$(READY): $(PARTS) locks/development.txt
	.ci/environment $(VENV) development

.venv-demo/.ready: $(PARTS) locks/runtime.txt
	@.ci/environment .venv-demo runtime
