# `make demo` and `make test` are all a new machine needs: Python 3.11 or later, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test check real lint types imports engines notebooks postgres cluster browser pictures calibration bench
.PHONY: fuzz mutation oldest lock coverage core-coverage clean
# A file of tests on each process; one more than cores: some tests wait for others to write, end or time out.
BOTH := -n $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1) --maxprocesses 4 --dist loadfile
.DEFAULT_GOAL := help

help:
	@echo "make demo         install, and audit the bundled real pairs"
	@echo "make test         install, and run every test that needs no outside service"
	@echo "make check        lint, types, import direction, real engines, the notebooks, real PostgreSQL, a real cluster,"
	@echo "                  a real browser, short calibration"
	@echo "make browser      the page in Debian's Chromium (apt-get install chromium chromium-driver)"
	@echo "make pictures     draw the pictures of the README again"
	@echo "make oldest       the oldest libraries of pyproject.toml give the numbers of the newest (needs Python 3.11)"
	@echo "make lock         the registry still serves every version of constraints.txt, and nothing is missing there"
	@echo "make coverage     lines and branches that the tests reach, at least 95 %, and 100 % of the rule's own folders"
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

check: lint types imports oldest core-coverage real

# In one run: one after the other, each of these leaves all cores but one idle.
real: $(VENV)/.dev $(VENV)/.engines $(VENV)/.browser
	$(BIN)/python -m pytest -q $(BOTH) \
		-m 'engines or notebooks or postgres or cluster or browser or calibration'

OLDEST := .venv-oldest
OLDEST_PYTHON ?= $(or $(shell command -v python3.11),$(PYTHON))
$(OLDEST)/.test: pyproject.toml constraints-oldest.txt
	$(OLDEST_PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
		--constraint constraints-oldest.txt --editable '.[test]'
	@touch $@

oldest: $(OLDEST)/.test
	$(OLDEST)/bin/python -m pytest -q -p no:cacheprovider $(BOTH) tests/test_reproduced.py tests/test_bounds.py \
		tests/inputs tests/stats tests/verdict tests/test_audit.py tests/test_cli.py

lock: $(VENV)/.test
	$(BIN)/python tests/reproduce/lock.py

# What the rule itself is made of, by the tests beside it: under two minutes.
CORE := auditor/stats auditor/coverage auditor/verdict
core-coverage: $(VENV)/.dev
	$(BIN)/python -m pytest -q $(BOTH) $(subst /,.,$(CORE:%=--cov=%)) --cov-report=term:skip-covered --cov-fail-under=100 \
		tests/stats tests/coverage tests/verdict tests/test_audit.py tests/test_audit_trades.py tests/test_rollouts.py

coverage: $(VENV)/.dev
	$(BIN)/python -m pytest -q $(BOTH) --cov=auditor --cov-report=term:skip-covered --cov-fail-under=95 \
		-m 'not calibration and not engines and not browser and not notebooks'
	$(BIN)/python -m coverage report --fail-under=100 --skip-covered --include='auditor/stats/*,auditor/coverage/*,auditor/verdict/*'

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
	$(BIN)/python tests/calibration/wider.py

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
	rm -rf $(VENV) $(OLDEST) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
