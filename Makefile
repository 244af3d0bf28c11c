# Everything starts here; CI and people call the same targets.
#
#   make demo          set up, run the pipeline on a dozen real questions, serve until Ctrl-C
#   make demo ONCE=1   the same, but end when all runs have verdicts
#   make test          set up and run all tests
#   make check         format, lint, types, arrows between packages, spelling
#   make fmt           format and mend what can be mended
#   make bench-fold    our processors beside plain Faust, QuixStreams and a bare loop
#   make bench-publish our SDK beside loops of the bare client, a fleet, the first delta at a viewer
#   make bench-fanout  our gateway beside plain FastAPI, a bare loop and, where named, Centrifugo
#   make lock          resolve the dependencies anew

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := schemas eventlog localkafka producers processors gateway evaluation cli
CODE := $(PACKAGES) examples benchmarks tests

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt lock clean bench-fold bench-publish bench-fanout

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.ready
	@$(BIN)/python -m examples.demo $(if $(ONCE),--once)

test: $(VENV)/.ready-dev
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.ready-dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/codespell $(CODE) docs README.md CHANGELOG.md CONTRIBUTING.md Makefile

fmt: $(VENV)/.ready-dev
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench-fold: $(VENV)/.ready-dev $(VENV)/quix/.ready
	$(BIN)/python -m benchmarks.fold $(ARGS)

bench-publish: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.publish $(ARGS)

# Builds its load client with cc, or what CC names.
bench-fanout: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.fanout $(ARGS)

# Apart, because QuixStreams pins an older client.
$(VENV)/quix/.ready: benchmarks/quix.txt | $(BIN)/uv
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(VENV)/quix
	@$(BIN)/uv pip install -q --python $(VENV)/quix/bin/python --require-hashes -r $<
	@touch $@

lock: $(BIN)/uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 \
		--all-extras --group build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 \
		--all-extras --group build --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) .durable .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# What a set-up needs is remembered in a stamp, so that a second run starts at once. Compiled once
# and for all: where Python may not keep bytecode, a process that was killed would otherwise compile
# for seconds before it serves again.
$(VENV)/.ready: requirements.txt pyproject.toml | $(BIN)/uv
	@echo "installing the locked dependencies into $(VENV)" >&2
	@$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python --require-hashes \
		-r requirements.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt $(VENV)/.ready
	@echo "installing the locked development tools into $(VENV)" >&2
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: name one with make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "making $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv
