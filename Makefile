# Everything a person or CI runs. `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

# Folder of delivered files, one folder a feed; empty: the sample of this repository.
LANDING ?=
# Folder that holds the lake; empty: lake/ (sample) or lake/own (own data).
LAKE ?=
# Connection string of the PostgreSQL server that gets a copy; empty: REELHOUSE_SERVING. One with a
# password belongs into that environment variable: every user of the machine sees the command line.
SERVING ?=
# Further arguments for dbt, pytest or the generator.
ARGS ?=

# Values are data: neither make nor a shell evaluates them. Recipes take them from the environment.
override LANDING := $(value LANDING)
override LAKE := $(value LAKE)
override SERVING := $(value SERVING)
override ARGS := $(value ARGS)
export LANDING LAKE SERVING ARGS

# Runs a command with ARGS after it, on the lake that `make build` with the same variables writes to.
RUN := $(BIN)/python scripts/make_variables.py

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 19

.PHONY: build
build: .venv/runtime ## Build the lake and summarise it (LANDING=folder LAKE=folder ARGS="--select ...")
	@$(RUN) $(BIN)/python scripts/build.py --landing="$$LANDING" --lake="$$LAKE"

.PHONY: refresh
refresh: build ## What a schedule runs: build what is new, then check the batch (LANDING=folder LAKE=folder)
	@$(MAKE) --no-print-directory expectations ARGS=

.PHONY: test
test: lint ## Lint, then the whole test suite
	@$(RUN) $(BIN)/python -m pytest -n auto --dist loadfile

.PHONY: lint
lint: .venv/development ## Check Python, SQL and the project's metadata
	@$(BIN)/ruff check -q scripts tests
	@$(BIN)/ruff format -q --check scripts tests
	@$(BIN)/dbt --quiet parse
	@$(BIN)/sqlfluff lint --disable-progress-bar models analyses tests
	@found=$$(COLUMNS=160 $(BIN)/dbt-bouncer run --config-file dbt-bouncer.yml --output-only-failures 2>&1) || \
	{ tail -n 60 <<< "$$found"; exit 1; }

.PHONY: docs
docs: .venv/runtime ## Write the project's documentation to target/static_index.html
	@$(BIN)/dbt --quiet docs generate --static
	@echo "target/static_index.html, or: source .venv/bin/activate && dbt docs serve"

.PHONY: expectations
expectations: .venv/development ## Check the last batch with Great Expectations; Data Docs in target/data_docs
	@$(RUN) $(BIN)/python scripts/check_expectations.py

.PHONY: generate
generate: .venv/development ## Write generated deliveries (ARGS="--out landing --days 30 --events-per-day 100000")
	@$(RUN) $(BIN)/python scripts/generate_watch_events.py

.PHONY: sample
sample: .venv/development ## Write the sample feeds of seeds/sample anew
	@PATH="$$PWD/$(BIN):$$PATH" bash scripts/make_sample.sh

.PHONY: movielens
movielens: .venv/development ## Turn the MovieLens data into a feed (ARGS="--out landing")
	@$(RUN) $(BIN)/python scripts/adapt_movielens.py

.PHONY: benchmark
benchmark: .venv/development ## Measure the refresh; prints a table of ratios
	@$(RUN) $(BIN)/python scripts/benchmark_refresh.py

.PHONY: benchmark-queries
benchmark-queries: .venv/development ## Show what the example queries read against what they need (ARGS="--days 30")
	@$(RUN) $(BIN)/python scripts/benchmark_queries.py

.PHONY: compact
compact: .venv/runtime ## Merge small files, restore the order, drop what nothing refers to (ARGS="--args '{dry_run: true}'")
	@$(RUN) $(BIN)/dbt --quiet run-operation compact

.PHONY: check-pruning
check-pruning: .venv/development ## Hold what the documented queries read against what the catalog admits
	@$(RUN) $(BIN)/python scripts/check_pruning.py

.PHONY: serve-postgres
serve-postgres: .venv/development ## Copy what is new to PostgreSQL (SERVING="host=... dbname=...")
	@$(RUN) $(BIN)/dbt run-operation serve_postgres

.PHONY: services
services: ## Install the real servers that tests start (nginx, Redis, PostgreSQL, Node; Debian packages)
	@bash scripts/install_services.sh

.PHONY: lock
lock: .venv/uv ## Resolve the requirements anew (ARGS=--upgrade: newest versions)
	@compile="$(RUN) $(BIN)/uv pip compile -q --generate-hashes --universal --no-emit-index-url --no-header --no-annotate"; \
	$$compile --group dev pyproject.toml -o requirements-dev.lock && \
	$$compile pyproject.toml -c requirements-dev.lock -o requirements.lock

.PHONY: clean
clean: ## Remove the lake and everything that was built
	@rm -rf lake target logs

.venv/uv: requirements-uv.lock
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	{ echo "Python 3.11, 3.12 or 3.13 is needed; $(if $(PYTHON),$(PYTHON) is not one,none was found). Use: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

.venv/runtime: requirements.lock .venv/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

.venv/development: requirements-dev.lock .venv/runtime
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@
