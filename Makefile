# All commands for people and CI. `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Without its compiled files Python compiles dbt at every start, which takes twice the time of an import.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

# Landing folder, with one folder per feed. Default: the sample of this repository.
LANDING ?=
# Folder of the lake. Default: lake/ for the sample, lake/own for your own data.
LAKE ?=
# Connection string of the PostgreSQL server for the copy. Default: REELHOUSE_SERVING. Put a connection string
# with a password into that environment variable: every user of the machine can read a command line.
SERVING ?=
# Further arguments for the command that the target runs.
ARGS ?=

# Neither make nor a shell evaluates the values; recipes read them from the environment.
override LANDING := $(value LANDING)
override LAKE := $(value LAKE)
override SERVING := $(value SERVING)
override ARGS := $(value ARGS)
export LANDING LAKE SERVING ARGS

# Runs a command with ARGS appended, on the lake that `make build` with the same variables writes to.
RUN := $(BIN)/python scripts/reelhouse/cli/make_variables.py

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf "\nVariables\n  %-18s %s\n  %-18s %s\n  %-18s %s\n  %-18s %s\n" \
		"LANDING=folder" "landing folder (default: the sample)" \
		"LAKE=folder" "folder of the lake (default: lake, or lake/own with LANDING)" \
		"ARGS=\"...\"" "further arguments for the command of the target" \
		"SERVING=\"...\"" "PostgreSQL connection string without a password (default: REELHOUSE_SERVING)"

##@ Daily work
.PHONY: build
build: .venv/package ## Build what is new, test, publish, and print a summary (ARGS="--select daily_user_metrics+")
	@$(RUN) $(BIN)/reelhouse build --landing="$$LANDING" --lake="$$LAKE"

.PHONY: refresh
refresh: build ## Build, then check the new batch with Great Expectations (what a schedule runs)
	@$(MAKE) --no-print-directory expectations ARGS=

.PHONY: docs
docs: .venv/package ## Generate the dbt documentation into target/static_index.html
	@$(BIN)/dbt --quiet docs generate --static
	@echo "target/static_index.html, or: source .venv/bin/activate && dbt docs serve"

##@ Lake operations
.PHONY: compact
compact: .venv/package ## Merge small files, restore the sort order, delete unreferenced files (ARGS="--args '{dry_run: true}'")
	@$(RUN) $(BIN)/dbt --quiet run-operation compact

.PHONY: serve-postgres
serve-postgres: .venv/development ## Copy new rows to PostgreSQL (SERVING="host=... dbname=...")
	@$(RUN) $(BIN)/dbt run-operation serve_postgres

##@ Quality
.PHONY: test
test: lint ## Lint, then run all tests (ARGS="-k landing")
	@$(RUN) $(BIN)/python -m pytest -n auto --dist loadfile

.PHONY: lint
lint: .venv/development ## Check Python, SQL and the metadata of the project
	@$(BIN)/ruff check -q scripts tests
	@$(BIN)/ruff format -q --check scripts tests
	@$(BIN)/dbt --quiet parse
	@$(BIN)/sqlfluff lint --disable-progress-bar --processes 0 models analyses tests
	@found=$$(COLUMNS=160 $(BIN)/dbt-bouncer run --config-file dbt-bouncer.yml --output-only-failures 2>&1) || \
	{ tail -n 60 <<< "$$found"; exit 1; }

.PHONY: expectations
expectations: .venv/development ## Check the last batch with Great Expectations; writes target/data_docs
	@$(RUN) $(BIN)/reelhouse check expectations

.PHONY: check-pruning
check-pruning: .venv/development ## Check that the documented queries read no more than the statistics require
	@$(RUN) $(BIN)/reelhouse check pruning

##@ Data
.PHONY: generate
generate: .venv/development ## Generate watch events (ARGS="--out landing --days 30 --events-per-day 100000")
	@$(RUN) $(BIN)/reelhouse generate watch-events

.PHONY: movielens
movielens: .venv/development ## Convert the MovieLens data to watch events (ARGS="--out landing")
	@$(RUN) $(BIN)/reelhouse import movielens

.PHONY: sample
sample: .venv/development ## Generate the sample deliveries in seeds/sample again
	@PATH="$$PWD/$(BIN):$$PATH" bash scripts/make_sample.sh

##@ Benchmarks
.PHONY: benchmark
benchmark: .venv/development ## Measure the cost of a refresh; prints a table of ratios
	@$(RUN) $(BIN)/reelhouse bench refresh

.PHONY: benchmark-queries
benchmark-queries: .venv/development ## Compare what the example queries read with what they need (ARGS="--days 30")
	@$(RUN) $(BIN)/reelhouse bench queries

##@ Environment
.PHONY: services
services: ## Install the servers that some tests start: nginx, Redis, PostgreSQL, Node (Debian packages)
	@bash scripts/install_services.sh

.PHONY: lock
lock: .venv/uv ## Write the lock files from pyproject.toml (ARGS=--upgrade: newest versions)
	@compile="$(RUN) $(BIN)/uv pip compile -q --generate-hashes --universal --no-emit-index-url --no-header --no-annotate"; \
	$$compile --group dev pyproject.toml -o requirements-dev.lock && \
	$$compile pyproject.toml -c requirements-dev.lock -o requirements.lock

.PHONY: clean
clean: ## Delete the lake, target/ and logs/
	@rm -rf lake target logs

.venv/uv: requirements-uv.lock
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	{ echo "Python 3.11, 3.12 or 3.13 is required, but $(if $(PYTHON),$(PYTHON) is another version,none was found). Run: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

.venv/runtime: requirements.lock .venv/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

# Installs the project itself, so that `reelhouse` runs the code of this folder.
.venv/package: pyproject.toml .venv/runtime
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/development: requirements-dev.lock .venv/package
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@
