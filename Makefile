# Everything a contributor types. Each target sets up what it needs on a machine with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo flow chaos-test chaos-soak test check unit sdk zoo bench bench-proxy bench-tcp generate docs format soak clean

help:
	@echo "make demo      run fozzy over its own scenarios"
	@echo "make flow      what a pipeline relies on, over fozzy's own scenarios"
	@echo "make test      every check and test"
	@echo "make sdk       the TypeScript SDK alone, against the program of this folder"
	@echo "make chaos-test  the resilience tests alone, over real Redis and PostgreSQL"
	@echo "make chaos-soak  the same twenty times with one seed: all must decide the same"
	@echo "make zoo       what the shrinker reaches of planted failures"
	@echo "make bench     the benchmark table"
	@echo "make bench-proxy  fozzy's proxy beside aimock's (needs wrk and npm)"
	@echo "make bench-tcp the TCP proxy's speed (redis-benchmark where it is)"
	@echo "make generate  write schemas and reference pages anew"
	@echo "make docs      the documentation as a site: site/index.html"
	@echo "make format    format the code"

$(STAMP): pyproject.toml tests/constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fozzy needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint tests/constraints.txt --editable '.[dev]'
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

test: check unit sdk

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

unit: $(STAMP)
	$(BIN)/python -m tests.twice -q -n $${JOBS:-3} --dist worksteal

# The SDK needs Node 20 and npm. Without them it is left out, loudly; where nothing may be left out, that is a failure.
SDK_PATH := $(abspath $(BIN)):$(PATH)
sdk: $(STAMP)
	@if PATH="$(SDK_PATH)" node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' && PATH="$(SDK_PATH)" npm -v >/dev/null; \
	then $(MAKE) --no-print-directory sdk-tests; \
	else echo "LEFT OUT: sdk-ts, which needs Node 20 and npm"; test -z "$(FOZZY_REQUIRE_ALL)"; fi

.PHONY: sdk-tests
sdk-tests: sdk-ts/node_modules/.installed
	cd sdk-ts && PATH="$(SDK_PATH)" FOZZY_BIN="$(abspath $(BIN))/fozzy" npm test --silent

sdk-ts/node_modules/.installed: sdk-ts/package.json sdk-ts/package-lock.json
	cd sdk-ts && PATH="$(SDK_PATH)" npm ci --silent
	@touch $@

# The resilience tests alone: what each breaker did, and which recovery paths of the application ran.
chaos-test: $(STAMP)
	$(BIN)/fozzy chaos run tests/chaos/test_*_chaos.py --require-services -v --coverage --source tests/chaos/app --junit .fozzy/chaos.xml

chaos-soak: $(STAMP)
	$(BIN)/python -m tests.bench.alike $${ROUNDS:-20}

zoo: $(STAMP)
	$(BIN)/python -m tests.zoo.ours

bench: $(STAMP)
	$(BIN)/python tests/bench/table.py
	$(BIN)/python -m tests.bench.shrinking

bench-tcp: $(STAMP)
	$(BIN)/python -m tests.bench.tcp

bench-proxy: $(STAMP)
	$(BIN)/python -m tests.bench.proxies --million

soak: $(STAMP)
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -q -n $${JOBS:-2}

generate: $(STAMP)
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/libraries.py

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "site/index.html"

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist site sdk-ts/node_modules sdk-ts/build sdk-ts/dist .fozzy .hypothesis .mypy_cache .ruff_cache .pytest_cache *.egg-info
