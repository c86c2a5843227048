# Two commands are for everybody: make test, make demo. Each sets up what it needs in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup test demo bench lint types wheel golden clean

help:
	@echo "make test    the whole test suite, on real servers that it brings itself"
	@echo "make demo    an embedded PostgreSQL, provisioned, verified, and its connection strings"
	@echo "make bench   dbprov beside psql, mysql and a bare Python program"
	@echo "make lint types wheel golden clean"

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "dbprov needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 2; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	    echo "python3 -m venv does not work here: on Debian that is the package python3-venv" >&2; \
	    test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	    apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null && rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/pip install --quiet --disable-pip-version-check --group dev -e .
	@touch $@

test: setup
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

demo: setup
	@$(BIN)/python -m examples.demo

bench: setup
	$(BIN)/python -m benchmarks.run $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

golden: setup
	$(BIN)/python -m pytest tests/unit/test_script.py --update-golden

wheel: setup
	rm -rf dist
	$(BIN)/python -m build --quiet --wheel --no-isolation
	.ci/wheel "$(PYTHON)" dist/*.whl

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
