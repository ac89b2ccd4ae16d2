# Everything anybody does here, by its name. Each target sets up what it needs.

PYTHON ?= python3
export PYTHON
VENV ?= .venv
KIND ?= development
N ?= 200
SEED ?= 1
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS ?= .venv-docs
TESTS ?= tests
# Many tests wait: for the disk, for processes, for cron's next minute.
export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
# WHOLE=1 adds the slow tests where the fast ones would do.
FAST := $(PYTEST) $(if $(WHOLE),,-m 'not slow') $(TESTS)
# Copied beside the command, where an installation from a checkout has links for all else.
SCRIPT := scheduled/installation/scheduled-tick
PURE := scheduled/timing/*,scheduled/planning/*

.PHONY: demo test check fix man docs pictures manual-pictures bench wheel coverage soak torture lock clean
.PHONY: test-fast test-newest test-lowest test-pythons test-elsewhere

# The main job on the built-in example ecosystem, in a folder of its own.
demo: .venv-demo/.ready
	@.venv-demo/bin/python -m scheduled.demo

# Every test, the real cron daemon included where there is one.
test: $(READY)
	$(PYTEST) $(TESTS)

# What CI checks, besides the tests.
check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

# Also writes what the code declares into the manual.
fix: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m docs.declared
	$(BIN)/python -m docs.man

# The man page, from the same declarations as help; it is part of the repository.
man: $(READY)
	@$(BIN)/python -m docs.man

# The manual as a site, in build/manual; a warning is an error. No network is needed once what
# builds it is installed.
docs: $(DOCS)/.ready
	rm -rf build/manual
	$(DOCS)/bin/python -m sphinx -q -n -W --keep-going -d build/doctrees -b html docs build/manual
	@echo build/manual/index.html

# Pages and mail in headless Chromium, as pictures to look at.
pictures: $(READY)
	SCHEDULED_TEST_PICTURES=build/pictures $(BIN)/python -m pytest tests/browser

# The pictures of the manual, from the real program; those of the page need Debian's chromium.
manual-pictures: $(READY)
	$(BIN)/python -m tests.manual.pictures

# Costs, as ratios against what they are made of; all in one run.
bench: $(READY)
	@$(BIN)/python -m bench

# The source distribution, and the wheel made from it.
wheel: $(READY)
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist >/dev/null
	@ls dist/*

# Every branch of the pure packages has to be covered; the rest is printed. Not measured: programs
# that a test starts.
coverage: $(READY)
	$(PYTEST) $(TESTS) --ignore=tests/e2e --ignore=tests/peers --ignore=tests/torture --cov --cov-report=
	$(BIN)/coverage report --omit='$(PURE)' --skip-covered
	$(BIN)/coverage report --include='$(PURE)' --show-missing --fail-under=100

# The tests that take a few seconds at most, with the dependencies of the lock file, ...
test-fast: $(READY)
	$(FAST)

# ... the newest ones that pyproject.toml allows, the lowest ones,
test-newest test-lowest: test-%:
	rm -f .venv-$*/.ready
	$(MAKE) test-fast VENV=.venv-$* KIND=$*

# on every Python there is, and on other days, in another zone, as another user.
test-pythons:
	.ci/on-every-python $(OTHERS) $(MAKE) test-fast

test-elsewhere: $(READY)
	MAKE='$(MAKE)' TESTS='$(TESTS)' .ci/elsewhere $(BIN)/python $(FAST)

# All that .ci/run does, and whole what it has a sample of, which takes hours: each suite with the slow
# tests, new examples for every property, every long count (tests/builders/soak.py has them), mutants.
soak:
	.ci/run whole

# Random sequences of ticks, kills, edits, commands and clock changes, against a model: N of them.
torture: $(READY)
	$(BIN)/python -m tests.torture --count $(N) --seed $(SEED)

# The newest versions that pyproject.toml allows, with hashes, for development and CI.
lock:
	.ci/lock

clean:
	rm -rf .venv .venv-* .coverage build dist *.egg-info .*_cache

$(READY): pyproject.toml setup.py scheduled/version.py $(SCRIPT) .ci/environment locks/development.txt
	.ci/environment $(VENV) $(KIND)

$(DOCS)/.ready: pyproject.toml setup.py scheduled/version.py $(SCRIPT) .ci/environment locks/docs.txt
	@.ci/environment $(DOCS) docs

.venv-demo/.ready: pyproject.toml setup.py scheduled/version.py $(SCRIPT) .ci/environment locks/runtime.txt
	@.ci/environment .venv-demo runtime
