# Everything a person or a CI run does with this repository. `make` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev ocr run test test-fast coverage check format bench docs lock clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# torch goes in first and alone: a machine keeps the build (CPU, CUDA) that it has.
TORCH := requirements-torch.txt
TORCH_VERSION := $(shell sed -n 's/^torch==//p' $(TORCH))
# One stamp per content of the lock files: an unchanged lock installs nothing, whatever the file dates say.
hash = $(shell cat $(1) 2>/dev/null | cksum | tr -s ' \t' '-')
STAMP := $(VENV)/.fathom-run-$(call hash,requirements.lock $(TORCH) pyproject.toml)
STAMP_DEV := $(VENV)/.fathom-dev-$(call hash,requirements-dev.lock $(TORCH) pyproject.toml)
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
PYTEST_ARGS ?=
WORKERS ?= 2
# Tests in several processes. One that hangs where no signal reaches it ends with its process, and is told.
PARALLEL := -n $(WORKERS) --dist loadscope --no-loadscope-reorder --max-worker-restart 4 --durations=25 \
	-o faulthandler_timeout=1200 -o faulthandler_exit_on_timeout=true
QUICK := not slow and not browser and not postgres and not processes and not crash

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Create .venv with the pinned dependencies (quick when nothing changed)

ocr: $(STAMP) ## Add text recognition for pictures and scanned pages
	@$(PIP) --no-deps --require-hashes -r requirements-ocr.lock

run: $(STAMP) ## Start the API, the worker and the web pages; Ctrl-C stops them
	@exec $(BIN)/fathom run

test: check ## Lint, types, layers, then all tests
	@$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

test-fast: $(STAMP_DEV) ## Tests without browser, database server and other processes
	@$(BIN)/python -m pytest $(PARALLEL) -m "$(QUICK)" $(PYTEST_ARGS)

coverage: $(STAMP_DEV) ## Lines and branches that the quick tests do not reach
	@$(BIN)/python -m pytest $(PARALLEL) -m "$(QUICK)" --cov $(PYTEST_ARGS)

check: $(STAMP_DEV) ## Formatting, lint, types and layers, as CI runs them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP_DEV) ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

faults: $(STAMP_DEV) ## Inject every fault of the matrix and write docs/reliability.md (an hour or more)
	@$(BIN)/python -m tests.faults.report $(ARGS)

bench: $(if $(NAME),$(STAMP)) ## List the benchmarks; make bench NAME=moe_router ARGS=--help runs one
	@[ -z "$(NAME)" ] || [ -e "benchmarks/$(NAME).py" ] || { echo "There is no benchmark $(NAME); make bench lists them."; exit 2; }
	@if [ -n "$(NAME)" ]; then exec $(BIN)/python -m benchmarks.$(NAME) $(ARGS); fi; \
	  awk 'FNR == 1 { name = FILENAME; gsub(/.*\/|\.py$$/, "", name); gsub(/"""/, ""); printf "  %-18s %s\n", name, $$0 }' benchmarks/*.py; \
	  echo 'One is run by its name, as in make bench NAME=moe_router; ARGS=--help tells what it takes. Speed: fathom bench.'

docs: $(STAMP) ## Write the reference pages in docs/ anew from the code
	@$(BIN)/python docs/generate.py

lock: $(STAMP_DEV) ## Resolve the dependencies anew and write the lock files
	$(COMPILE) -c $(TORCH) --extra postgres -o requirements.lock pyproject.toml
	$(COMPILE) --extra postgres --extra dev -c $(TORCH) -c requirements.lock -o requirements-dev.lock pyproject.toml
	$(COMPILE) --extra ocr -c $(TORCH) -c requirements.lock -o requirements-ocr.lock pyproject.toml

# No index, host or folder of the machine that resolves gets into the files.
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --unsafe-package torch --unsafe-package pip \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

clean: ## Remove .venv and caches; documents (.fathom) stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info

setup-dev: $(STAMP_DEV) ## Create .venv with the development tools too

# ---------------------------------------------------------------------------------------------------------
$(STAMP):
	@$(MAKE) --no-print-directory install LOCK=requirements.lock
	@rm -f $(VENV)/.fathom-run-* && touch $@

$(STAMP_DEV): $(STAMP)
	@$(MAKE) --no-print-directory install LOCK=requirements-dev.lock
	@rm -f $(VENV)/.fathom-dev-* && touch $@

.PHONY: install python-present compiler-present
install: $(BIN)/python compiler-present
	@start=$$SECONDS; echo "Installing $(LOCK) …" && \
	{ $(BIN)/python -c 'import importlib.metadata as m; assert m.version("torch").split("+")[0] == "$(TORCH_VERSION)"' 2>/dev/null || \
	  $(PIP) -r $(TORCH); } && \
	$(PIP) --no-deps --require-hashes -r $(LOCK) && \
	$(PIP) --no-deps --no-build-isolation --editable . && \
	echo "Installed in $$((SECONDS - start)) s."

$(BIN)/python: | python-present
	@$(PYTHON) -m venv $(VENV)

python-present:
	@[ -x $(BIN)/python ] || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	{ echo "Fathom needs Python 3.11 or newer: install it, or name it, as in make setup PYTHON=/path/to/python3.11"; exit 1; }

# hnswlib is compiled on this machine, for this processor.
compiler-present:
	@$(BIN)/python -c 'import hnswlib' 2>/dev/null || command -v "$${CXX:-c++}" >/dev/null || command -v g++ >/dev/null || \
	{ echo "No C++ compiler was found, and hnswlib needs one: install g++ (Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install) and try again."; exit 1; }
