# Everything a contributor types. Each target sets up what it needs on a machine with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo flow test check unit zoo bench bench-proxy generate format soak clean

help:
	@echo "make demo      run fozzy over its own scenarios"
	@echo "make flow      what a pipeline relies on, over fozzy's own scenarios"
	@echo "make test      every check and test"
	@echo "make zoo       what the shrinker reaches of planted failures"
	@echo "make bench     the benchmark table"
	@echo "make bench-proxy  fozzy's proxy beside aimock's (needs wrk and npm)"
	@echo "make generate  write schemas and reference pages anew"
	@echo "make format    format the code"

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fozzy needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/fozzy test --det --strict

# The flow of a pipeline, each command with its one JSON document; scenarios/host is live and takes its time.
FLOW := .fozzy/flow.fozzy
flow: $(STAMP)
	@rm -f $(FLOW)
	$(BIN)/fozzy doctor --deep --runs 3 --seed 7 --json \
		--scenario scenarios/http --scenario scenarios/call --scenario scenarios/faults --scenario scenarios/random > /dev/null
	$(BIN)/fozzy test --det --strict --json > /dev/null
	$(BIN)/fozzy run scenarios/http/retry_after_503.pass.fozzy.json --det --seed 7 --record $(FLOW) --json > /dev/null
	$(BIN)/fozzy trace verify $(FLOW) --strict --json > /dev/null
	$(BIN)/fozzy replay $(FLOW) --json > /dev/null
	$(BIN)/fozzy ci $(FLOW) --flake-runs 3 --baseline $(FLOW) --json > /dev/null

test: check unit

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

unit: $(STAMP)
	$(BIN)/python -m pytest -q -n $${JOBS:-2} --dist worksteal

zoo: $(STAMP)
	$(BIN)/python -m tests.zoo.ours

bench: $(STAMP)
	$(BIN)/python tests/bench/table.py
	$(BIN)/python -m tests.bench.shrinking

bench-proxy: $(STAMP)
	$(BIN)/python -m tests.bench.proxies --million

soak: $(STAMP)
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -q -n $${JOBS:-2}

generate: $(STAMP)
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/libraries.py

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist .fozzy .hypothesis .mypy_cache .ruff_cache .pytest_cache *.egg-info
