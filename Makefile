# Everything one runs here. `make help` lists it.
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
# Compiled once, not by each of the many processes that are begun here.
unexport PYTHONDONTWRITEBYTECODE
UV := $(BIN)/uv
# Two processes, each with a database of its own; whoever is done takes over from the other.
TOGETHER := -n 2 --dist worksteal
DEMO := DATABASE_URL=sqlite:///$(CURDIR)/var/demo/demo.sqlite3 COUNTERFOIL_DATA_DIR=$(CURDIR)/var/demo

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  \1\t/' | expand -t 18

setup: .venv/.ready ## install into .venv; starts nothing

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || ./scripts/debian-packages python3-venv
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(UV) || $(BIN)/pip install --quiet uv
	$(UV) pip install --quiet --python $(BIN)/python -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $@

demo: setup ## a demonstration operator at http://localhost:8000 (PORT=…); keeps its data
	$(DEMO) $(BIN)/counterfoil demo --port $(PORT)

demo-reset: ## forget the demonstration's data
	rm -rf var/demo

test-setup: setup
	./scripts/debian-packages postgresql chromium poppler-utils dbconfig-no-thanks glewlwyd dovecot-imapd freeradius freeradius-utils freeradius-rest

test: test-setup ## everything: on SQLite, on a private PostgreSQL, and in Chromium
	$(BIN)/python -m pytest $(TOGETHER) -m "not browser and not hostile"
	$(BIN)/python -m counterfoil.testing.postgres $(BIN)/python -m pytest $(TOGETHER) -m "not browser and not hostile"
	$(BIN)/python -m pytest $(TOGETHER) -m browser

# What attackers, accidents and fools do, in full; `make test` has a short version of each. SEED=… tries others.
hostile: test-setup ## fuzzing, tampering, hostile files and servers, kills and races: at most 20 minutes
	timeout 600 $(BIN)/python -m pytest $(TOGETHER) -m hostile
	timeout 600 $(BIN)/python -m counterfoil.testing.postgres $(BIN)/python -m pytest $(TOGETHER) -m "hostile or kills"

check: lint test ## what must be green: format, lint, types, contracts, migrations, tests

lint: setup ## format, lint, types, import contracts, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djangofmt --quiet --check counterfoil
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/counterfoil makemigrations --check --dry-run

format: setup ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djangofmt --quiet counterfoil

bench: setup ## figures, each beside a floor measured in the same run
	$(BIN)/counterfoil bench all

lock: setup ## work out requirements.lock anew
	$(UV) pip compile --quiet --universal --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock

.PHONY: help setup demo demo-reset test-setup test hostile check lint format bench lock
