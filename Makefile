# usdtop's whole workbench. Each target makes .venv by itself, from the pins in requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Tests start usdtop some hundred times: where Python may not keep what it compiled, each start would compile it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench pictures clean

run: $(READY)            ## show the monitor
	@$(BIN)/usdtop

test: check              ## everything that must hold: ruff, mypy --strict, import-linter, pytest
	$(BIN)/pytest -n auto

check: $(READY)          ## the static half of `make test`
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)          ## the measured figures, as ratios to a named reference
	$(BIN)/python -m benchmarks

pictures: $(READY)       ## pictures of every screen, taken from the demo: docs/pictures/*.svg
	$(BIN)/python -m tui.demo.pictures docs/pictures

clean:
	rm -rf $(VENV)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("usdtop needs Python 3.11 or newer; say make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
