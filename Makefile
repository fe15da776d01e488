# `make demo` and `make test` are all a new machine needs: Python 3.11 or later, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test check lint types imports engines notebooks postgres cluster browser pictures calibration bench
.PHONY: fuzz mutation clean
# A file of tests on each core.
BOTH := -n auto --maxprocesses 4 --dist loadfile
.DEFAULT_GOAL := help

help:
	@echo "make demo         install, and audit the bundled real pairs"
	@echo "make test         install, and run every test that needs no outside service"
	@echo "make check        lint, types, import direction, real engines, the notebooks, real PostgreSQL, a real cluster,"
	@echo "                  a real browser, short calibration"
	@echo "make browser      the page in Debian's Chromium (apt-get install chromium chromium-driver)"
	@echo "make pictures     draw the pictures of the README again"
	@echo "make bench        speed beside other programs, in one run"
	@echo "make calibration  the long simulations behind the tables in docs/ (over an hour)"
	@echo "make fuzz         forged and damaged files for every reader, MINUTES=30 for each"
	@echo "make mutation     changes that no test notices, in PARTS='verdict stats/shape ...'"
	@echo "make clean        remove what these made"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("auditor needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.demo

demo: $(VENV)/.demo
	@$(BIN)/auditor demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -q $(BOTH) \
		-m 'not calibration and not engines and not browser and not notebooks and not postgres and not cluster'

$(VENV)/.engines: $(VENV)/.test
	$(PIP) --editable '.[test,engines]'
	@touch $@

check: lint types imports engines notebooks postgres cluster browser
	$(BIN)/python -m pytest -m calibration -q $(BOTH)

engines: $(VENV)/.engines
	$(BIN)/python -m pytest -m engines -q

$(VENV)/.browser: $(VENV)/.test
	$(PIP) --editable '.[test,browser]'
	@touch $@

notebooks: $(VENV)/.dev
	$(BIN)/python -m pytest -m notebooks -q -n auto --maxprocesses 4

browser: $(VENV)/.browser
	$(BIN)/python -m pytest -m browser -q

pictures: $(VENV)/.browser
	$(BIN)/python docs/pictures/make.py

postgres: $(VENV)/.test
	$(BIN)/python -m pytest -m postgres -q

cluster: $(VENV)/.test
	$(BIN)/python -m pytest -m cluster -q

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

bench: $(VENV)/.test
	$(BIN)/python -m pytest tests/bench --benchmark-enable --benchmark-only -q

calibration: $(VENV)/.test
	$(BIN)/python tests/calibration/size.py
	$(BIN)/python tests/calibration/label_desks.py
	$(BIN)/python tests/calibration/confusion.py
	$(BIN)/python tests/calibration/power.py
	$(BIN)/python tests/bench/peers.py
	$(BIN)/python tests/calibration/lucky.py

MINUTES ?= 30
fuzz: $(VENV)/.test
	PYTHONPATH=tests/calibration $(BIN)/python tests/fuzz/run.py --minutes $(MINUTES) $(if $(LOG),--log $(LOG)) $(READERS)

PARTS ?= verdict
$(VENV)/.mutation: $(VENV)/.test
	$(PIP) --editable '.[test,mutation]'
	@touch $@

mutation: $(VENV)/.mutation
	$(BIN)/python tests/mutation/run.py --minutes $(MINUTES) $(PARTS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
