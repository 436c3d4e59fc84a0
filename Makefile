# Everything that is done with this checkout. `make help` lists it.

PYTHON ?= python3
BIN := .venv/bin

# Coverage gates, branches counted, in per cent: the pure core (sla and kpi), and all of it.
CORE_COVERAGE := 100
COVERAGE := 95

CORE := stream_app/sla/*,stream_app/kpi/*
TYPED := $(patsubst %/,%,$(sort $(dir $(wildcard stream_app/*.py alerts/*.py tests/*.py tools/*.py examples/*/*.py benchmarks/*.py))))

.DEFAULT_GOAL := help
.PHONY: help setup dev servers demo test chaos mutants check format bench capture clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: ## install Tenggat and what its demo needs into .venv (Python alone)
	@$(PYTHON) tools/provision.py python demo

dev: ## the same with the tools of development
	@$(PYTHON) tools/provision.py python demo dev

servers: ## what the tests start: Redis, Prometheus, Java and Maven from the distribution, Kafka's jars by Maven
	@$(PYTHON) tools/provision.py servers

demo: setup ## everything in one go, no outside service; DEMO="--speed 60 --for 60s" passes options
	$(BIN)/tenggat demo $(DEMO)

# One process, not xdist: all tests share one Kafka and one Redis, and those that measure time want the machine alone.
test: dev servers ## set up all it needs, run every test on a real Kafka and a real Redis, hold the coverage gates
	$(BIN)/coverage erase
	$(BIN)/python -m pytest --cov --cov-report= -m 'not soak' --durations=20
	$(BIN)/coverage report --include='$(CORE)' --fail-under=$(CORE_COVERAGE)
	$(BIN)/coverage report --fail-under=$(COVERAGE)

chaos: dev servers ## break everything in turn on a real Kafka and Redis, some 20 minutes, into docs/reliability.md; CHAOS="kill"
	$(BIN)/python -m tests.chaos $(CHAOS)
	$(BIN)/python -m pytest --quiet -m soak

mutants: dev servers ## take protections out of copies, one at a time: the tests must notice; MUTANTS="--only NAME" chooses
	$(BIN)/python -m tests.mutants --table docs/mutants.md $(MUTANTS)

check: dev ## format, lint, types, walls between packages, and the tests that need no server
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy $(TYPED)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet --numprocesses=auto -m 'not integration and not chaos'

format: dev ## put the code in form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: dev servers ## measure everything, into docs/benchmarks.md; BENCH=--full with a million open tickets
	PYTHONPATH=. $(BIN)/python benchmarks/suite.py $(BENCH)

capture: dev ## draw the picture of the demo in the README
	PYTHONPATH=. $(BIN)/python tools/capture.py

clean: ## remove what was made here, .venv and Kafka's jars too
	rm -rf .venv .cache .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
